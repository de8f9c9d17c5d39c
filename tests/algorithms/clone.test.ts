import { describe, expect, it } from "vitest";
// The problem behind `cloneBehaviour` is no part of the door; its loss is checked against plain numbers.
import { cloningProblem } from "../../src/algorithms/bc/problem.ts";
import { type CloneOptions, cloneBehaviour, policySpec } from "../../src/algorithms/index.ts";
import { foldIn, mapLeaves, randomKey } from "../../src/base/index.ts";
import { type Dataset, type Split, splitDataset } from "../../src/datasets/index.ts";
import { adamw } from "../../src/optim/index.ts";
import { exportPolicy, openPolicy, type Policy, policyRecipe } from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { constant, interpret, program } from "../../src/tensor/index.ts";
import { outputsOf } from "../policies/plain.ts";
import { record } from "./recordings.ts";

const runtime = nodeRuntime();
const ONE_STEP = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };

function optionsFor(dataset: Dataset, updates: number): CloneOptions {
  return {
    dataset,
    split: splitDataset(dataset, { validationFraction: 0.2, seed: 0 }),
    policy: policyRecipe("l2", { hidden: [32, 32] }),
    horizons: ONE_STEP,
    optimizer: adamw({ schedule: { kind: "cosine", rate: 3e-3, warmup: 50, total: updates } }),
    batchSize: 64,
    updates,
    seed: 3,
    runtime,
  };
}

/** The chunks of a policy for these histories, each with a key of its own. */
async function planned(policy: Policy, histories: Float32Array, count: number): Promise<Float32Array> {
  const actor = await openPolicy(runtime, exportPolicy(policy, { batch: 50 }));
  const keys = Array.from({ length: count }, (_, i) => foldIn(randomKey(9), i));
  const chunks = await actor.plan(histories, keys);
  await actor.close();
  return chunks;
}

const LINEAR = { lengths: Array(20).fill(50), observationSize: 3, actionSize: 2 };

const rowsOfWindows = (rows: Int32Array | Float32Array, width: number) =>
  Array.from({ length: rows.length / width }, (_, i) => Array.from(rows.subarray(i * width, (i + 1) * width)));

