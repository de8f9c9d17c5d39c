import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { wilson } from "../../src/base/index.ts";
import {
  auroc,
  aurocDifference,
  firstAlarm,
  judgeDetector,
  levels,
  separation,
  thresholdAt,
  type WatchedEpisode,
} from "../../src/evaluation/index.ts";

const scores = fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 30 });

/** The area under the curve of rates by trapezoids, over all thresholds: the slow twin. */
function byTrapezoids(positives: number[], negatives: number[]): number {
  const thresholds = [...new Set([...positives, ...negatives])].sort((a, b) => b - a);
  const share = (values: number[], least: number) => values.filter((value) => value >= least).length / values.length;
  const points = [[0, 0], ...thresholds.map((least) => [share(negatives, least), share(positives, least)])];
  return points.slice(1).reduce((sum, [x, y], i) => sum + ((x - points[i][0]) * (y + points[i][1])) / 2, 0);
}

describe("auroc", () => {
  it("has the reference's value and DeLong's interval", () => {
    // ALGORITHMS.md 11.9. Placements of the positives .5, 1, of the negatives 1, .5: variance .125/2 + .125/2 = .125.
    // On the logit: log 3 -+ 1.96 sqrt(.125) / (.75 · .25) = -2.597078, 4.794302
    const { auroc: area, low, high } = auroc([0.35, 0.8], [0.1, 0.4]);
    expect(area).toBe(0.75);
    expect(low).toBeCloseTo(1 / (1 + Math.exp(2.597078)), 5);
    expect(high).toBeCloseTo(1 / (1 + Math.exp(-4.794302)), 5);
    // by NumPy, from the covariance of the placements
    const other = auroc([0.9, 0.8, 0.75, 0.6, 0.4, 0.7], [0.1, 0.5, 0.3, 0.65, 0.2]);
    expect(other.low).toBeCloseTo(0.5295971759, 9);
    expect(other.high).toBeCloseTo(0.9862913109, 9);
    expect(other).toMatchObject({ positives: 6, negatives: 5 });
  });

  it("is the area under the curve, ties counting half, and lies within its interval", () => {
    fc.assert(
      fc.property(scores, scores, (positives, negatives) => {
        const { auroc: area, low, high } = auroc(positives, negatives);
        expect(area).toBeCloseTo(byTrapezoids(positives, negatives), 9);
        expect(auroc(negatives, positives).auroc).toBeCloseTo(1 - area, 9);
        const stretched = (values: number[]) => values.map((value) => Math.exp(value / 4));
        expect(auroc(stretched(positives), stretched(negatives)).auroc).toBeCloseTo(area, 9);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(area + 1e-9);
        expect(high).toBeGreaterThanOrEqual(area - 1e-9);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("is not sure of itself where all are told apart", () => {
    const { auroc: area, low, high } = auroc([5, 6, 7, Number.POSITIVE_INFINITY], [1, 2, 3]);
    expect([area, high]).toEqual([1, 1]);
    // Newcombe 2006, method 5: (1 - a)² = z² a (1 - a) (1 + 2.5 ((1 - a)/(2 - a) + a/(1 + a))) / 12
    const variance = (low * (1 - low) * (1 + 2.5 * ((1 - low) / (2 - low) + low / (1 + low)))) / 12;
    expect(1 - low).toBeCloseTo(1.959963985 * Math.sqrt(variance), 8);
    expect(low).toBeGreaterThan(0.3);
    const turned = auroc([1, 2, 3], [5, 6, 7, Number.POSITIVE_INFINITY]);
    expect(turned.low).toBe(0);
    expect(turned.high).toBeCloseTo(1 - low, 9);
  });

  it("is 1, and not sure of it, however many are all told apart", () => {
    for (let m = 1; m <= 30; m++) {
      for (let n = 1; n <= 30; n++) {
        const found = auroc(
          Array.from({ length: m }, (_, i) => 100 + i),
          Array.from({ length: n }, (_, i) => i),
        );
        expect([found.auroc, found.high]).toEqual([1, 1]);
        expect(found.low).toBeLessThan(0.99);
      }
    }
  });

  it("refuses a missing kind and NaN", () => {
    expect(() => auroc([], [1])).toThrow("found 0 positives and 1 negatives");
    expect(() => auroc([Number.NaN], [1])).toThrow("found NaN");
  });
});

describe("aurocDifference", () => {
  it("knows that both detectors judge the same episodes", () => {
    const first = { positives: [0.9, 0.8, 0.75, 0.6, 0.4, 0.7], negatives: [0.1, 0.5, 0.3, 0.65, 0.2] };
    const second = { positives: [0.6, 0.9, 0.2, 0.5, 0.45, 0.3], negatives: [0.3, 0.4, 0.5, 0.7, 0.1] };
    // by NumPy and SciPy: S = cov of the positives' placements / 6 + that of the negatives' / 5, variance S00 + S11 - 2 S01
    const found = aurocDifference(first, second);
    expect(found.difference).toBeCloseTo(0.3, 12);
    expect(found.low).toBeCloseTo(-0.0552950959, 9);
    expect(found.high).toBeCloseTo(0.6552950959, 9);
    expect(found.pValue).toBeCloseTo(0.0979383084, 9);
    expect(aurocDifference(first, first)).toEqual({ difference: 0, low: 0, high: 0, pValue: 1 });
  });

  it("has p-values far out in the tail", () => {
    const first = { positives: [5, 6, 7, 4, 6.5, 8, 9, 3.5, 2.9], negatives: [1, 2, 3, 2.5, 1.5, 0, 4.2, 0.2, 0.4] };
    const second = { positives: [1, 2, 0, 0.5, 2.5, 1.2, 3, 0.1, 0.7], negatives: [4, 5, 3, 6, 3.5, 2.2, 8, 4.4, 1.9] };
    // by SciPy: z = 14.557016718795625
    expect(aurocDifference(first, second).pValue / 5.270828030497929e-48).toBeCloseTo(1, 8);
  });

  it("refuses other numbers of episodes", () => {
    const one = { positives: [1], negatives: [1, 2] };
    expect(() => aurocDifference(one, { positives: [1], negatives: [1] })).toThrow("found 2 and 1 negatives");
  });
});

/** An episode of 100 steps that alarms at a step under every threshold in [0, 1), or never. */
const watched = (failed: boolean, alarm: number | null, irreversible?: number | null): WatchedEpisode => ({
  failed,
  length: 100,
  readings: Array.from({ length: 100 }, (_, step) => Number(step === alarm)),
  irreversible,
});

describe("judgeDetector", () => {
  // ALGORITHMS.md 11.9, "TWA": 3 failures, detections at 20 and 50 of 100, 8 of 10 successes without an alarm
  const episodes = [
    watched(true, 20, 60),
    watched(true, 50, 40),
    watched(true, null, 30),
    ...Array.from({ length: 10 }, (_, i) => watched(false, i < 2 ? 70 : null)),
  ];

  it("has the reference's values", () => {
    const found = judgeDetector(episodes, 0.5);
    expect(found.truePositives).toEqual(wilson(2, 3));
    expect(found.trueNegatives).toEqual(wilson(8, 10));
    expect(found.balancedAccuracy).toBeCloseTo(0.7333333333, 9);
    expect(found.timestepAccuracy).toBeCloseTo(0.6166666667, 9);
    // precision 2/4, recall 2/3
    expect(found.f1).toBeCloseTo((2 * 0.5 * (2 / 3)) / (0.5 + 2 / 3), 9);
    expect(found.detectionTime).toMatchObject({ mean: 0.35, n: 2 });
    // 60 - 20 and 40 - 50; one of three came in time
    expect(found.leadTime).toMatchObject({ mean: 15, n: 2 });
    expect(found.inTime).toEqual(wilson(1, 3));
  });

  it("has no times where there is no alarm, and none in time where nobody knows", () => {
    const found = judgeDetector([watched(true, 3), watched(false, null)], 2);
    expect(found).toMatchObject({ f1: 0, detectionTime: null, timestepAccuracy: 0.5, leadTime: null, inTime: null });
  });

  it("reads the steps at which readings were taken", () => {
    const failure = { failed: true, length: 40, readings: [0, 0, 1], steps: [0, 8, 16], irreversible: 20 };
    const found = judgeDetector([failure, watched(false, null)], 0.5);
    expect(found.detectionTime?.mean).toBe(16 / 40);
    expect(found.leadTime?.mean).toBe(4);
    expect(() => judgeDetector([{ ...failure, steps: [0, 8] }, watched(false, null)], 0.5)).toThrow(
      "found 3 readings at 2 steps",
    );
    expect(() => judgeDetector([{ ...failure, length: 10 }, watched(false, null)], 0.5)).toThrow(
      "a reading at step 16 of an episode of 10 steps",
    );
  });

  it("needs failures and successes", () => {
    expect(() => judgeDetector([watched(true, 1)], 0.5)).toThrow("found 1 failures and 0 successes");
  });
});

describe("separation and thresholdAt", () => {
  const episode = fc
    .record({ failed: fc.boolean(), readings: scores })
    .map(({ failed, readings }): WatchedEpisode => ({ failed, readings, length: readings.length }));
  const mixed = fc
    .array(episode, { minLength: 2, maxLength: 40 })
    .filter((all) => all.some(({ failed }) => failed) && all.some(({ failed }) => !failed));

  it("compare the levels that episodes reach", () => {
    fc.assert(
      fc.property(mixed, fc.integer({ min: 1, max: 3 }), (all, patience) => {
        const { failures, successes } = levels(all, patience);
        expect(separation(all, patience)).toEqual(auroc(failures, successes));
      }),
    );
  });

  it("give the least threshold with so few false alarms", () => {
    fc.assert(
      fc.property(mixed, fc.integer({ min: 0, max: 90 }), (all, percent) => {
        const successes = all.filter(({ failed }) => !failed);
        const alarms = (threshold: number) =>
          successes.filter(({ readings }) => firstAlarm(readings, threshold) !== null).length / successes.length;
        const threshold = thresholdAt(all, percent / 100);
        expect(alarms(threshold)).toBeLessThanOrEqual(percent / 100 + 1e-9);
        // readings are whole numbers
        expect(alarms(threshold - 1)).toBeGreaterThan(percent / 100);
      }),
    );
  });

  it("at 5 % of 40 successes allow two false alarms", () => {
    const successes = Array.from({ length: 40 }, (_, i) => ({ failed: false, length: 1, readings: [i] }));
    const all = [{ failed: true, length: 1, readings: [38.5] }, ...successes];
    expect(thresholdAt(all, 0.05)).toBe(37);
    expect(judgeDetector(all, 37).truePositives.rate).toBe(1);
    expect(() => thresholdAt(all, 1)).toThrow("share: found 1");
  });
});
