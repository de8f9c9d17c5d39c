/** Fails when an identifier or a file name uses a word that GLOSSARY.md bans. Strings and comments are prose and free. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { isMain, listSources, parse, REPOSITORY, report } from "./house.ts";

const FOLDERS = ["src", "bench", "studio", "examples", "experiments", "scripts", "tests"];

interface Glossary {
  /** Banned words, lower case, with what to say instead. */
  words: Map<string, string>;
  /** Banned for files and folders only. */
  files: Map<string, string>;
  /** Banned beginnings of a name that continues with a capital: `Base`. */
  prefixes: Map<string, string>;
  /** Banned endings: `2`. */
  suffixes: Map<string, string>;
  allowed: Set<string>;
}

export function readGlossary(root: string): Glossary {
  const text = readFileSync(join(root, "GLOSSARY.md"), "utf8");
  const rows = (heading: string): [string, string][] => {
    const section = text.split(/^## /m).find((part) => part.startsWith(heading));
    if (!section) throw new Error(`GLOSSARY.md: no section "${heading}"`);
    return [...section.matchAll(/^\| `([^`]+)` \| (.+) \|$/gm)].map(([, name, meaning]) => [name, meaning]);
  };
  const banned = rows("Banned");
  const pick = (pattern: RegExp) =>
    new Map(banned.flatMap(([name, instead]) => (pattern.test(name) ? [[name.replace(/[…/]/, ""), instead]] : [])));
  return {
    words: pick(/^[a-z]+$/),
    files: pick(/\/$/),
    prefixes: pick(/…$/),
    suffixes: pick(/^…/),
    allowed: new Set(rows("Exceptions").map(([name]) => name)),
  };
}

export function checkGlossary(root: string): string[] {
  const glossary = readGlossary(root);
  return FOLDERS.flatMap((folder) => listSources(root, folder)).flatMap((path) => {
    const inPath = path.split(/[^A-Za-z0-9]+/).flatMap((word) => {
      const instead = glossary.words.get(word) ?? glossary.files.get(word);
      return instead ? [`${path}: file name with "${word}": say ${instead}`] : [];
    });
    return [...inPath, ...checkIdentifiers(path, parse(join(root, path)), glossary)];
  });
}

function checkIdentifiers(path: string, source: ts.SourceFile, glossary: Glossary): string[] {
  const identifiers: (ts.Identifier | ts.PrivateIdentifier)[] = [];
  const visit = (node: ts.Node) => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) identifiers.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source);
  const names = new Set(identifiers.map((node) => node.text));
  return identifiers.flatMap((node) => {
    const isMember = ts.isPropertyAccessExpression(node.parent) && node.parent.name === node;
    if (glossary.allowed.has(node.text) || (isMember && glossary.allowed.has(`.${node.text}`))) return [];
    const instead = findBan(node.text.replace(/^#/, ""), names, glossary);
    const line = source.getLineAndCharacterOfPosition(node.getStart()).line + 1;
    return instead ? [`${path}:${line}: identifier "${node.text}": say ${instead}`] : [];
  });
}

/** What to say instead of `name`, or undefined where it is fine. `names` are all the identifiers of its file. */
function findBan(name: string, names: Set<string>, { words, prefixes, suffixes }: Glossary): string | undefined {
  for (const [prefix, instead] of prefixes) {
    if (name.startsWith(prefix) && /^[A-Z]/.test(name.slice(prefix.length))) return instead;
  }
  for (const [suffix, instead] of suffixes) {
    const stem = name.slice(0, -suffix.length);
    if (name.endsWith(suffix) && /[A-Za-z]{3}$/.test(stem) && !names.has(`${stem}1`)) return instead;
  }
  return splitWords(name)
    .map((word) => words.get(word))
    .find((instead) => instead !== undefined);
}

/** `parseHTTPUser_id` -> parse, http, user, id. */
export function splitWords(name: string): string[] {
  return name
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z])([A-Z][a-z])/g, "$1 $2")
    .split(/[^A-Za-z]+/)
    .filter((word) => word !== "")
    .map((word) => word.toLowerCase());
}

if (isMain(import.meta.url)) report("glossary", checkGlossary(REPOSITORY));
