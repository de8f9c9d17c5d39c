import { describe, expect, it } from "vitest";
import {
  type Column,
  createDataset,
  type Dataset,
  datasetOf,
  fitNormaliser,
  lengthOf,
  meanOf,
  predictLast,
  predictMean,
  rowsOf,
  windowsOf,
} from "../../src/datasets/index.ts";
import { box, type EnvironmentSpec, episodeOf, type Step } from "../../src/world/index.ts";

const column = (rows: readonly (readonly number[])[]): Column => ({
  names: rows[0].map((_, i) => `c${i}`),
  units: rows[0].map(() => "1"),
  values: Float32Array.from(rows.flat()),
});

const dataset: Dataset = {
  task: "test",
  observation: column([[0], [1], [2], [3], [4]]),
  action: column([
    [0, 0],
    [1, 10],
    [2, 20],
    [3, 30],
    [4, 40],
  ]),
  episodeEnds: Int32Array.of(2, 5),
  controlRate: 10,
  provenance: { format: "test", source: "test", actors: [], notes: [] },
};

describe("createDataset", () => {
  it("accepts what fits together", () => {
    expect(createDataset(dataset)).toBe(dataset);
    expect(lengthOf(dataset)).toBe(5);
  });

  it.each<[string, Partial<Dataset>, string]>([
    ["no episodes", { episodeEnds: new Int32Array() }, "found no episodes"],
    ["an empty episode", { episodeEnds: Int32Array.of(2, 2, 5) }, "episode 1 ends at row 2, expected more than 2"],
    ["too few rows", { episodeEnds: Int32Array.of(6) }, "dataset observation: found 5 numbers, expected 6 x 1"],
    ["no rate", { controlRate: 0 }, "found control rate 0"],
    ["units missing", { action: { ...dataset.action, units: [] } }, "dataset action: found 0 units, expected 2"],
    [
      "a NaN",
      {
        action: column([
          [0, 0],
          [0, Number.NaN],
          [0, 0],
          [0, 0],
          [0, 0],
        ]),
      },
      "dataset action, row 1, c1: found NaN, expected a finite number",
    ],
  ])("refuses %s", (_, change, message) => {
    expect(() => createDataset({ ...dataset, ...change })).toThrow(message);
  });
});

it("rowsOf: the rows of episodes in their order", () => {
  expect([...rowsOf(dataset.episodeEnds, [1, 0])]).toEqual([2, 3, 4, 0, 1]);
  expect(() => rowsOf(dataset.episodeEnds, [2])).toThrow("episode: found 2, expected an integer from 0 to 1");
});

describe("datasetOf episodes", () => {
  const spec: EnvironmentSpec = {
    name: "test",
    observation: {
      pose: box({ name: "x", unit: "m", low: 0, high: 9 }, { name: "yaw", unit: "rad", low: -1, high: 1 }),
      goal: box({ name: "x", unit: "m", low: 0, high: 9 }),
    },
    action: box({ name: "force", unit: "N", low: -1, high: 1 }),
    controlRate: 20,
    maxSteps: 9,
  };
  const step = (value: number): Step => ({
    observation: { goal: Float32Array.of(value + 2), pose: Float32Array.of(value, value + 1) },
    action: Float32Array.of(-value),
    controller: "expert",
    chunkPlace: 0,
    reward: 0,
    terminated: false,
    truncated: false,
    time: 0,
  });
  const episode = (actor: string, ...values: number[]) =>
    episodeOf({ spec, seed: 0, actor, info: { success: true } }, values.map(step));
  const provenance = { format: "rollouts", source: "seeds 0-2", notes: [] };

  it("packs arrays side by side, episodes below each other", () => {
    const made = datasetOf([episode("left", 0, 10), episode("right", 20), episode("left", 30)], provenance);
    expect(made).toMatchObject({ task: "test", controlRate: 20 });
    expect(made.observation.names).toEqual(["pose.x", "pose.yaw", "goal.x"]);
    expect(made.observation.units).toEqual(["m", "rad", "m"]);
    expect([...made.observation.values]).toEqual([0, 1, 2, 10, 11, 12, 20, 21, 22, 30, 31, 32]);
    expect([...made.action.values]).toEqual([-0, -10, -20, -30]);
    expect([...made.episodeEnds]).toEqual([2, 3, 4]);
    expect(made.provenance).toEqual({ ...provenance, actors: ["left", "right"] });
  });

  it("refuses none, and two tasks", () => {
    expect(() => datasetOf([], provenance)).toThrow("found no episodes");
    const other = { ...episode("left", 1), spec: { ...spec, name: "other" } };
    expect(() => datasetOf([episode("left", 0), other], provenance)).toThrow("found tasks test and other");
  });
});

