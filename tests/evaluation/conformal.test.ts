import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomKey, randomStream, wilson } from "../../src/base/index.ts";
import {
  calibrate,
  conformalBand,
  conformalRank,
  conformalThreshold,
  courseOf,
  excessOf,
  falseAlarms,
  firstAlarm,
  levelOf,
} from "../../src/evaluation/index.ts";

const reading = fc.integer({ min: -50, max: 50 });
const readings = fc.array(reading, { minLength: 1, maxLength: 12 });
const patience = fc.integer({ min: 1, max: 4 });
const alpha = fc.integer({ min: 1, max: 60 }).map((percent) => percent / 100);

describe("firstAlarm and levelOf", () => {
  it("count readings above the threshold, one after another", () => {
    const series = [1, 3, 3, 1, 3, 3, 3, 0];
    expect(firstAlarm(series, 2)).toBe(1);
    expect(firstAlarm(series, 2, 2)).toBe(2);
    expect(firstAlarm(series, 2, 3)).toBe(6);
    expect(firstAlarm(series, 2, 4)).toBeNull();
    expect(firstAlarm(series, 3)).toBeNull();
    expect(levelOf(series)).toBe(3);
    expect(levelOf(series, 4)).toBe(1);
    expect(levelOf([1, 2], 3)).toBe(Number.NEGATIVE_INFINITY);
  });

  it("read what a gate read, in the steps in which it did", () => {
    const gate = { doubt: Float64Array.of(Number.NaN, 0.5, Number.NaN, 0.25) };
    expect(courseOf({ gate }, "doubt")).toEqual({ readings: Float64Array.of(0.5, 0.25), steps: Int32Array.of(1, 3) });
    expect(() => courseOf({ gate }, "risk")).toThrow('found no reading "risk", expected one of doubt');
  });

  it("follow a threshold of every reading's own, and nothing is above where it has ended", () => {
    expect(firstAlarm([1, 2, 9], Float64Array.of(1, 1, 1))).toBe(1);
    expect(firstAlarm([1, 1, 9], Float64Array.of(1, 1))).toBeNull();
  });

  it("agree: there is an alarm under exactly the thresholds below the level", () => {
    fc.assert(
      fc.property(readings, patience, reading, (series, inRow, threshold) => {
        expect(firstAlarm(series, threshold, inRow) !== null).toBe(threshold < levelOf(series, inRow));
      }),
    );
  });

  it("refuse a patience that is no count, and NaN", () => {
    expect(() => levelOf([1], 0)).toThrow("patience: found 0, expected an integer >= 1");
    expect(() => levelOf([1, Number.NaN])).toThrow("number 1 is NaN");
  });
});

describe("the conformal threshold", () => {
  // ALGORITHMS.md 11.9 and 7.6
  it("is the finite-sample order statistic, infinite where there are too few scores", () => {
    expect([conformalRank(20, 0.1), conformalRank(8, 0.1)]).toEqual([19, 9]);
    const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
    expect(conformalThreshold(upTo(20), 0.1)).toBe(19);
    for (const [fewest, share] of [
      [9, 0.1],
      [19, 0.05],
      [99, 0.01],
    ]) {
      expect(conformalThreshold(upTo(fewest), share)).toBe(fewest);
      expect(conformalThreshold(upTo(fewest - 1), share)).toBe(Number.POSITIVE_INFINITY);
    }
    // in whole numbers: rounding never asks for one too many
    for (let count = 1; count < 500; count++) {
      for (const tenths of [1, 2, 3, 4, 5, 6, 7, 8, 9]) {
        expect(conformalRank(count, tenths / 10)).toBe(Math.ceil(((count + 1) * (10 - tenths)) / 10));
      }
    }
    expect(() => conformalThreshold([1, Number.NaN], 0.1)).toThrow("found NaN");
    expect(() => conformalThreshold([1], 0)).toThrow("alpha: found 0, expected a number between 0 and 1");
  });

  it("is exceeded by at most a share alpha, whichever of n + 1 scores is the new one, ties or none", () => {
    fc.assert(
      fc.property(fc.array(reading, { minLength: 2, maxLength: 60 }), alpha, (scores, share) => {
        const exceeding = scores.filter((score, i) => score > conformalThreshold(scores.toSpliced(i, 1), share));
        expect(exceeding.length).toBeLessThanOrEqual(share * scores.length + 1e-9);
      }),
    );
  });

  it("keeps its promise for episodes, whatever the patience", () => {
    const episodes = fc.array(readings, { minLength: 2, maxLength: 30 });
    fc.assert(
      fc.property(episodes, alpha, patience, (all, share, inRow) => {
        const alarms = all.filter(
          (episode, i) => firstAlarm(episode, calibrate(all.toSpliced(i, 1), share, inRow), inRow) !== null,
        );
        expect(alarms.length).toBeLessThanOrEqual(share * all.length + 1e-9);
      }),
    );
  });
});

