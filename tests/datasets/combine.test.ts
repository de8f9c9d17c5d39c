import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import {
  chosenColumns,
  combineDatasets,
  createDataset,
  type Dataset,
  lengthOf,
  selectObservation,
} from "../../src/datasets/index.ts";

/** Episodes of these lengths whose numbers count up from `first`. */
function counted(lengths: readonly number[], first: number, over: Partial<Dataset> = {}): Dataset {
  const rows = lengths.reduce((sum, length) => sum + length, 0);
  const count = (width: number) => Float32Array.from({ length: rows * width }, (_, i) => first + i);
  let end = 0;
  return createDataset({
    task: "counted",
    observation: { names: ["motion.speed", "motion.yaw", "lidar.0"], units: ["m/s", "rad/s", "m"], values: count(3) },
    action: { names: ["steer"], units: ["rad"], values: count(1) },
    episodeEnds: Int32Array.from(lengths, (length) => {
      end += length;
      return end;
    }),
    controlRate: 10,
    provenance: { format: "made", source: `from ${first}`, actors: ["left"], notes: [] },
    ...over,
  });
}

describe("combineDatasets", () => {
  const [one, two] = [counted([2, 3], 0), counted([4], 1000)];

  it("puts rows and episodes one after another, and remembers which came from where", () => {
    const both = combineDatasets([
      { dataset: one, weight: 1 },
      { dataset: two, weight: 3 },
    ]);
    expect(Array.from(both.episodeEnds)).toEqual([2, 5, 9]);
    expect(lengthOf(both)).toBe(9);
    expect(Array.from(both.action.values)).toEqual([0, 1, 2, 3, 4, 1000, 1001, 1002, 1003]);
    expect(Array.from(both.observation.values.subarray(12, 18))).toEqual([12, 13, 14, 1000, 1001, 1002]);
    expect(both.observation.names).toEqual(one.observation.names);
    expect(both.parts).toEqual([
      { end: 5, weight: 1 },
      { end: 9, weight: 3 },
    ]);
    expect(both.provenance).toEqual({ format: "made", source: "from 0, from 1000", actors: ["left"], notes: [] });
  });

  it("leaves one alone as it is", () => {
    expect(combineDatasets([{ dataset: one, weight: 7 }])).toBe(one);
  });

  it.each([
    [{ task: "other" }, 'task "other", expected "counted" as in from 0'],
    [{ controlRate: 20 }, "control rate 20, expected 10 as in from 0"],
    [
      { action: { ...two.action, names: ["wheel"] } },
      'action [["wheel"],["rad"],null], expected [["steer"],["rad"],null] as in from 0',
    ],
    [{ action: { ...two.action, units: ["1"] } }, 'action [["steer"],["1"],null]'],
    [{ action: { ...two.action, resolution: [0.5] } }, 'action [["steer"],["rad"],[0.5]]'],
    [{ observation: { ...two.observation, units: ["km/h", "rad/s", "m"] } }, "observation [["],
  ])("refuses what differs in %j", (over, words) => {
    const parts = [one, { ...two, ...over }].map((dataset) => ({ dataset, weight: 1 }));
    expect(() => combineDatasets(parts)).toThrow(InputError);
    expect(() => combineDatasets(parts)).toThrow(`dataset from 1000: ${words}`);
  });

  it.each([0, -1, Number.NaN, Infinity])("refuses a weight of %d", (weight) => {
    const parts = [
      { dataset: one, weight: 1 },
      { dataset: two, weight },
    ];
    expect(() => combineDatasets(parts)).toThrow(`dataset from 1000: weight ${weight}, expected a number above 0`);
  });
});

describe("the columns that are looked at", () => {
  const NAMES = ["motion.speed", "motion.yaw", "lidar.0", "lidar.1", "lidar.10", "time"];

  it.each([
    [[], [0, 1, 2, 3, 4, 5]],
    [["motion"], [0, 1]],
    [["lidar.1"], [3]],
    [
      ["time", "motion.yaw"],
      [1, 5],
    ],
    [
      ["motion.speed", "motion"],
      [0, 1],
    ],
  ])("%j are %j, in their own order", (choice, columns) => {
    expect(chosenColumns(NAMES, choice)).toEqual(columns);
  });

  it("are refused by a name that none has, with the nearest", () => {
    expect(() => chosenColumns(NAMES, ["motion", "lidra"])).toThrow(
      'observation "lidra": expected some of motion, lidar, time; did you mean "lidar"?',
    );
    // a beginning ends at a dot
    expect(() => chosenColumns(NAMES, ["mot"])).toThrow(InputError);
  });

  it("are all that is left of an observation", () => {
    const dataset = counted([2, 1], 0);
    const seen = selectObservation(dataset, ["lidar", "motion.speed"]);
    expect(seen.observation.names).toEqual(["motion.speed", "lidar.0"]);
    expect(seen.observation.units).toEqual(["m/s", "m"]);
    expect(Array.from(seen.observation.values)).toEqual([0, 2, 3, 5, 6, 8]);
    expect({ ...seen, observation: null }).toEqual({ ...dataset, observation: null });
    expect(selectObservation(dataset, [])).toBe(dataset);
    expect(selectObservation(dataset, ["motion", "lidar"])).toBe(dataset);
  });

  it("keep the shares of a combined dataset", () => {
    const both = combineDatasets([
      { dataset: counted([2], 0), weight: 1 },
      { dataset: counted([3], 100), weight: 2 },
    ]);
    const seen = selectObservation(both, ["motion.yaw"]);
    expect(seen.parts).toEqual(both.parts);
    expect(Array.from(seen.observation.values)).toEqual([1, 4, 101, 104, 107]);
  });
});
