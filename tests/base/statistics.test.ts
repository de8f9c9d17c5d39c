import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mcnemarExact, newcombe, quantile, wilson } from "../../src/base/index.ts";

describe("wilson", () => {
  // ALGORITHMS.md 11.11, computed with scipy in float64.
  it.each([
    [0, 10, 0, 0.2775327999],
    [5, 10, 0.2365930905, 0.7634069095],
    [10, 10, 0.7224672001, 1],
    [0, 50, 0, 0.07134759913],
    [25, 50, 0.3664451432, 0.6335548568],
    [45, 50, 0.7863976856, 0.9565242351],
    [48, 50, 0.8653990931, 0.9889611157],
    [50, 50, 0.9286524009, 1],
    [90, 100, 0.8256343385, 0.9447708629],
    [180, 200, 0.8505941876, 0.9343295513],
  ])("%i of %i", (successes, trials, low, high) => {
    const interval = wilson(successes, trials);
    expect(interval.rate).toBe(successes / trials);
    expect(interval.n).toBe(trials);
    expect(interval.low).toBeCloseTo(low, 9);
    expect(interval.high).toBeCloseTo(high, 9);
  });

  it("has the half-widths of ALGORITHMS.md 9.1 at p = 0.8", () => {
    for (const [n, half] of [
      [10, 0.2266],
      [50, 0.109],
      [500, 0.035],
      [1000, 0.0248],
    ]) {
      const { low, high } = wilson(0.8 * n, n);
      expect((high - low) / 2).toBeCloseTo(half, 4);
    }
  });

  it("contains its rate and stays within [0, 1]", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), fc.double({ min: 0, max: 1, noNaN: true }), (trials, share) => {
        const { rate, low, high } = wilson(Math.round(share * trials), trials);
        expect(low).toBeGreaterThanOrEqual(0);
        expect(low).toBeLessThanOrEqual(rate);
        expect(high).toBeGreaterThanOrEqual(rate);
        expect(high).toBeLessThanOrEqual(1);
      }),
    );
  });

  it("rejects impossible counts", () => {
    expect(() => wilson(1, 0)).toThrow("trials: found 0");
    expect(() => wilson(11, 10)).toThrow("successes: found 11, expected an integer from 0 to 10");
    expect(() => wilson(0.5, 10)).toThrow("successes: found 0.5");
  });
});

it("newcombe: 45/50 against 38/50 (ALGORITHMS.md 11.11)", () => {
  const { difference, low, high } = newcombe(wilson(45, 50), wilson(38, 50));
  expect(difference).toBeCloseTo(0.14, 12);
  expect(low).toBeCloseTo(-0.009397279766, 10);
  expect(high).toBeCloseTo(0.2855506706, 10);
});

describe("mcnemarExact", () => {
  it("has the values of ALGORITHMS.md 11.11", () => {
    // 2 (1 + 11 + 55) / 2^11 and 2 (1 + 9) / 2^9
    expect(mcnemarExact(9, 2)).toBeCloseTo(0.0654296875, 12);
    expect(mcnemarExact(2, 9)).toBeCloseTo(0.0654296875, 12);
    expect(mcnemarExact(8, 1)).toBeCloseTo(0.0390625, 12);
  });

  it("is 1 without evidence and does not underflow to a wrong 0 with much", () => {
    expect(mcnemarExact(0, 0)).toBe(1);
    expect(mcnemarExact(5, 5)).toBe(1);
    // Normal approximation at 2000 pairs: z = (1050 - 950) / sqrt(2000) = 2.236, two-sided 0.0253; with continuity 0.0269.
    expect(mcnemarExact(1050, 950)).toBeCloseTo(0.0269, 3);
    expect(() => mcnemarExact(-1, 3)).toThrow(RangeError);
  });
});

it("quantile: linear interpolation, ALGORITHMS.md 11.10", () => {
  const values = [1, 0, 0.5, 0, 0.1, 1, 0.2, 0, 0.9, 1];
  const edges = [0, 0.25, 0.5, 0.75, 1].map((fraction) => quantile(values, fraction));
  [0, 0.025, 0.35, 0.975, 1].forEach((edge, i) => {
    expect(edges[i]).toBeCloseTo(edge, 12);
  });
  expect(() => quantile([], 0.5)).toThrow("found no values");
  expect(() => quantile([1], 1.5)).toThrow("found 1.5");
});
