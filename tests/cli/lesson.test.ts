import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { policyMetadata } from "../../src/policies/index.ts";
import { run, runHere } from "./command.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-lesson-"));
afterAll(() => rmSync(scratch, { recursive: true }));

describe("apprentice lesson", () => {
  it("teaches what it says: the mean of two ways crashes, a mixture takes one", { timeout: 300_000 }, async () => {
    const out = join(scratch, "lesson");
    const { code, stdout, stderr } = await run("lesson", "--out", out, "--json");
    expect(code, stderr).toBe(0);
    expect(stdout.trimEnd().split("\n").length).toBe(1);
    const lesson = JSON.parse(stdout);
    expect(lesson).toMatchObject({ task: "fork", seed: 0, demonstrations: 200 });
    const [l2, gmm] = lesson.rows;
    expect([l2, gmm].map(({ head, episodes }) => [head, episodes])).toEqual([
      ["l2", 500],
      ["gmm", 500],
    ]);
    expect(l2.success.high).toBeLessThan(0.5);
    expect(gmm.success.rate).toBeGreaterThanOrEqual(0.95);
    expect(gmm.modes.left.rate).toBeGreaterThan(0.35);
    expect(gmm.modes.left.rate).toBeLessThan(0.65);
    for (const { head, policy, trainingSeconds } of [l2, gmm]) {
      expect(policy).toBe(join(out, `${head}.onnx`));
      expect(policyMetadata(readFileSync(policy), policy)).toMatchObject({ task: "fork", head, controlRate: 10 });
      expect(trainingSeconds).toBeGreaterThan(0);
    }
    expect(stderr).toContain("500/500");
  });

  it("prints a table, and where the policies are", { timeout: 120_000 }, async () => {
    const out = join(scratch, "small");
    const args = ["--demonstrations", "20", "--episodes", "20", "--seed", "1", "--out", out];
    const { code, stdout, stderr } = await runHere("lesson", ...args);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("20 demonstrations: ");
    expect(stdout).toMatch(/^policy +success +95% interval +episodes +passed left +trained in$/m);
    for (const head of ["l2", "gmm"]) {
      expect(stdout).toMatch(new RegExp(`^${head}  .* \\d+\\.\\d% .* 20 .* \\d+\\.\\d s$`, "m"));
      expect(stdout).toContain(join(out, `${head}.onnx`));
      expect(existsSync(join(out, `${head}.onnx`))).toBe(true);
    }
  });

  it("refuses a file for its folder before anything is done", async () => {
    const file = join(scratch, "file");
    writeFileSync(file, "");
    const { code, stdout, stderr } = await runHere("lesson", "--out", file);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^apprentice: --out .*file: cannot be a folder: .*\n$/);
    expect(existsSync(file)).toBe(true);
  });
});
