/**
 * The source tree as floors, rooms, files and imports, read with the TypeScript parser. What `floors.ts` checks and
 * `architecture.ts` draws.
 */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, posix, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";

export const REPOSITORY = fileURLToPath(new URL("..", import.meta.url));

/** What `floors.json` says. Paths have forward slashes; a room is a folder of `src/`. */
export interface Plan {
  /** Lowest first. A room imports only rooms of strictly lower floors. */
  floors: string[][];
  /** Files of a room that other rooms may import. */
  doors: string[];
  /** Files directly in `src/`: the public doors. */
  public: string[];
  /** Folders beside `src/` that import the public doors only. */
  outside: string[];
  /** Packages that the browser cannot load. */
  nodeOnly: string[];
}

export interface Import {
  specifier: string;
  /** The imported file's path from the repository root, null for a package. */
  target: string | null;
  /** Written `import type` or `export type`: erased, so nothing is loaded. */
  typeOnly: boolean;
  line: number;
}

export interface HouseFile {
  /** From the repository root: `src/tensor/index.ts`. */
  path: string;
  /** `tensor`; null for a public door and for files outside `src/`. */
  room: string | null;
  imports: Import[];
}

export interface House {
  root: string;
  plan: Plan;
  /** Folders of `src/` that hold TypeScript, in alphabetical order. */
  rooms: string[];
  files: Map<string, HouseFile>;
}

export function readHouse(root: string): House {
  const plan = JSON.parse(readFileSync(join(root, "floors.json"), "utf8")) as Plan;
  const files = new Map<string, HouseFile>();
  for (const folder of ["src", ...plan.outside]) {
    for (const path of listSources(root, folder)) {
      const parts = path.split("/");
      const room = folder === "src" && parts.length > 2 ? parts[1] : null;
      files.set(path, { path, room, imports: readImports(join(root, path), path) });
    }
  }
  const rooms = [...new Set([...files.values()].flatMap((file) => file.room ?? []))].sort();
  return { root, plan, rooms, files };
}

/** Paths from `root` of all TypeScript sources under `folder`, sorted; none where it does not exist. */
export function listSources(root: string, folder: string): string[] {
  const start = join(root, folder);
  if (!existsSync(start) || !statSync(start).isDirectory()) return [];
  return readdirSync(start, { recursive: true, encoding: "utf8" })
    .map((name) => relative(root, join(start, name)).split(sep).join("/"))
    .filter((path) => /\.[cm]?tsx?$/.test(path) && !/(^|\/)(node_modules|dist)\//.test(path))
    .sort();
}

export function parse(path: string): ts.SourceFile {
  return ts.createSourceFile(path, readFileSync(path, "utf8"), ts.ScriptTarget.Latest, true);
}

/** Every module a file names: imports, re-exports, `import()`, `import("x").Type` and `new URL("x", import.meta.url)`. */
function readImports(file: string, path: string): Import[] {
  const source = parse(file);
  const imports: Import[] = [];
  const add = (specifier: ts.Node, typeOnly: boolean) => {
    if (!ts.isStringLiteralLike(specifier)) return;
    const name = specifier.text;
    const target = /^\.\.?\//.test(name) ? posix.join(posix.dirname(path), name) : null;
    const line = source.getLineAndCharacterOfPosition(specifier.getStart()).line + 1;
    imports.push({ specifier: name, target, typeOnly, line });
  };
  const visit = (node: ts.Node) => {
    if (ts.isImportDeclaration(node)) {
      add(node.moduleSpecifier, node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword);
    } else if (ts.isExportDeclaration(node) && node.moduleSpecifier) {
      add(node.moduleSpecifier, node.isTypeOnly);
    } else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) {
      add(node.argument.literal, true);
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      add(node.arguments[0], false);
    } else if (ts.isNewExpression(node) && node.expression.getText() === "URL" && node.arguments?.length === 2) {
      const [name, base] = node.arguments;
      if (base.getText() === "import.meta.url" && ts.isStringLiteralLike(name) && /\.[cm]?[jt]s$/.test(name.text)) {
        add(name, false);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return imports;
}

/** The first comment of a room's `index.ts` without its stars, or null. */
export function readLaw(root: string, room: string): string | null {
  const path = join(root, "src", room, "index.ts");
  if (!existsSync(path)) return null;
  const text = readFileSync(path, "utf8");
  const [comment] = ts.getLeadingCommentRanges(text, 0) ?? [];
  if (!comment) return null;
  const body = text.slice(comment.pos, comment.end).replace(/^\/\*+|\*+\/$/g, "");
  const lines = body.split("\n").map((line) => line.replace(/^\s*(\*|\/\/)? ?/, "").trimEnd());
  return lines.join("\n").trim() || null;
}

/** Whether the module of this URL is the one that was started, rather than imported. */
export function isMain(url: string): boolean {
  return process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(url);
}

/** Prints what was found wrong, one line each, and sets the exit code; or says in one line that all is well. */
export function report(subject: string, problems: string[]): void {
  for (const problem of problems) console.error(problem);
  console.error(problems.length ? `${subject}: ${problems.length} problem(s)` : `${subject}: ok`);
  if (problems.length) process.exitCode = 1;
}
