import { describe, expect, it } from "vitest";
import {
  meanOfValues,
  newcombe,
  newcombePaired,
  randomKey,
  randomStream,
  studentQuantile,
  wilson,
} from "../../src/base/index.ts";

// Tables of Student's t, 0.975: NIST/SEMATECH e-Handbook of Statistical Methods 1.3.6.7.2.
it.each([
  [1, 12.706],
  [2, 4.303],
  [3, 3.182],
  [4, 2.776],
  [10, 2.228],
  [29, 2.045],
  [30, 2.042],
  [99, 1.984],
  [100, 1.984],
  // 1.959964 + (1.959964^3 + 1.959964) / (4 · 4999), the first terms in 1 / degrees (Abramowitz and Stegun 26.7.5)
  [4999, 1.9604384],
])("t of %i degrees of freedom", (degrees, expected) => {
  expect(studentQuantile(degrees)).toBeCloseTo(expected, degrees > 1000 ? 6 : 3);
});

it("puts Student's interval about a mean", () => {
  // mean 3, deviation sqrt(10 / 4) = 1.5811, t(0.975, 4) = 2.7764: half the width is 2.7764 · 1.5811 / sqrt(5) = 1.9632
  const { mean, low, high, n } = meanOfValues([1, 2, 3, 4, 5]);
  expect({ mean, n }).toEqual({ mean: 3, n: 5 });
  expect(low).toBeCloseTo(3 - 1.9632, 4);
  expect(high).toBeCloseTo(3 + 1.9632, 4);
  expect(meanOfValues([7, 7])).toEqual({ mean: 7, low: 7, high: 7, n: 2 });
  expect(meanOfValues([7])).toEqual({ mean: 7, low: -Infinity, high: Infinity, n: 1 });
  expect(() => meanOfValues([])).toThrow("found no values");
});

describe("newcombePaired", () => {
  it("is the interval of independent rates where outcomes agree by chance only", () => {
    // 4 · 4 = 2 · 8: phi is 0.
    const { low, high, difference } = newcombePaired({ both: 4, onlyFirst: 2, onlySecond: 8, neither: 4 });
    const apart = newcombe(wilson(6, 18), wilson(12, 18));
    expect([low, high, difference]).toEqual([apart.low, apart.high, apart.difference]);
  });

  it("covers the true difference in about 95 of 100 cases, and is narrower where outcomes agree", () => {
    // Of 60 pairs, each of both 0.5, only the first 0.2, only the second 0.05, neither 0.25: the difference is 0.15.
    const random = randomStream(randomKey(11));
    let [covered, narrower] = [0, 0];
    const experiments = 1500;
    for (let i = 0; i < experiments; i++) {
      const counts = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
      for (let pair = 0; pair < 60; pair++) {
        const u = random.uniform();
        counts[u < 0.5 ? "both" : u < 0.7 ? "onlyFirst" : u < 0.75 ? "onlySecond" : "neither"] += 1;
      }
      const { low, high } = newcombePaired(counts);
      if (low <= 0.15 && 0.15 <= high) covered += 1;
      const [first, second] = [counts.both + counts.onlyFirst, counts.both + counts.onlySecond];
      const apart = newcombe(wilson(first, 60), wilson(second, 60));
      if (high - low < apart.high - apart.low) narrower += 1;
    }
    // Deviation of the count: sqrt(1500 · 0.95 · 0.05) = 8.4; four of them are 0.0225.
    expect(Math.abs(covered / experiments - 0.95)).toBeLessThan(0.0225);
    expect(narrower / experiments).toBeGreaterThan(0.95);
  });
});
