import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { checkGlossary, splitWords } from "../../scripts/glossary.ts";
import { REPOSITORY } from "../../scripts/house.ts";

/** The problems the repository's own glossary finds in one file. */
function check(text: string, path = "src/base/one.ts"): string[] {
  const root = mkdtempSync(join(tmpdir(), "glossary-"));
  try {
    copyFileSync(join(REPOSITORY, "GLOSSARY.md"), join(root, "GLOSSARY.md"));
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
    return checkGlossary(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

describe("glossary", () => {
  const banned = `isDone done traj trajLength demo DEMO_COUNT agent Agent agentPosition user activeUser buf acts rews
    SessionManager BaseEncoder trainPolicy2 #done`;
  it.each(banned.split(/\s+/))("bans %s", (name) => {
    const text = name.startsWith("#") ? `class A { ${name} = 1; }` : `const ${name} = 1;`;
    expect(check(text)).toEqual([expect.stringMatching(/^src\/base\/one.ts:1: identifier ".*": say /)]);
  });

  const fine = `abandoned demonstration reagent Based baseline x2 W2 l2 log2 atan2 buffer protobuf actions contacts
    management`;
  it.each(fine.split(/\s+/))("allows %s", (name) => {
    expect(check(`const ${name} = 1;`)).toEqual([]);
  });

  it("allows a second where there is a first", () => {
    expect(check("const beta1 = 0.9, beta2 = 0.999;")).toEqual([]);
  });

  it("allows words in strings, templates and comments", () => {
    expect(check(`// the agent is done\nconst column = "agent_pos" + \`done\`;`)).toEqual([]);
  });

  it("allows a member somebody else named, but not one of ours", () => {
    expect(check("const isOver = reader.next().done;")).toEqual([]);
    expect(check("interface StepResult { done: boolean }")).toHaveLength(1);
  });

  it("bans file and folder names", () => {
    expect(check("", "src/base/utils.ts")).toEqual([
      expect.stringMatching(/^src\/base\/utils.ts: file name with "utils"/),
    ]);
    expect(check("", "src/helpers/one.ts")).toHaveLength(1);
    expect(check("", "tests/demo.test.ts")).toHaveLength(1);
    expect(check("const common = 1;")).toEqual([]);
  });

  it("splits names into words", () => {
    expect(splitWords("parseHTTPUser_id")).toEqual(["parse", "http", "user", "id"]);
  });
});
