import { describe, expect, it } from "vitest";
// What scores have in common is no part of the door.
import { plannedActions, remembering } from "../../src/algorithms/gates/score.ts";
import { historiesOf, neighbourDistance, together } from "../../src/algorithms/index.ts";
import { randomKey, randomStream } from "../../src/base/index.ts";
import type { GateMoments, GateScore } from "../../src/rollouts/index.ts";
import { momentsOf, specOf } from "./moments.ts";
import { record } from "./recordings.ts";

describe("plannedActions", () => {
  it("are those of the chunk at the place, from index To - 1 on, and the last one where it has ended", () => {
    const spec = specOf({ actionSize: 2, horizons: { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 2 } });
    // chunk of row r: step p is [10 r + p, -(10 r + p)]
    const chunk = (row: number) => [0, 1, 2, 3].flatMap((p) => [10 * row + p, -(10 * row + p)]);
    const moments = momentsOf({ places: [0, 1, 7], chunks: Float32Array.from([0, 1, 2].flatMap(chunk)) });
    expect([...plannedActions(moments, spec)]).toEqual([1, -1, 12, -12, 23, -23]);
  });
});

describe("remembering", () => {
  /** Judges a moment by its number of the step. */
  const byStep = async ({ steps }: GateMoments) => Float32Array.from(steps);
  const at = (episodes: number[], places: number[], steps: number[]) =>
    momentsOf({ places, episodes, steps: Int32Array.from(steps) });

  it("adds up the newest of an episode, and forgets at its start", async () => {
    const score = remembering({ oncePerPlan: false, window: 2 }, byStep);
    expect([...(await score.read(at([4, 9], [0, 0], [1, 10])))]).toEqual([1, 10]);
    expect([...(await score.read(at([4], [1], [2])))]).toEqual([1 + 2]);
    expect([...(await score.read(at([9, 4], [1, 2], [11, 3])))]).toEqual([10 + 11, 2 + 3]);
    score.start(4);
    expect([...(await score.read(at([4, 9], [0, 2], [7, 12])))]).toEqual([7, 11 + 12]);
  });

  it("judges a chunk where it was planned, and holds the reading until the next", async () => {
    const judged: number[] = [];
    const score = remembering({ oncePerPlan: true, window: Number.POSITIVE_INFINITY }, (moments) => {
      judged.push(...moments.steps);
      return byStep(moments);
    });
    expect([...(await score.read(at([1, 2], [0, 3], [5, 6])))]).toEqual([5, Number.NaN]);
    expect([...(await score.read(at([1, 2], [1, 0], [6, 7])))]).toEqual([5, 7]);
    expect([...(await score.read(at([1, 2], [0, 1], [7, 8])))]).toEqual([5 + 7, 7]);
    expect(judged).toEqual([5, 7, 7]);
    expect(() => remembering({ oncePerPlan: true, window: 0 }, byStep)).toThrow("window: found 0, expected 1 or more");
  });
});

describe("together", () => {
  it("has the readings of all, side by side, and asks as often as the one that asks most", async () => {
    const closed: string[] = [];
    const started: string[] = [];
    const score = (name: string, readings: number, asksExpert: GateScore["asksExpert"]) => ({
      name,
      readings: Array.from({ length: readings }, (_, i) => `${name}.${i}`),
      asksExpert,
      start: (episode: number) => void started.push(`${name} ${episode}`),
      read: ({ steps }: GateMoments) =>
        Float32Array.from({ length: readings * steps.length }, (_, i) => readings * 10 + i),
      close: async () => void closed.push(name),
    });
    const both = together("both", [score("a", 1, "never"), score("b", 2, "driving")]);
    expect(both).toMatchObject({ name: "both", readings: ["a.0", "b.0", "b.1"], asksExpert: "driving" });
    expect([...(await both.read(momentsOf({ places: [0, 0] })))]).toEqual([10, 20, 21, 11, 22, 23]);
    both.start(3);
    await both.close();
    expect([started, closed]).toEqual([
      ["a 3", "b 3"],
      ["a", "b"],
    ]);
  });
});

describe("historiesOf", () => {
  it("are the last observations up to each row, the first of the episode repeated", () => {
    const dataset = record({ lengths: [2, 1, 3], observationSize: 1, actionSize: 1, act: ([x]) => [x] });
    const values = dataset.observation.values.map((_, row) => row);
    const numbered = { ...dataset, observation: { ...dataset.observation, values } };
    expect([...historiesOf(numbered, 2)]).toEqual([0, 0, 0, 1, 2, 2, 3, 3, 3, 4, 4, 5]);
    expect([...historiesOf(numbered, 3, [2, 0])]).toEqual([3, 3, 3, 3, 3, 4, 3, 4, 5, 0, 0, 0, 0, 0, 1]);
  });
});

describe("neighbourDistance", () => {
  const spec = specOf({
    observationSize: 2,
    observation: { scale: Float32Array.of(2, 0.5), offset: Float32Array.of(1, -3) },
  });

  it("is that to the k-th nearest, in normalised numbers", async () => {
    const stream = randomStream(randomKey(2));
    const numbers = (count: number) => Float32Array.from({ length: 2 * count }, () => stream.normal());
    const [known, asked] = [numbers(50), numbers(7)];
    const score = neighbourDistance(spec, known, { nearest: 3 });
    const found = await score.read(momentsOf({ places: Array(7).fill(0), histories: asked }));
    found.forEach((distance, row) => {
      // the slow twin: all distances, sorted
      const all = Array.from({ length: 50 }, (_, i) =>
        Math.sqrt(
          ((2 * (known[2 * i] - asked[2 * row])) ** 2 + (0.5 * (known[2 * i + 1] - asked[2 * row + 1])) ** 2) / 2,
        ),
      ).sort((a, b) => a - b);
      expect(distance).toBeCloseTo(all[2], 5);
    });
  });

  it("keeps no more histories than it is told, and needs as many as it looks at", async () => {
    const known = Float32Array.from({ length: 200 }, (_, i) => i);
    const score = neighbourDistance(spec, known, { nearest: 1, most: 10 });
    const found = await score.read(momentsOf({ places: Array(100).fill(0), histories: known }));
    expect(found.filter((distance) => distance === 0).length).toBe(10);
    expect(() => neighbourDistance(spec, known, { nearest: 101 })).toThrow("nearest: found 101, expected 1 to 100");
  });
});
