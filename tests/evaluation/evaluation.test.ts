import { describe, expect, it } from "vitest";
import { type Mean, meanOfValues, randomStream, wilson } from "../../src/base/index.ts";
import { type Column, windowsOf } from "../../src/datasets/index.ts";
import { drivingWorld, forkWorld, pushTWorld } from "../../src/environments/index.ts";
import { compare, evaluate, heldOutError, judge, seedResult, summarise } from "../../src/evaluation/index.ts";
import { pushTExpert } from "../../src/experts/index.ts";
import { rollout, rolloutForOutcome, rolloutMany } from "../../src/rollouts/index.ts";
import type { BatchActor } from "../../src/world/index.ts";

/** Steers at full rate: to the left with the given probability, decided anew in every chunk, unless already off the road's middle. */
function planner(probabilityLeft: number): BatchActor {
  return {
    name: `left ${probabilityLeft}`,
    controller: "policy",
    horizons: { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 8 },
    plan: (histories, keys) =>
      Float32Array.from(
        keys.flatMap((key, row) => {
          const y = histories[2 * row + 1];
          const side = randomStream(key).uniform() < probabilityLeft ? 1 : -1;
          return Array(8).fill(Math.abs(y) > 1 ? 0 : 3 * side);
        }),
      ),
  };
}

const straight: BatchActor = { ...planner(0), name: "straight", plan: (_, keys) => new Float32Array(keys.length * 8) };
const seeds = Array.from({ length: 200 }, (_, i) => 1000 + i);

describe("evaluate", () => {
  it("counts success and modes over the seeds, in their order, whatever advances together", async () => {
    const heard: number[][] = [];
    const evaluation = await evaluate({
      makeEnvironment: forkWorld,
      planner: planner(0.7),
      seeds,
      together: 64,
      onProgress: (episodes, total) => heard.push([episodes, total]),
    });
    expect(heard).toEqual(seeds.map((_, i) => [i + 1, 200]));
    expect(evaluation).toMatchObject({ task: "fork", actor: "left 0.7", episodes: 200 });
    expect(evaluation.perSeed.map(({ seed }) => seed)).toEqual(seeds);
    // 8 steps at 3 m/s are 2.4 m: every episode passes, on the side that its first chunk chose.
    expect(evaluation.success).toMatchObject({ rate: 1, n: 200, high: 1 });
    expect(evaluation.perSeed[0]).toMatchObject({ success: true, steps: 40, reward: 1 });
    // Standard deviation sqrt(0.21 / 200) = 0.032; four of them.
    expect(Math.abs(evaluation.modes.left.rate - 0.7)).toBeLessThan(0.13);
    expect(evaluation.modes.left.rate + evaluation.modes.right.rate).toBe(1);
    expect(await evaluate({ makeEnvironment: forkWorld, planner: planner(0.7), seeds })).toEqual(evaluation);
  });

  it("sees a crash for what it is", async () => {
    const { success, modes, perSeed } = await evaluate({ makeEnvironment: forkWorld, planner: straight, seeds });
    expect(success.rate).toBe(0);
    // Wilson at 0/200: z^2 / (n + z^2) = 3.8415 / 203.8415.
    expect(success.high).toBeCloseTo(3.8415 / 203.8415, 5);
    expect(modes).toMatchObject({ left: { rate: 0 }, right: { rate: 0 } });
    const metrics = { contact: true };
    expect(perSeed[0]).toEqual({ seed: 1000, success: false, steps: 20, reward: 0, maxReward: 0, metrics });
  });

  it("is the judgement of the episodes themselves", async () => {
    const [few, makeEnvironment] = [seeds.slice(0, 8), () => drivingWorld({ scenario: "urgent" })];
    const slow: BatchActor = {
      ...planner(0),
      horizons: { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 },
      plan: (_, keys) => Float32Array.from(keys.flatMap((key) => [0.1 * randomStream(key).uniform(), -1])),
    };
    const evaluation = await evaluate({ makeEnvironment, planner: slow, seeds: few, together: 3 });
    expect(judge(await rolloutMany(makeEnvironment, slow, few))).toEqual(evaluation);
    expect(Object.keys(evaluation.metrics)).toEqual([
      "collision",
      "obstacleCollision",
      "departure",
      "progress",
      "rmsJerk",
      "rmsLateralAcceleration",
    ]);
    const touched = evaluation.perSeed.filter(({ metrics }) => metrics.collision).length;
    expect(evaluation.metrics.collision).toEqual(wilson(touched, 8));
    const progress = evaluation.metrics.progress as Mean;
    // Each reward is the progress of its step.
    expect(progress.mean).toBeCloseTo(meanOfValues(evaluation.perSeed.map(({ reward }) => reward)).mean, 5);
  });

  it("scores an episode by its greatest reward", async () => {
    const world = pushTWorld({ maxSteps: 60 });
    const episodes = [];
    for (const seed of [0, 1, 2]) episodes.push(await rollout(world, pushTExpert(), { seed }));
    const { score, perSeed } = judge(episodes);
    const most = episodes.map(({ reward }) => [...reward].sort((a, b) => b - a)[0]);
    expect(perSeed.map(({ maxReward }) => maxReward)).toEqual(most);
    expect(perSeed.some(({ maxReward, reward, steps }) => maxReward > reward / steps)).toBe(true);
    expect(score).toEqual(meanOfValues(most));
    expect(seedResult(await rolloutForOutcome(world, pushTExpert(), { seed: 2 }))).toEqual(perSeed[2]);
  });

  it("refuses repeated seeds and no episodes", async () => {
    await expect(evaluate({ makeEnvironment: forkWorld, planner: straight, seeds: [1, 1] })).rejects.toThrow(
      "a seed comes twice",
    );
    expect(() => judge([])).toThrow("found no episodes");
  });
});

