import { describe, expect, it } from "vitest";
import { arctangent, circle, cosine, logarithm, sine } from "../../src/base/index.ts";
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

describe("sine, cosine and arctangent", () => {
  /** Angles from -1e6 to 1e6, dense around 0 and at the ends of every reduction. */
  const angles = ARGUMENTS.flatMap(({ turn }, i) => [
    40 * (turn - 0.5),
    2e6 * (turn - 0.5),
    ((i - 16_666) * Math.PI) / 4,
  ]);

  it("are within 1e-15 of Math's", () => {
    const worst = (own: (x: number) => number, theirs: (x: number) => number) =>
      Math.max(...angles.filter((x) => Math.abs(x) < 1e6).map((x) => Math.abs(own(x) - theirs(x))));
    expect(worst(sine, Math.sin)).toBeLessThan(1e-15);
    expect(worst(cosine, Math.cos)).toBeLessThan(1e-15);
    expect(worst(arctangent, Math.atan)).toBeLessThan(1e-15);
  });

  it("hold at the ends: 0, either sign, infinity", () => {
    expect([sine(0), cosine(0), arctangent(0)]).toEqual([0, 1, 0]);
    expect(arctangent(Number.POSITIVE_INFINITY)).toBe(Math.PI / 2);
    expect(arctangent(Number.NEGATIVE_INFINITY)).toBe(-Math.PI / 2);
    expect(angles.every((x) => sine(-x) === -sine(x) && cosine(-x) === cosine(x))).toBe(true);
  });
});
