import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { splitByEpisode, splitByTime, splitDataset, windowsOf } from "../../src/datasets/index.ts";
import type { Horizons } from "../../src/world/index.ts";

const lengths = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1, maxLength: 8 });
const horizons = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 6 }))
  .map(([observationHorizon, actionHorizon, spare]) => ({
    observationHorizon,
    actionHorizon,
    predictionHorizon: observationHorizon - 1 + actionHorizon + spare,
  }));

const endsOf = (lengths: readonly number[]) => {
  let end = 0;
  return Int32Array.from(lengths, (length) => {
    end += length;
    return end;
  });
};

/** The slow plain twin: writes each episode out as a padded list and cuts every window from it. */
function plainWindows(
  lengths: readonly number[],
  { observationHorizon: To, predictionHorizon: Tp, actionHorizon: Ta }: Horizons,
) {
  const observation: number[] = [];
  const action: number[] = [];
  const padded: number[] = [];
  let start = 0;
  for (const length of lengths) {
    const rows = Array.from({ length }, (_, i) => ({ row: start + i, padded: 0 }));
    const before = Array(To - 1).fill({ row: start, padded: 1 });
    const after = Array(Tp).fill({ row: start + length - 1, padded: 1 });
    const list = [...before, ...rows, ...after];
    for (let s = -(To - 1); s <= length - Tp + (Ta - 1); s++) {
      const cut = list.slice(s + To - 1, s + To - 1 + Tp);
      observation.push(...cut.slice(0, To).map(({ row }) => row));
      action.push(...cut.map(({ row }) => row));
      padded.push(...cut.map(({ padded }) => padded));
    }
    start += length;
  }
  return { observation, action, padded };
}

describe("windowsOf", () => {
  it("has L - Tp + Ta + To - 1 windows per episode: L - 7 at 16/8/2 (ALGORITHMS.md 4.6)", () => {
    const { count, observation, action, padded } = windowsOf(Int32Array.of(20), {
      observationHorizon: 2,
      predictionHorizon: 16,
      actionHorizon: 8,
    });
    expect(count).toBe(13);
    // First window: s = -1; last: s = 20 - 16 + 7 = 11.
    expect([...observation.subarray(0, 2)]).toEqual([0, 0]);
    expect([...action.subarray(0, 16)]).toEqual([0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14]);
    expect([...padded.subarray(0, 16)]).toEqual([1, ...Array(15).fill(0)]);
    expect([...observation.subarray(24)]).toEqual([11, 12]);
    expect([...action.subarray(12 * 16)]).toEqual([11, 12, 13, 14, 15, 16, 17, 18, 19, ...Array(7).fill(19)]);
    expect([...padded.subarray(12 * 16)]).toEqual([...Array(9).fill(0), ...Array(7).fill(1)]);
  });

  it("equals its slow plain twin", () => {
    fc.assert(
      fc.property(lengths, horizons, (lengths, horizons) => {
        const { count, observation, action, padded } = windowsOf(endsOf(lengths), horizons);
        const plain = plainWindows(lengths, horizons);
        expect(count * horizons.observationHorizon).toBe(observation.length);
        expect({ observation: [...observation], action: [...action], padded: [...padded] }).toEqual(plain);
      }),
    );
  });

  it("never crosses an episode, and plans at every step but the last Tp - Ta - (To - 1)", () => {
    fc.assert(
      fc.property(lengths, horizons, (lengths, horizons) => {
        const { observationHorizon, predictionHorizon, actionHorizon } = horizons;
        const ends = endsOf(lengths);
        const episodeOf = (row: number) => ends.findIndex((end) => row < end);
        const windows = windowsOf(ends, horizons);
        const newest: number[] = [];
        for (let window = 0; window < windows.count; window++) {
          const rows = [
            ...windows.observation.subarray(window * observationHorizon, (window + 1) * observationHorizon),
            ...windows.action.subarray(window * predictionHorizon, (window + 1) * predictionHorizon),
          ];
          expect(new Set(rows.map(episodeOf)).size).toBe(1);
          newest.push(rows[observationHorizon - 1]);
        }
        const unplanned = predictionHorizon - actionHorizon - (observationHorizon - 1);
        const planned = lengths.flatMap((length, i) =>
          Array.from({ length: Math.max(0, length - unplanned) }, (_, step) => ends[i] - length + step),
        );
        expect(newest).toEqual(planned);
      }),
    );
  });

  it("takes the named episodes only, in the given order", () => {
    const horizons = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };
    const { action } = windowsOf(Int32Array.of(2, 5, 6), horizons, [2, 0]);
    expect([...action]).toEqual([5, 0, 1]);
    expect(() => windowsOf(Int32Array.of(2), horizons, [1])).toThrow("episode: found 1");
    expect(() => windowsOf(Int32Array.of(2), { ...horizons, actionHorizon: 2 })).toThrow("predictionHorizon: found 1");
  });
});