describe("what is learned from", () => {
  const act = ([x, y, z]: readonly number[]) => [x - y, 0.5 * z];

  it("is never an action that is nobody's to imitate: whatever it was, the policy is the same to the byte", async () => {
    const dataset = record({ ...LINEAR, act });
    const rows = dataset.episodeEnds[dataset.episodeEnds.length - 1];
    // in turn ten rows of the policy's, which count for nothing, and ten of the expert's
    const turns = Array.from({ length: rows }, (_, row) => Math.floor(row / 10));
    const supervision = {
      weights: Float32Array.from(turns, (turn) => turn % 2),
      stretches: Int32Array.from(turns),
    };
    const horizons = { observationHorizon: 2, predictionHorizon: 6, actionHorizon: 2 };
    const options = { ...optionsFor(dataset, 60), horizons, supervision };
    const spec = policySpec(options);
    const values = dataset.action.values.map((value, i) => (turns[Math.floor(i / 2)] % 2 === 0 ? 50 - value : value));
    const other = { ...dataset, action: { ...dataset.action, values } };
    const [one, two] = [
      await cloneBehaviour({ ...options, spec }),
      await cloneBehaviour({ ...options, spec, dataset: other }),
    ];
    expect(two.parameters).toEqual(one.parameters);
    // were they imitated, it would be another
    const all = { ...supervision, weights: supervision.weights.map(() => 1) };
    const third = await cloneBehaviour({ ...options, spec, dataset: other, supervision: all });
    expect(third.parameters).not.toEqual(one.parameters);
  });

  it("is a chunk as far as its stretch goes, from rows that count, as much as they count", () => {
    const dataset = record({ lengths: [6], observationSize: 3, actionSize: 2, act });
    const horizons = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 3 };
    const options = { ...optionsFor(record({ ...LINEAR, act }), 10), horizons };
    const supervision = {
      weights: Float32Array.of(1, 1, 0, 3, 3, 3),
      stretches: Int32Array.of(0, 0, 1, 2, 2, 3),
    };
    const episodes = { dataset, episodeEnds: dataset.episodeEnds, episodes: [0], supervision };
    const { columns, exampleCount } = cloningProblem(policySpec(options), episodes);
    const present = columns.present.data as Float32Array;
    // the second of a window's actions is that of the row at which it plans
    expect(rowsOfWindows(columns.actionRows.data as Int32Array, 4).map((rows) => rows[1])).toEqual([0, 1, 2, 3, 4, 5]);
    expect(rowsOfWindows(present, 4)).toEqual([
      [1, 1, 1, 0],
      [1, 1, 0, 0],
      [0, 0, 0, 0],
      [0, 1, 1, 0],
      [1, 1, 0, 0],
      [0, 1, 1, 1],
    ]);
    expect([...columns.weight.data]).toEqual([1, 1, 0, 3, 3, 3]);
    expect([...columns.windows.data]).not.toContain(2);
    expect(exampleCount).toBe(columns.windows.data.length);
    const nobody = { ...supervision, weights: new Float32Array(6) };
    expect(() => cloningProblem(policySpec(options), { ...episodes, supervision: nobody })).toThrow(
      "found none above 0",
    );
  });

  it("is the training episodes alone: whatever the others hold, the policy is the same to the byte", async () => {
    const dataset = record({ ...LINEAR, act });
    const options = optionsFor(dataset, 60);
    const changed = { ...dataset, observation: scrambled(dataset, "observation", options.split) };
    const other = { ...changed, action: scrambled(dataset, "action", options.split) };
    expect(policySpec({ ...options, dataset: other })).toEqual(policySpec(options));
    const [one, two] = [await cloneBehaviour(options), await cloneBehaviour({ ...options, dataset: other })];
    expect(two.parameters).toEqual(one.parameters);
    expect(exportPolicy(two)).toEqual(exportPolicy(one));
  });

  function scrambled({ observation, action, episodeEnds }: Dataset, name: "observation" | "action", split: Split) {
    const column = { observation, action }[name];
    const size = column.names.length;
    const values = column.values.slice();
    for (const episode of split.validation) {
      const start = episode === 0 ? 0 : episodeEnds[episode - 1];
      values.fill(1000, start * size, episodeEnds[episode] * size);
    }
    return { ...column, values };
  }

  it("is normalised by the limits of its rows", () => {
    // Two training episodes and one held out, by time: rows 0 … 7 of 10 train.
    const dataset = record({ lengths: [5, 5], observationSize: 1, actionSize: 1, act: ([x]) => [10 * x + 3] });
    const { observation, action } = policySpec({ ...optionsFor(dataset, 2), dataset });
    const rows = Array.from(dataset.observation.values.subarray(0, 8));
    const [low, high] = [Math.min(...rows), Math.max(...rows)];
    // scale · low + offset = -1, scale · high + offset = 1
    const { scale, offset } = observation.normaliser;
    expect(scale[0] * low + offset[0]).toBeCloseTo(-1, 6);
    expect(scale[0] * high + offset[0]).toBeCloseTo(1, 6);
    expect(action.normaliser.scale[0]).toBeCloseTo(scale[0] / 10, 6);
  });
});

