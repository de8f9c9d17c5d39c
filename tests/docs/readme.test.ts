import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { REPOSITORY } from "../../scripts/house.ts";

// The built program: `npm test` builds it, and it starts in a fraction of the time.
const BIN = join(REPOSITORY, "dist", "cli", "bin.js");
const NPM_ITSELF = ["ci", "install", "pack", "link"];
const { scripts } = JSON.parse(readFileSync(join(REPOSITORY, "package.json"), "utf8"));

const pages = [
  ...readdirSync(REPOSITORY).filter((name) => name.endsWith(".md")),
  ...(existsSync(join(REPOSITORY, "docs"))
    ? readdirSync(join(REPOSITORY, "docs"), { recursive: true, encoding: "utf8" })
    : []
  )
    .filter((name) => name.endsWith(".md"))
    .map((name) => join("docs", name)),
];

/** The commands in a page's shell fences, one per `&&` or line, comments cut and continued lines joined. */
function readCommands(page: string): string[] {
  const text = readFileSync(join(REPOSITORY, page), "utf8");
  return [...text.matchAll(/^```(?:sh|bash|shell|console)\n(.*?)^```/gms)]
    .flatMap(([, fence]) => fence.replaceAll("\\\n", " ").split(/\n|&&|;|\|/))
    .map((command) =>
      command
        .replace(/(^|\s)#.*$/, "")
        .replace(/^\s*\$ /, "")
        .trim(),
    )
    .filter((command) => command !== "");
}

/** Words of `npm …` up to what is passed on to the script. */
function checkNpm(command: string): string | null {
  const words = command.split(" -- ")[0].split(/\s+/).slice(1);
  const [verb, name] = words.filter((word) => !word.startsWith("-"));
  if (NPM_ITSELF.includes(verb)) return null;
  const script = verb === "run" ? name : verb;
  return script in scripts ? null : `no script "${script}" in package.json`;
}

const helps = new Map<string, string>();
function help(command: string[]): string {
  const key = command.join(" ");
  if (!helps.has(key)) {
    const { stdout } = spawnSync(process.execPath, [BIN, ...command, "--help"], {
      cwd: REPOSITORY,
      encoding: "utf8",
    });
    helps.set(key, stdout);
  }
  return helps.get(key)!;
}

/** The subcommand, and each of its flags, must be in the command line's own help. */
function checkApprentice(command: string): string | null {
  const [name, ...rest] = command.replace(/^(npx )?apprentice\s*/, "").split(/\s+/);
  if (!name || name.startsWith("-")) return null;
  if (!new RegExp(`^ {2}${name}\\b`, "m").test(help([]))) return `no command "${name}"`;
  const own = help([name]);
  const nested = rest[0] && new RegExp(`^ {2}${rest[0]}\\b`, "m").test(own.split("Commands:")[1] ?? "");
  const text = nested ? help([name, rest[0]]) : own;
  const flag = rest.map((word) => word.split("=")[0]).find((word) => word.startsWith("--") && !text.includes(word));
  return flag ? `"${name}" has no flag ${flag}` : null;
}

describe.each(pages)("%s", (page) => {
  const commands = readCommands(page);

  it("names npm scripts that exist", () => {
    const faults = commands.filter((command) => /^npm /.test(command)).flatMap((command) => checkNpm(command) ?? []);
    expect(faults).toEqual([]);
  });

  it("names commands and flags that exist", () => {
    const ours = commands.filter((command) => /^(npx )?apprentice\b/.test(command));
    expect(ours.flatMap((command) => checkApprentice(command) ?? [])).toEqual([]);
  });

  it("links to files that exist", () => {
    const text = readFileSync(join(REPOSITORY, page), "utf8").replace(/^```.*?^```/gms, "");
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target.split("#")[0]);
    const relative = targets.filter((target) => target !== "" && !/^[a-z]+:/.test(target));
    const missing = relative.filter((target) => !existsSync(join(REPOSITORY, dirname(page), decodeURI(target))));
    expect(missing).toEqual([]);
  });
});
