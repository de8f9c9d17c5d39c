import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { findTask } from "../../src/tasks/index.ts";
import { policyFile } from "../verbs/policy-file.ts";
import { runHere } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-compare-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
const run = (name: string, seed: number): string => {
  const path = join(folder, name);
  mkdirSync(path);
  writeFileSync(join(path, "policy.onnx"), policyFile({ task: findTask("driving-urgent"), seed, batch: 8 }));
  return path;
};

describe("apprentice compare", () => {
  it("prints each run and each pair, on the same seeds", async () => {
    const [one, two, three] = [run("one", 1), run("two", 2), run("three", 3)];
    const { code, stdout, stderr } = await runHere(
      "compare",
      one,
      two,
      three,
      "--episodes",
      "12",
      "--seed",
      "7",
      "--json",
    );
    expect(code).toBe(0);
    expect(stderr).toContain("12/12");
    const { task, episodes, seed, runs, pairs } = JSON.parse(stdout);
    expect({ task, episodes, seed }).toEqual({ task: "driving-urgent", episodes: 12, seed: 7 });
    expect(runs.map(({ run }: { run: string }) => run)).toEqual([one, two, three]);
    for (const { perSeed, success } of runs) {
      expect(perSeed.map(({ seed }: { seed: number }) => seed)).toEqual(
        runs[0].perSeed.map(({ seed }: { seed: number }) => seed),
      );
      expect(success.n).toBe(12);
    }
    expect(pairs.map(({ first, second }: { first: string; second: string }) => [first, second])).toEqual([
      [one, two],
      [one, three],
      [two, three],
    ]);
    for (const pair of pairs) expect(pair.adjustedPValue).toBeGreaterThanOrEqual(pair.pValue);
    const people = await runHere("compare", one, two, "--episodes", "3");
    expect(people.stdout).toContain(`A  ${one}`);
    expect(people.stdout).toMatch(/A − B\s+[+−]\d+\.\d\s+[+−]\d+\.\d to [+−]\d+\.\d\s+\d+\s+\d+\s+1\.000\n/);
    expect(people.stdout).toContain("driving-urgent, 3 episodes on the same seeds for all.");
    // Its rewards are parts of the way: their greatest is no score.
    expect(people.stdout).not.toContain("score");
  });

  it("refuses what cannot be compared, with one line and 2", async () => {
    const alone = run("alone", 1);
    for (const [args, words] of [
      [[alone], `found one run, ${alone}, expected two or more`],
      [[alone, join(folder, "nowhere")], "nowhere: not found, expected the folder of a run"],
      [[alone, alone], "given twice"],
      [[alone, run("other", 2), "--task", "driving-frok"], 'did you mean "driving-fork"?'],
      [[alone, run("another", 2), "--task", "fork"], 'a policy of the task "driving-urgent", expected "fork"'],
    ] as const) {
      const { code, stdout, stderr } = await runHere("compare", ...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(words);
      expect(stderr).toMatch(/^apprentice: .*\n$/);
    }
  });
});