describe("the problem", () => {
  const horizons = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 2 };
  const act = ([x, y]: readonly number[]) => [x * y, x + y];

  function problemOf(dataset: Dataset) {
    const split = { episodeEnds: dataset.episodeEnds, train: Int32Array.of(0, 2), validation: Int32Array.of(1) };
    const options = { ...optionsFor(dataset, 2), horizons, split };
    const spec = policySpec(options);
    return { spec, problem: cloningProblem(spec, { dataset, episodeEnds: split.episodeEnds, episodes: split.train }) };
  }

  /** The loss of some examples, by the interpreter, with the given parameters. */
  function lossOf({ problem }: ReturnType<typeof problemOf>, parameters: Policy["parameters"], examples: number[]) {
    const loss = problem.loss({
      parameters: mapLeaves(parameters, (data, path) => constant(data, problem.parameters[path].shape)),
      columns: mapLeaves(problem.columns, ({ data, shape, dtype }) => constant(data as Float32Array, shape, dtype)),
      examples: constant(examples, [examples.length], "int32"),
      key: constant([1, 2], [2], "uint32"),
    });
    return interpret(program([], { loss }), {}).loss.data[0];
  }

  it("has the windows of docs/algorithms/bc.md, line 2", () => {
    const dataset = record({ lengths: [5, 3, 6], observationSize: 3, actionSize: 2, act });
    const { problem } = problemOf(dataset);
    // Starts s from -(To - 1) = -1 to L - Tp + Ta - 1: -1 … 2 of the episode with rows 0 … 4, -1 … 3 of rows 8 … 13.
    expect(problem.exampleCount).toBe(4 + 5);
    expect(rowsOfWindows(problem.columns.observationRows.data as Int32Array, 2)).toEqual([
      [0, 0],
      [0, 1],
      [1, 2],
      [2, 3],
      [8, 8],
      [8, 9],
      [9, 10],
      [10, 11],
      [11, 12],
    ]);
    expect(rowsOfWindows(problem.columns.actionRows.data as Int32Array, 4)).toEqual([
      [0, 0, 1, 2],
      [0, 1, 2, 3],
      [1, 2, 3, 4],
      [2, 3, 4, 4],
      [8, 8, 9, 10],
      [8, 9, 10, 11],
      [9, 10, 11, 12],
      [10, 11, 12, 13],
      [11, 12, 13, 13],
    ]);
  });

  it("has the mean squared error of normalised chunks as its loss", () => {
    const dataset = record({ lengths: [5, 3, 6], observationSize: 3, actionSize: 2, act });
    const made = problemOf(dataset);
    const parameters = mapLeaves(made.problem.parameters, ({ shape }, path) =>
      Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(7 * i + path.length)),
    );
    // Window 3: observations of rows 2 and 3, actions of rows 2, 3, 4, 4.
    const pick = ({ values, names }: Dataset["action"], rows: number[]) =>
      rows.flatMap((row) => Array.from(values.subarray(row * names.length, (row + 1) * names.length)));
    const outputs = outputsOf({ spec: made.spec, parameters }, pick(dataset.observation, [2, 3]));
    const { scale, offset } = made.spec.action.normaliser;
    const errors = pick(dataset.action, [2, 3, 4, 4]).map(
      (value, i) => value * scale[i % 2] + offset[i % 2] - outputs[i],
    );
    const expected = errors.reduce((sum, error) => sum + error * error, 0) / 8;
    expect(lossOf(made, parameters, [3])).toBeCloseTo(expected, 5);
    expect(lossOf(made, parameters, [3, 3, 3])).toBeCloseTo(expected, 5);
  });

  it("spreads actions over the step to which the recorder rounded them", () => {
    // Actions 0 or 4 in steps of 2: normalised -1 or 1 with scale 1/2. A network of zeros has the loss
    // mean (±1 + u)², u uniform in ±1/2: 1 + 1/12 with a deviation of 2 · √(1/12) = 0.58 a draw.
    const onLattice = ([x]: readonly number[]) => [x > 0 ? 4 : 0, x > 0 ? 0 : 4];
    const plain = { lengths: [30, 3, 300], observationSize: 3, actionSize: 2, act: onLattice };
    const zeros = (made: ReturnType<typeof problemOf>) =>
      mapLeaves(made.problem.parameters, ({ shape }) => new Float32Array(shape.reduce((a, b) => a * b, 1)));
    const examples = Array.from({ length: 320 }, (_, i) => i);
    const rounded = problemOf(record({ ...plain, resolution: [2, 2] }));
    // 320 windows of 8 numbers: four standard errors 4 · 0.58 / √2560 = 0.046
    expect(Math.abs(lossOf(rounded, zeros(rounded), examples) - (1 + 1 / 12))).toBeLessThan(0.046);
    const exact = problemOf(record(plain));
    expect(lossOf(exact, zeros(exact), examples)).toBeCloseTo(1, 6);
  });
});

