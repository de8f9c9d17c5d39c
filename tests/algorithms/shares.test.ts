/** How often each of several datasets is drawn from, and what of a window is imitated. */
import { describe, expect, it } from "vitest";
// The problem behind `cloneBehaviour` is no part of the door.
import { cloningProblem } from "../../src/algorithms/bc/problem.ts";
import { policySpec } from "../../src/algorithms/index.ts";
import { mapLeaves, sizeOf } from "../../src/base/index.ts";
import { combineDatasets, type Dataset, windowsOf } from "../../src/datasets/index.ts";
import { policyRecipe } from "../../src/policies/index.ts";
import { constant, interpret, program } from "../../src/tensor/index.ts";
import { record } from "./recordings.ts";

const HORIZONS = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 2 };

function problemOf(dataset: Dataset, episodes: readonly number[], padding: "imitate" | "mask" = "imitate") {
  const split = { episodeEnds: dataset.episodeEnds, train: Int32Array.from(episodes), validation: Int32Array.of(0) };
  const spec = policySpec({ dataset, split, policy: policyRecipe("l2", { hidden: [4] }), horizons: HORIZONS });
  return { spec, problem: cloningProblem(spec, { dataset, episodeEnds: dataset.episodeEnds, episodes, padding }) };
}

/** Two actions: which of the datasets it is, and the row. */
const part = (lengths: readonly number[], which: number) => {
  let row = 0;
  return record({ lengths, observationSize: 2, actionSize: 2, act: () => [which, row++] }, which + 1);
};

describe("datasets with weights", () => {
  /** How many of the examples come from each part, and how often each window is among them. */
  function drawn(parts: readonly { dataset: Dataset; weight: number }[], episodes: readonly number[]) {
    const dataset = combineDatasets(parts);
    const { problem } = problemOf(dataset, episodes);
    const windows = windowsOf(dataset.episodeEnds, HORIZONS, episodes);
    const order = problem.columns.windows.data as Int32Array;
    expect(problem.exampleCount).toBe(order.length);
    const counts = new Array(windows.count).fill(0);
    const byPart = parts.map(() => 0);
    for (const window of order) {
      counts[window] += 1;
      byPart[dataset.action.values[2 * windows.action[4 * window]]] += 1;
    }
    return { counts, shares: byPart.map((count) => count / order.length), total: order.length };
  }

  it.each([
    [1, 1],
    [3, 1],
    [1, 3],
    [0.2, 0.7],
    [1, 20],
  ])("%d and %d are drawn from in that proportion, whatever their sizes", (first, second) => {
    // windows: length - 4 + 2 + 1 of each episode
    const parts = [
      { dataset: part([50, 30], 0), weight: first },
      { dataset: part([20], 1), weight: second },
    ];
    const { counts, shares, total } = drawn(parts, [0, 1, 2]);
    expect(Math.abs(shares[0] - first / (first + second))).toBeLessThan(1 / total);
    // every window is drawn, those of one part as often as each other but for one
    const own = [counts.slice(0, 49 + 29), counts.slice(49 + 29)];
    expect(own[1].length).toBe(19);
    for (const each of own) {
      expect(Math.min(...each)).toBeGreaterThanOrEqual(1);
      expect(Math.max(...each) - Math.min(...each)).toBeLessThanOrEqual(1);
    }
  });

  it("of which one has no episode to learn from, leave it out", () => {
    const parts = [
      { dataset: part([50], 0), weight: 1 },
      { dataset: part([20], 1), weight: 5 },
    ];
    expect(drawn(parts, [0]).shares).toEqual([1, 0]);
    expect(drawn(parts, [1]).shares).toEqual([0, 1]);
  });

  it("lose what their examples lose", () => {
    const dataset = combineDatasets([
      { dataset: part([9], 0), weight: 1 },
      { dataset: part([6], 1), weight: 2 },
    ]);
    const weighted = problemOf(dataset, [0, 1]);
    const plain = problemOf({ ...dataset, parts: undefined }, [0, 1]);
    expect(plain.problem.columns.windows).toBeUndefined();
    const order = Array.from(weighted.problem.columns.windows.data as Int32Array);
    order.forEach((window, example) => {
      expect(lossOf(weighted, [example])).toBe(lossOf(plain, [window]));
    });
  });
});

/** The loss of examples under parameters that all matter, by the interpreter. */
function lossOf({ problem }: ReturnType<typeof problemOf>, examples: readonly number[]): number {
  const loss = problem.loss({
    parameters: mapLeaves(problem.parameters, ({ shape }, path) =>
      constant(
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => Math.sin(5 * i + path.length)),
        shape,
      ),
    ),
    columns: mapLeaves(problem.columns, ({ data, shape, dtype }) => constant(data as Float32Array, shape, dtype)),
    examples: constant(examples, [examples.length], "int32"),
    key: constant([1, 2], [2], "uint32"),
  });
  return interpret(program([], { loss }), {}).loss.data[0];
}

describe("what pads a chunk beyond its episode", () => {
  // Windows of 8 steps start at -1 … 5: the first has one step before the episode, the last one after it.
  const base = part([8], 0);
  const WHOLE = 3;

  it("is imitated as the edge's action, or left out of the loss", () => {
    const [imitated, masked] = [problemOf(base, [0]), problemOf(base, [0], "mask")];
    expect(masked.problem.exampleCount).toBe(7);
    expect(Array.from(masked.problem.columns.present.data).slice(0, 8)).toEqual([0, 1, 1, 1, 1, 1, 1, 1]);
    expect(imitated.problem.columns.present).toBeUndefined();
    expect(lossOf(masked, [WHOLE])).toBeCloseTo(lossOf(imitated, [WHOLE]), 9);
    expect(Math.abs(lossOf(masked, [0]) - lossOf(imitated, [0]))).toBeGreaterThan(1e-3);
  });

  it("counts for nothing where it is masked: three of four steps make the mean", () => {
    // An output of zeros: every number loses the square of its own normalised action. Row r has action [0, r], which
    // limits map to r / 3.5 - 1; the first, constant, to 0. Window 0 has rows (0), 0, 1, 2; window 6 rows 5, 6, 7, (7).
    const { problem } = problemOf(base, [0], "mask");
    const zeros = mapLeaves(problem.parameters, ({ shape }) => constant(new Float32Array(sizeOf(shape)), shape));
    const columns = mapLeaves(problem.columns, ({ data, shape, dtype }) =>
      constant(data as Float32Array, shape, dtype),
    );
    const loss = (window: number) => {
      const examples = constant([window], [1], "int32");
      const value = problem.loss({ parameters: zeros, columns, examples, key: constant([1, 2], [2], "uint32") });
      return interpret(program([], { value }), {}).value.data[0];
    };
    const square = (row: number) => (row / 3.5 - 1) ** 2;
    expect(loss(0)).toBeCloseTo((square(0) + square(1) + square(2)) / 6, 6);
    expect(loss(6)).toBeCloseTo((square(5) + square(6) + square(7)) / 6, 6);
    expect(loss(WHOLE)).toBeCloseTo((square(2) + square(3) + square(4) + square(5)) / 8, 6);
  });
});