describe("fitNormaliser", () => {
  const apply = ({ scale, offset }: ReturnType<typeof fitNormaliser>, row: readonly number[]) =>
    row.map((value, i) => scale[i] * value + offset[i]);
  const rows = [
    [0, 10, 5],
    [2, 30, 5],
    [1, 20, 5],
  ];

  it("limits: ALGORITHMS.md 11.10, with a constant column and unseen values", () => {
    const normaliser = fitNormaliser(column(rows), [0, 1, 2], "limits");
    expect([...normaliser.scale]).toEqual([1, Math.fround(0.1), 1]);
    expect([...normaliser.offset]).toEqual([-1, -2, -5]);
    const expected = [
      [-1, -1, 0],
      [1, 1, 0],
      [0, 0, 0],
    ];
    rows.forEach((row, i) => {
      apply(normaliser, row).forEach((value, j) => {
        expect(value).toBeCloseTo(expected[i][j], 6);
      });
    });
    apply(normaliser, [3, 0, 6]).forEach((value, j) => {
      expect(value).toBeCloseTo([2, -2, 1][j], 6);
    });
  });

  it("standard: mean 0, deviation 1 with n - 1, a constant column stays in its unit", () => {
    const normaliser = fitNormaliser(column(rows), [0, 1, 2], "standard");
    // Deviations of 0, 2, 1 and 10, 30, 20 with n - 1 = 2: 1 and 10.
    expect([...normaliser.scale]).toEqual([1, Math.fround(0.1), 1]);
    expect([...normaliser.offset]).toEqual([-1, -2, -5]);
    expect([...fitNormaliser(column(rows), [1], "standard").scale]).toEqual([1, 1, 1]);
  });

  it("sees the given rows only", () => {
    expect([...fitNormaliser(column(rows), [0, 2], "limits").scale]).toEqual([2, Math.fround(0.2), 1]);
    expect(() => fitNormaliser(column(rows), [], "limits")).toThrow("found no rows");
  });

  it("keeps the deviation of a narrow column far from zero", () => {
    // 1000 +- 0.25: squares of values would lose it in float32; two passes in float64 do not.
    const values = Array.from({ length: 1000 }, (_, i) => [1000 + (i % 2 === 0 ? 0.25 : -0.25)]);
    const { scale } = fitNormaliser(column(values), Array.from(values.keys()), "standard");
    expect(scale[0]).toBeCloseTo(4 * Math.sqrt(999 / 1000), 4);
  });
});

describe("trivial predictors", () => {
  const windows = windowsOf(dataset.episodeEnds, { observationHorizon: 2, predictionHorizon: 3, actionHorizon: 2 });

  it("mean: of the given rows, throughout", () => {
    const mean = meanOf(dataset.action, [1, 2]);
    expect([...mean]).toEqual([1.5, 15]);
    expect([...predictMean(windows, mean)]).toEqual(
      Array(windows.count * 3)
        .fill([1.5, 15])
        .flat(),
    );
    expect(() => meanOf(dataset.action, [])).toThrow("found no rows");
  });

  it("last: the action before the newest observation, the mean where an episode begins", () => {
    // Newest observations: rows 0, 1 of the first episode and 2, 3, 4 of the second.
    expect(windows.count).toBe(5);
    const predicted = predictLast(dataset, windows, [-1, -10]);
    const perWindow = [-1, 0, -1, 2, 3];
    expect([...predicted]).toEqual(
      perWindow.flatMap((value) =>
        Array(3)
          .fill([value, 10 * value])
          .flat(),
      ),
    );
  });
});
