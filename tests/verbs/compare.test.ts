import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { summarise } from "../../src/evaluation/index.ts";
import { findTask } from "../../src/tasks/index.ts";
import { compareRuns, evaluatePolicy, evaluateRuns } from "../../src/verbs/index.ts";
import { policyFile } from "./policy-file.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-compare-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** An evaluation of episodes that succeed where there is a 1. */
const evaluated = (name: string, successes: string) => ({
  name,
  evaluation: summarise(
    { name: "any" },
    name,
    [...successes].map((mark, seed) => {
      const success = mark === "1";
      return { seed, success, steps: 1, reward: 0, maxReward: Number(mark), metrics: {} };
    }),
  ),
});

describe("compareRuns", () => {
  it("tests every pair, and says what is left of it among them all", () => {
    const [a, b, c] = [evaluated("a", "111111111111"), evaluated("b", "111100000000"), evaluated("c", "110000000011")];
    const pairs = compareRuns([a, b, c]);
    expect(pairs.map(({ names }) => names.join())).toEqual(["a,b", "a,c", "b,c"]);
    // McNemar, exact, two-sided: 2 P(X <= fewer) with X binomial(n, 1/2).
    // a, b: 8 to 0: 2 · 2^-8. a, c: 8 to 0, the same. b, c: 2 to 2: 2 (1 + 4 + 6) / 16 is more than 1.
    expect(pairs.map(({ onlyFirst, onlySecond }) => [onlyFirst, onlySecond])).toEqual([
      [8, 0],
      [8, 0],
      [2, 2],
    ]);
    expect(pairs.map(({ pValue }) => pValue)).toEqual([2 ** -7, 2 ** -7, 1].map((p) => expect.closeTo(p, 12)));
    // Holm: the smallest of three times 3, the next times 2 but no less than the one before, the last times 1.
    expect(pairs.map(({ adjustedPValue }) => adjustedPValue)).toEqual(
      [3 * 2 ** -7, 3 * 2 ** -7, 1].map((p) => expect.closeTo(p, 12)),
    );
    expect(pairs[0].difference.difference).toBeCloseTo(8 / 12, 12);
    expect(pairs[2].difference.low).toBeCloseTo(-pairs[2].difference.high, 12);
    expect(() => compareRuns([a])).toThrow("found 1 evaluation, expected two or more");
    expect(() => compareRuns([a, evaluated("d", "1")])).toThrow("found 12 and 1 episodes");
  });
});

describe("evaluateRuns", () => {
  const fork = findTask("fork");
  const runFolder = (name: string, seed: number): string => {
    const path = join(folder, name);
    mkdirSync(path);
    writeFileSync(join(path, "policy.onnx"), policyFile({ task: fork, seed, batch: 2 }));
    return path;
  };

  it("evaluates runs and files on the same seeds", async () => {
    const [one, two] = [runFolder("one", 1), runFolder("two", 2)];
    const file = join(two, "policy.onnx");
    const heard = new Map<string, number>();
    const runs = [one, two, file];
    const evaluations = await evaluateRuns({
      runs,
      episodes: 6,
      seed: 4,
      onProgress: (run, episodes) => heard.set(run, episodes),
    });
    expect(evaluations.map(({ name }) => name)).toEqual(runs);
    expect(heard).toEqual(new Map(runs.map((run) => [run, 6])));
    expect(evaluations[1].evaluation).toEqual(evaluations[2].evaluation);
    expect(evaluations[0].evaluation).toEqual(
      await evaluatePolicy({ policy: join(one, "policy.onnx"), episodes: 6, seed: 4 }),
    );
  });

  it("refuses runs that cannot be compared", async () => {
    const [one, empty] = [runFolder("again", 1), join(folder, "empty")];
    mkdirSync(empty);
    const driving = join(folder, "driving.onnx");
    writeFileSync(driving, policyFile({ task: findTask("driving-urgent") }));
    const refusal = (...runs: string[]) => evaluateRuns({ runs, episodes: 1 });
    await expect(refusal(one, empty)).rejects.toThrow(`${empty}: holds no policy.onnx, expected a run`);
    await expect(refusal(one, join(folder, "no"))).rejects.toThrow("no: not found, expected the folder of a run");
    await expect(refusal(one, one)).rejects.toThrow(`${one}: given twice`);
    await expect(refusal(one, driving)).rejects.toThrow(
      `${driving}: a policy of the task "driving-urgent", expected "fork"`,
    );
  });
});
