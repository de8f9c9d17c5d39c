import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { policyMetadata } from "../../src/policies/index.ts";
import { evaluatePolicy } from "../../src/verbs/index.ts";
import { run, runHere, start } from "./command.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-lesson-"));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Four policies, of which nothing is to be expected, in seconds. */
const HASTY = ["--demonstrations", "10", "--episodes", "8", "--quick", "0.01"];
const POLICIES = [
  ["one", "l2"],
  ["one", "diffusion"],
  ["mixed", "l2"],
  ["mixed", "diffusion"],
] as const;

describe("apprentice lesson", () => {
  it("trains two heads on one style and on two, and leaves policies that are worth what it says", async () => {
    const out = join(scratch, "lesson");
    const { code, stdout, stderr } = await run("lesson", ...HASTY, "--out", out, "--json");
    expect(code, stderr).toBe(0);
    expect(stdout.trimEnd().split("\n").length).toBe(1);
    const { rows, ...lesson } = JSON.parse(stdout);
    const report = join(out, "report.html");
    const asked = { seed: 0, demonstrations: 10, episodes: 8, thoroughness: 0.01 };
    expect(lesson).toEqual({ task: "driving-urgent", ...asked, report });
    expect(rows.map(({ style, head }: Record<string, string>) => [style, head])).toEqual(POLICIES);
    // a hundredth of 4000 and of 12,000 updates, twice each
    expect(stderr).toContain(" 320/320 ");
    for (const { style, head, policy, trainingSeconds, ...rates } of rows) {
      expect(policy).toBe(join(out, `${style}-${head}.onnx`));
      expect(policyMetadata(readFileSync(policy), policy)).toMatchObject({ task: "driving-urgent", head });
      expect(Number.isInteger(trainingSeconds)).toBe(true);
      expect(Object.keys(rates).sort()).toEqual(["departure", "left", "obstacleCollision", "right", "success"]);
      for (const { rate, low, high, n } of Object.values<{ rate: number; low: number; high: number; n: number }>(rates))
        expect([low <= rate, rate <= high, n]).toEqual([true, true, 8]);
    }
    // The files by themselves, on the episodes of the experiment (seed 7).
    const { success, metrics } = await evaluatePolicy({ policy: rows[2].policy, episodes: 8, seed: 7 });
    expect(rows[2].success).toMatchObject({ rate: success.rate, n: 8 });
    expect(rows[2].obstacleCollision.rate).toBe((metrics.obstacleCollision as typeof success).rate);
    const page = readFileSync(report, "utf8");
    expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
    expect(page).toContain("apprentice lesson --seed 0 --demonstrations 10 --episodes 8 --quick 0.01");
    expect(page).toContain("In a hurry: 1 % of the updates.");
    // success of four policies; what two of them plan
    expect(page.match(/<svg class="scene"/g)).toHaveLength(2);
  });

  it("prints a table, and where report and policies are; the same with one thread", async () => {
    const out = join(scratch, "table");
    const { code, stdout, stderr } = await runHere("lesson", ...HASTY, "--workers", "1", "--out", out);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/^A crate falls onto the road\./);
    expect(stdout).toMatch(/^demonstrated {3}policy +success +95% interval +hit the crate +passed left +trained in$/m);
    for (const demonstrated of ["left", "left or right"]) {
      for (const policy of ["l2, regression", "diffusion, a generative model"]) {
        expect(stdout).toMatch(new RegExp(`^${demonstrated}   ${policy}  .*\\d+\\.\\d% – \\d+\\.\\d%.* \\d+ s$`, "m"));
      }
    }
    expect(stdout).toContain("8 episodes each, the same for all.");
    expect(stdout).toContain(`The report is ${join(out, "report.html")}`);
    for (const [style, head] of POLICIES) {
      const file = `${style}-${head}.onnx`;
      const [here, there] = [out, join(scratch, "lesson")].map((folder) => readFileSync(join(folder, file)));
      expect(here.equals(there), file).toBe(true);
    }
  });

  it("stops at Ctrl-C (SIGINT), with one line and 1", async () => {
    const { process: child, outcome } = start(["lesson", "--out", join(scratch, "stopped")]);
    await new Promise((begun) => child.stderr?.once("data", begun));
    await new Promise((settle) => setTimeout(settle, 1000));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/\napprentice: stopped\n$/);
  });

  it("refuses a file for its folder before anything is done", async () => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    const { code, stdout, stderr } = await runHere("lesson", "--out", file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/(^|\n)apprentice: --out .*file: cannot be a folder: .*\n$/);
    expect(existsSync(file)).toBe(true);
  });

  it.each(["0", "2", "all", "-1"])("refuses --quick %s", async (share) => {
    const { code, stderr } = await runHere("lesson", "--quick", share, "--out", join(scratch, "never"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^apprentice: .*found "[^"]*", expected a number above 0 and at most 1\. *\n$/);
    expect(existsSync(join(scratch, "never"))).toBe(false);
  });
});