describe("cloning", () => {
  it("recovers a linear expert", async () => {
    const act = ([x, y, z]: readonly number[]) => [x - 2 * y + 1, 0.5 * z];
    const policy = await cloneBehaviour(optionsFor(record({ ...LINEAR, act }), 1500));
    const fresh = record({ ...LINEAR, act }, 2);
    const found = await planned(policy, fresh.observation.values, 1000);
    const squares = found.reduce((sum, value, i) => sum + (value - fresh.action.values[i]) ** 2, 0);
    // 800 rows, deviations of the actions 2.6 and 0.58: an rms error below 0.04 is 2% of what there is to explain.
    expect(Math.sqrt(squares / found.length)).toBeLessThan(0.04);
  });

  // Every observation is seen with 0.8 and with -0.8, in every second episode.
  const contradictory = record({
    lengths: Array(20).fill(20),
    observationSize: 1,
    actionSize: 1,
    act: (_, episode) => [episode % 2 === 0 ? 0.8 : -0.8],
  });
  /** As many of both sides to learn from. */
  const balanced: Split = {
    episodeEnds: contradictory.episodeEnds,
    train: Int32Array.from({ length: 18 }, (_, i) => i),
    validation: Int32Array.of(18, 19),
  };
  const asked = Float32Array.from({ length: 400 }, (_, i) => i / 100 - 2);

  it("of contradictory demonstrations ends at their mean, which nobody showed, with L2", async () => {
    const policy = await cloneBehaviour({ ...optionsFor(contradictory, 600), split: balanced });
    for (const value of await planned(policy, asked, 400)) expect(Math.abs(value)).toBeLessThan(0.25);
  });

  it("does what was shown, each side as often, with a mixture", async () => {
    const options = { ...optionsFor(contradictory, 600), split: balanced };
    const policy = await cloneBehaviour({
      ...options,
      policy: policyRecipe("gmm", { hidden: [32, 32], options: { modes: 3 } }),
    });
    const found = Array.from(await planned(policy, asked, 400));
    for (const value of found) expect(Math.abs(Math.abs(value) - 0.8)).toBeLessThan(0.05);
    // 180 rows of each side: four standard errors of a share of 400, 4 · √(¼ / 400) = 0.1
    expect(Math.abs(found.filter((value) => value > 0).length / 400 - 0.5)).toBeLessThan(0.1);
  });

  it("stopped by a signal gives the policy as it was, and goes on from its checkpoint to the same end", async () => {
    const dataset = record({ ...LINEAR, act: ([x, y, z]) => [x * y, z] });
    const options = optionsFor(dataset, 1200);
    const whole = await cloneBehaviour(options);
    const stop = new AbortController();
    let from: CloneOptions["from"];
    const half = await cloneBehaviour({
      ...options,
      signal: stop.signal,
      checkpointEvery: 1000,
      onProgress: ({ update }) => {
        if (update >= 500) stop.abort();
      },
      onCheckpoint: (snapshot) => {
        from = snapshot;
      },
    });
    expect(from!.update).toBeGreaterThanOrEqual(500);
    expect(from!.update).toBeLessThan(1000);
    expect(half.parameters).not.toEqual(whole.parameters);
    expect((await cloneBehaviour({ ...options, from })).parameters).toEqual(whole.parameters);
  });
});
