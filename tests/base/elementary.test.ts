import { describe, expect, it } from "vitest";
import { circle, logarithm } from "../../src/base/index.ts";
import { ARGUMENTS, HASH_OF_RESULTS, hashOfResults } from "./elementary-values.ts";

/** Distance in units of the last place of `expected`. */
function ulps(found: number, expected: number): number {
  const last = 2 ** (Math.floor(Math.log2(Math.max(Math.abs(expected), 2 ** -1000))) - 52);
  return Math.abs(found - expected) / last;
}

describe("logarithm", () => {
  it("is within 1 ulp of Math.log (itself within 1 of the truth) from 1e-300 to 1e300", () => {
    const worst = Math.max(...ARGUMENTS.map(({ positive }) => ulps(logarithm(positive), Math.log(positive))));
    expect(worst).toBeLessThanOrEqual(1.01);
  });

  it("is exact at 1 and right at the ends", () => {
    expect(logarithm(1)).toBe(0);
    expect(logarithm(Math.E)).toBeCloseTo(1, 15);
    // ln of the largest double and of the smallest normal one: 1024 ln 2 - 2^-53, -1022 ln 2
    expect(logarithm(Number.MAX_VALUE)).toBeCloseTo(709.782712893384, 12);
    expect(logarithm(2 ** -1022)).toBeCloseTo(-708.3964185322641, 12);
  });
});

describe("circle", () => {
  it("is within 8e-16 of Math.cos and Math.sin of 2πu, and on the unit circle", () => {
    const furthest = { cosine: 0, sine: 0, radius: 0 };
    for (const { turn } of ARGUMENTS) {
      const [cosine, sine] = circle(turn);
      // the argument 2π·turn is itself rounded, by half an ulp below 2π: 4.4e-16
      furthest.cosine = Math.max(furthest.cosine, Math.abs(cosine - Math.cos(2 * Math.PI * turn)));
      furthest.sine = Math.max(furthest.sine, Math.abs(sine - Math.sin(2 * Math.PI * turn)));
      furthest.radius = Math.max(furthest.radius, Math.abs(cosine * cosine + sine * sine - 1));
    }
    expect(furthest.cosine).toBeLessThan(8e-16);
    expect(furthest.sine).toBeLessThan(8e-16);
    expect(furthest.radius).toBeLessThan(5e-16);
  });

  it("is exact on the axes", () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((turn) => circle(turn).map((value) => value + 0))).toEqual([
      [1, 0],
      [0, 1],
      [-1, 0],
      [0, -1],
      [1, 0],
    ]);
  });
});

describe("the bits of both", () => {
  it("are these, here and in the browser (tests/browser/engine.test.ts)", () => {
    expect(hashOfResults()).toBe(HASH_OF_RESULTS);
  });
});