describe("the conformal band", () => {
  const fit = [
    [1, 2, 3],
    [1.2, 1.8, 3.3],
    [0.9, 2.2, 2.8],
    [1.1, 2.1, 3.1],
    [0.8, 1.9, 2.9],
  ];
  const calibration = [
    [1, 2.1, 3.2],
    [1.3, 2, 2.9],
    [0.7, 1.7, 3],
    [1.1, 2.4, 3.1],
    [1.05, 1.95, 3.05],
    [0.95, 2.05, 3.6],
  ];

  // ALGORITHMS.md 11.9, "CP band"
  it("has the reference's values", () => {
    const { mean, modulation, width, upper } = conformalBand(fit, calibration, 0.2);
    const close = (found: Float64Array, expected: number[]) =>
      expected.forEach((value, t) => {
        expect(found[t]).toBeCloseTo(value, 8);
      });
    close(mean, [1, 2, 3.02]);
    // gamma is the 5th smallest of 5, 0.28: all curves are kept
    close(modulation, [0.20000001, 0.20000001, 0.28000001]);
    expect(width).toBeCloseTo(2.071428497, 8);
    close(upper, [1.41428572, 2.41428572, 3.6]);
  });

  it("is shaped by the usual curves alone", () => {
    // At alpha 0.5 gamma is the ceil(3) = 3rd smallest of the largest deviations .02, .1, .2, .22, .28: 0.2.
    const { modulation } = conformalBand(fit, calibration, 0.5);
    // kept are rows 1, 4 and 5: |1.1 - 1|, |0.8 - 1|, then |2.1 - 2|, then |2.9 - 3.02|
    for (const [t, value] of [0.2, 0.1, 0.12].entries()) expect(modulation[t]).toBeCloseTo(value, 6);
  });

  it("goes on with the last reading of a short episode, and judges nothing beyond the longest", () => {
    const band = conformalBand([[1, 2], [3]], [[0, 0, 99], [5]], 0.5);
    expect([...band.mean]).toEqual([2, 2.5]);
    expect(firstAlarm([0, 0, 1e9], band.upper)).toBeNull();
    // excess of [0, 0]: -2 / 1; of [5, 5]: max(3 / 1, 2.5 / 0.5), the 2nd smallest of two: 5
    expect(band.width).toBeCloseTo(5, 6);
  });

  it("has an excess that reaches its width exactly where the readings reach it", () => {
    const band = conformalBand(fit, calibration, 0.2);
    // (3.58 - 3.02) / 0.28, up to the 1e-8
    expect(excessOf(band, [1, 2, 3.58, 9])[2]).toBeCloseTo(2, 6);
    expect(excessOf(band, [1, 2, 3.58, 9])).toHaveLength(3);
    expect(excessOf(band, [1.4])).toHaveLength(1);
    for (const course of calibration) {
      const above = levelOf(excessOf(band, course)) > band.width + 1e-9;
      expect(
        firstAlarm(
          course,
          band.upper.map((value) => value + 1e-9),
        ) !== null,
      ).toBe(above);
    }
  });

  it("is infinitely wide where there are too few episodes to calibrate on", () => {
    const band = conformalBand(fit, calibration, 0.1);
    expect(band.width).toBe(Number.POSITIVE_INFINITY);
    expect(firstAlarm([9, 9, 9], band.upper)).toBeNull();
  });

  it("keeps its promise, whichever of n + 1 episodes is the new one", () => {
    const some = fc.array(readings, { minLength: 2, maxLength: 20 });
    fc.assert(
      fc.property(some, some, alpha, (fitted, all, share) => {
        const alarms = all.filter((episode, i) => {
          const { upper } = conformalBand(fitted, all.toSpliced(i, 1), share);
          const last = episode[episode.length - 1];
          return (
            firstAlarm(
              Array.from(upper, (_, t) => episode[t] ?? last),
              upper.map((value) => value + 1e-6),
            ) !== null
          );
        });
        expect(alarms.length).toBeLessThanOrEqual(share * all.length + 1e-9);
      }),
    );
  });

  it("refuses what it cannot be made of", () => {
    expect(() => conformalBand([], calibration, 0.1)).toThrow("no episodes to fit");
    expect(() => conformalBand([[1], []], calibration, 0.1)).toThrow("without readings");
  });
});

describe("falseAlarms", () => {
  it("measures the promise on fresh successes", () => {
    expect(falseAlarms([[1, 2], [3], [0, 5]], 2)).toEqual(wilson(2, 3));
    // 4000 calibrations on 99 successes at alpha 0.1, each tried on one more: above the 90th smallest with probability 10 / 100
    const stream = randomStream(randomKey(4));
    const episode = () => Array.from({ length: 5 }, () => stream.normal());
    let alarms = 0;
    for (let i = 0; i < 4000; i++) {
      const threshold = calibrate(
        Array.from({ length: 99 }, () => episode()),
        0.1,
      );
      alarms += falseAlarms([episode()], threshold).rate;
    }
    // standard deviation sqrt(0.09 / 4000) = 0.0047; four of them
    expect(Math.abs(alarms / 4000 - 0.1)).toBeLessThan(0.019);
  });
});
