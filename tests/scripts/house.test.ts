import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { drawArchitecture } from "../../scripts/architecture.ts";
import { checkFloors } from "../../scripts/floors.ts";
import { readHouse } from "../../scripts/house.ts";

const PLAN = {
  floors: [["base"], ["tensor", "world"], ["cli"]],
  doors: ["index.ts", "node.ts"],
  public: ["index.ts", "browser.ts"],
  outside: ["bench"],
  nodeOnly: ["onnxruntime-node"],
};

/** A house without fault. */
const SOUND = {
  "src/base/index.ts": `/** base: numbers.\n * Law: imports nothing. */\nexport { one } from "./one.ts";`,
  "src/base/one.ts": `import type { Number } from "./number.ts";\nexport const one: Number = 1;`,
  "src/base/number.ts": "export type Number = 1;",
  "src/base/node.ts": `import "node:fs";\nimport { one } from "./one.ts";\nexport const two = one;`,
  "src/tensor/index.ts": `// tensor: programs.\nimport { one } from "../base/index.ts";\nexport const t = one;`,
  "src/world/index.ts": "/** world: spaces. */\nexport const w = 1;",
  "src/cli/index.ts": `/** cli: commands. */\nimport "../tensor/index.ts";\nimport "../base/node.ts";`,
  "src/index.ts": `export { one } from "./base/index.ts";\nexport { two } from "./base/node.ts";`,
  "src/browser.ts": `import type { Stats } from "node:fs";\nexport { t } from "./tensor/index.ts";\nexport type S = Stats;`,
  "bench/run.ts": `import "../src/index.ts";`,
};

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => void rmSync(folder, { recursive: true })));

function build(changes: Record<string, string> = {}, plan = PLAN) {
  const root = mkdtempSync(join(tmpdir(), "house-"));
  folders.push(root);
  for (const [path, text] of Object.entries({ "floors.json": JSON.stringify(plan), ...SOUND, ...changes })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return readHouse(root);
}

describe("floors", () => {
  it("finds nothing wrong in a sound house", () => {
    expect(checkFloors(build())).toEqual([]);
  });

  const law = "/** a law */\n";
  const faults: [string, Record<string, string>, RegExp][] = [
    ["an upward import", { "src/base/one.ts": `import "../tensor/index.ts";` }, /^src\/base\/one.ts:1: .*lower floors/],
    ["an import on the same floor", { "src/world/index.ts": `${law}import "../tensor/index.ts";` }, /floor 1\)/],
    ["an upward type-only import", { "src/base/one.ts": `import type { t } from "../tensor/index.ts";` }, /lower/],
    ["an upward re-export", { "src/base/one.ts": `export * from "../tensor/index.ts";` }, /lower/],
    ["an upward import()", { "src/base/one.ts": `void import("../tensor/index.ts");` }, /lower/],
    ["an upward import type", { "src/base/one.ts": `type T = import("../tensor/index.ts").T;` }, /lower/],
    ["an upward worker", { "src/base/one.ts": `new URL("../tensor/index.ts", import.meta.url);` }, /lower/],
    ["a bypassed door", { "src/tensor/index.ts": `${law}import "../base/one.ts";` }, /bypasses the door of base/],
    ["a bypassed door, from src/", { "src/index.ts": `import "./base/one.ts";` }, /bypasses the door of base/],
    ["an import of the public door", { "src/cli/index.ts": `${law}import "../index.ts";` }, /public door/],
    ["an import from outside src/", { "src/cli/index.ts": `${law}import "../../bench/run.ts";` }, /outside itself/],
    ["an inside import from bench", { "bench/run.ts": `import "../src/tensor/index.ts";` }, /only the public door/],
    [
      "a circle",
      { "src/base/number.ts": `import { one } from "./one.ts";` },
      /^circle.*one.ts -> .*number.ts -> .*one.ts/,
    ],
    ["a room on no floor", { "src/attic/index.ts": law }, /^src\/attic: .*no floor/],
    ["a room without a door", { "src/world/index.ts": "", "src/server/a.ts": "" }, /^src\/server: .*no door/],
    ["a room without a law", { "src/world/index.ts": "export const w = 1;" }, /^src\/world\/index.ts:1: .*law/],
    ["a file in src/ itself", { "src/stray.ts": "" }, /^src\/stray.ts: only/],
    [
      "node: in the browser",
      { "src/base/one.ts": `import "node:fs";` },
      /^src\/base\/one.ts:1: "node:fs".*browser.ts -> /,
    ],
    ["a bare builtin in the browser", { "src/base/one.ts": `import "fs";` }, /"fs" is not in the browser/],
    [
      "a Node package in the browser",
      { "src/tensor/index.ts": `${law}import "onnxruntime-node";` },
      /"onnxruntime-node"/,
    ],
  ];
  it.each(faults)("finds %s", (_name, changes, message) => {
    expect(checkFloors(build(changes))).toContainEqual(expect.stringMatching(message));
  });

  it("finds a room on two floors", () => {
    const plan = { ...PLAN, floors: [["base"], ["tensor", "world"], ["cli", "base"]] };
    expect(checkFloors(build({}, plan))).toContainEqual(expect.stringMatching(/"base" is on two floors/));
  });

  it("is not deceived by imports in strings and comments", () => {
    const text = `// import "../tensor/index.ts";\nexport const one = 'import "../tensor/index.ts"';`;
    expect(checkFloors(build({ "src/base/one.ts": text }))).toEqual([]);
  });
});

describe("architecture", () => {
  it("draws floors from the top, laws, and imports in fact", () => {
    const plan = { ...PLAN, floors: [...PLAN.floors, ["server"]] };
    const drawn = drawArchitecture(build({}, plan));
    expect(drawn).toContain("| 3 | *server* |\n| 2 | [`cli`](#cli) |\n| 1 | [`tensor`](#tensor), [`world`](#world) |");
    expect(drawn).toContain(
      "## base\n\nbase: numbers.\nLaw: imports nothing.\n\nImports rooms: nothing. Packages: Node.",
    );
    expect(drawn).toContain("## cli\n\ncli: commands.\n\nImports rooms: base, tensor. Packages: nothing.");
  });
});