describe("splits", () => {
  it("by episode: every episode once, the asked share, the same for the same seed", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 2, maxLength: 40 }),
        fc.double({ min: 0.01, max: 0.99, noNaN: true }),
        fc.nat(),
        (lengths, validationFraction, seed) => {
          const ends = endsOf(lengths);
          const split = splitByEpisode(ends, { validationFraction, seed });
          expect([...split.train, ...split.validation].sort((a, b) => a - b)).toEqual([...lengths.keys()]);
          expect(split.validation.length).toBeGreaterThanOrEqual(1);
          expect(split.train.length).toBeGreaterThanOrEqual(1);
          expect(Math.abs(split.validation.length - validationFraction * lengths.length)).toBeLessThanOrEqual(1);
          expect(splitByEpisode(ends, { validationFraction, seed })).toEqual(split);
        },
      ),
    );
  });

  it("by episode: another seed holds out others", () => {
    const ends = endsOf(Array(100).fill(3));
    const of = (seed: number) => splitByEpisode(ends, { validationFraction: 0.1, seed }).validation;
    expect(of(1)).not.toEqual(of(2));
  });

  it("by time: the last share of the rows, no window across the cut", () => {
    const ends = Int32Array.of(100);
    const split = splitByTime(ends, { validationFraction: 0.2 });
    expect([...split.episodeEnds]).toEqual([80, 100]);
    expect([[...split.train], [...split.validation]]).toEqual([[0], [1]]);
    const horizons = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 3 };
    const train = windowsOf(split.episodeEnds, horizons, split.train);
    const validation = windowsOf(split.episodeEnds, horizons, split.validation);
    expect(Math.max(...train.action, ...train.observation)).toBe(79);
    expect(Math.min(...validation.action, ...validation.observation)).toBe(80);
  });

  it("by time with several episodes: cuts the one in the way, or none", () => {
    const cut = splitByTime(Int32Array.of(30, 60, 100), { validationFraction: 0.5 });
    expect([...cut.episodeEnds]).toEqual([30, 50, 60, 100]);
    expect([[...cut.train], [...cut.validation]]).toEqual([
      [0, 1],
      [2, 3],
    ]);
    const between = splitByTime(Int32Array.of(30, 60, 100), { validationFraction: 0.4 });
    expect([...between.episodeEnds]).toEqual([30, 60, 100]);
    expect([[...between.train], [...between.validation]]).toEqual([[0, 1], [2]]);
  });

  it("chooses by episode from five episodes on", () => {
    const options = { validationFraction: 0.2, seed: 3 };
    const five = Int32Array.of(10, 20, 30, 40, 50);
    expect(splitDataset({ episodeEnds: five }, options)).toEqual(splitByEpisode(five, options));
    const four = five.slice(0, 4);
    expect(splitDataset({ episodeEnds: four }, options)).toEqual(splitByTime(four, options));
  });

  it("refuses shares outside (0, 1) and nothing to share", () => {
    for (const validationFraction of [0, 1, -1, Number.NaN]) {
      expect(() => splitByEpisode(Int32Array.of(1, 2), { validationFraction, seed: 0 })).toThrow(
        "validationFraction: found",
      );
    }
    expect(() => splitByEpisode(Int32Array.of(9), { validationFraction: 0.5, seed: 0 })).toThrow(
      "split: found 1 episodes, expected at least 2",
    );
    expect(() => splitByTime(Int32Array.of(1), { validationFraction: 0.5 })).toThrow("found 1 steps");
  });
});