describe("compare", () => {
  const evaluation = (successes: boolean[], first = 0) => {
    const results = successes.map((success, i) => {
      const maxReward = success ? 1 : 0.25;
      return { seed: first + i, success, steps: 1, reward: maxReward, maxReward, metrics: {} };
    });
    return summarise({ name: "fork" }, "x", results);
  };

  it("tests the pairs that disagree", async () => {
    // 9 to 2 with 5 agreeing: McNemar 0.0654296875 (ALGORITHMS.md 11.11).
    const ones = [...Array(9).fill(true), false, false, ...Array(5).fill(true)];
    const others = [...Array(9).fill(false), true, true, ...Array(5).fill(true)];
    const result = compare(evaluation(ones), evaluation(others));
    expect(result).toMatchObject({ onlyFirst: 9, onlySecond: 2 });
    expect(result.pValue).toBeCloseTo(0.0654296875, 12);
    expect(result.difference.difference).toBeCloseTo(7 / 16, 12);
    // Differences of the scores: 9 of 0.75, 2 of -0.75, 5 of 0; mean 5.25 / 16, t(0.975, 15) = 2.1314,
    // deviation sqrt((11 · 0.5625 - 16 · 0.328125^2) / 15) = 0.545.
    const { mean, high } = result.scoreDifference;
    expect(mean).toBeCloseTo(0.328125, 12);
    expect(high - mean).toBeCloseTo((2.1314 * 0.54559) / 4, 3);
  });

  it("separates a policy that passes from one that crashes, and finds none between a policy and itself", async () => {
    const few = seeds.slice(0, 20);
    const good = await evaluate({ makeEnvironment: forkWorld, planner: planner(0.5), seeds: few });
    const bad = await evaluate({ makeEnvironment: forkWorld, planner: straight, seeds: few });
    const { difference, pValue } = compare(good, bad);
    expect(difference.difference).toBe(1);
    expect(difference.low).toBeGreaterThan(0.7);
    // 2 x 2^-20
    expect(pValue).toBeCloseTo(2 ** -19, 12);
    expect(compare(good, good)).toMatchObject({ onlyFirst: 0, onlySecond: 0, pValue: 1 });
  });

  it("refuses what is not paired", () => {
    expect(() => compare(evaluation([true]), { ...evaluation([true]), task: "push-t" })).toThrow(
      "found tasks fork and push-t",
    );
    expect(() => compare(evaluation([true]), evaluation([true, true]))).toThrow("found 1 and 2 episodes");
    expect(() => compare(evaluation([true], 5), evaluation([true], 6))).toThrow("seed 5 is paired with seed 6");
  });
});

describe("heldOutError", () => {
  const column: Column = {
    names: ["x", "y"],
    units: ["px", "px"],
    values: Float32Array.of(0, 0, 10, 100, 20, 200, 30, 300),
  };

  it("compares the executed, unpadded steps", () => {
    // L 4, To 2, Tp 3, Ta 2: starts -1, 0, 1, 2; executed rows 0-1, 1-2, 2-3 and 3 (then padding).
    const windows = windowsOf(Int32Array.of(4), { observationHorizon: 2, predictionHorizon: 3, actionHorizon: 2 });
    expect(windows.count).toBe(4);
    const truth = Float32Array.from([...windows.action].flatMap((row) => [10 * row, 100 * row]));
    const shifted = truth.map((value, i) => (i % 2 === 0 ? value + 3 : value - 4));
    const error = heldOutError(shifted, column, windows);
    expect(error.steps).toBe(7);
    expect(error.rms).toBeCloseTo(Math.sqrt((9 + 16) / 2), 6);
    expect(error.meanAbsolute).toBeCloseTo(3.5, 6);
    expect(error.perDimension).toEqual([
      { name: "x", unit: "px", rms: 3, meanAbsolute: 3 },
      { name: "y", unit: "px", rms: 4, meanAbsolute: 4 },
    ]);
    // Errors at index 0 (never executed) and in the padding of the last window do not count.
    const elsewhere = truth.slice();
    for (let window = 0; window < 4; window++) elsewhere.fill(1e6, window * 6, window * 6 + 2);
    elsewhere.fill(1e6, 3 * 6 + 4);
    expect(heldOutError(elsewhere, column, windows).rms).toBe(0);
  });

  it("refuses a wrong size and nothing to compare", () => {
    const horizons = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };
    expect(() => heldOutError(new Float32Array(3), column, windowsOf(Int32Array.of(4), horizons))).toThrow(
      "found 3 numbers, expected 4 x 1 x 2",
    );
    expect(() => heldOutError(new Float32Array(), column, windowsOf(Int32Array.of(4), horizons, []))).toThrow(
      "found no steps",
    );
  });
});
