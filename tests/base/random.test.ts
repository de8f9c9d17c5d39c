import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIn, type Key, randomKey, randomStream, split, threefry } from "../../src/base/index.ts";

const hex = (text: string): [number, number] =>
  text.split(" ").map((word) => Number.parseInt(word, 16)) as [number, number];

describe("threefry", () => {
  // Random123 1.14 (Salmon et al. 2011), tests/kat_vectors, lines "threefry2x32 20": counter, key, result
  it.each([
    ["00000000 00000000", "00000000 00000000", "6b200159 99ba4efe"],
    ["ffffffff ffffffff", "ffffffff ffffffff", "1cb996fc bb002be7"],
    ["243f6a88 85a308d3", "13198a2e 03707344", "c4923a9c 483df7a0"],
  ])("of counter %s under key %s is %s", (counter, key, result) => {
    expect(threefry(hex(key), ...hex(counter))).toEqual(hex(result));
  });
});

describe("keys", () => {
  it("of a seed are its upper and lower 32 bits", () => {
    expect(randomKey(0)).toEqual([0, 0]);
    // 2^53 - 1 = (2^21 - 1)·2^32 + (2^32 - 1)
    expect(randomKey(2 ** 53 - 1)).toEqual([2 ** 21 - 1, 2 ** 32 - 1]);
    expect(randomKey(5 * 2 ** 32 + 3)).toEqual([5, 3]);
  });

  it.each([-1, 0.5, Number.NaN, 2 ** 53])("refuse the seed %d and say so", (seed) => {
    expect(() => randomKey(seed)).toThrow(
      new RangeError(`seed: found ${seed}, expected an integer from 0 to 2^53 - 1`),
    );
  });

  it("made by split and foldIn are all different, and repeat", () => {
    const key = randomKey(7);
    const made = [...split(key, 1000), ...Array.from({ length: 1000 }, (_, index) => foldIn(key, index))];
    expect(new Set(made.map(String)).size).toBe(2000);
    expect(split(key, 1000)).toEqual(made.slice(0, 1000));
    // more of them leaves the first ones alone
    expect(split(key, 3)).toEqual(made.slice(0, 3));
  });

  it("made by split give streams that do not move together", () => {
    const count = 4000;
    const [a, b] = split(randomKey(3), 2).map((key) => {
      const stream = randomStream(key);
      return Array.from({ length: count }, () => stream.normal());
    });
    const correlation = a.reduce((sum, value, index) => sum + value * b[index], 0) / count;
    // a correlation of independent normals has a standard deviation of 1/√4000 = 0.0158; four of them
    expect(Math.abs(correlation)).toBeLessThan(0.0633);
  });
});

describe("streams", () => {
  const draw = {
    bits: (stream: ReturnType<typeof randomStream>) => stream.bits(),
    uniform: (stream: ReturnType<typeof randomStream>) => stream.uniform(),
    normal: (stream: ReturnType<typeof randomStream>) => stream.normal(),
    integer: (stream: ReturnType<typeof randomStream>) => stream.integer(-3, 4),
    permutation: (stream: ReturnType<typeof randomStream>) => [...stream.permutation(5)],
  };
  const step = fc.constantFrom(...(Object.keys(draw) as (keyof typeof draw)[]));
  const seeds = fc.integer({ min: 0, max: 2 ** 40 }).map(randomKey);

  it("go on from their position with the same numbers, whatever was drawn before", () => {
    fc.assert(
      fc.property(
        seeds,
        fc.array(step, { maxLength: 20 }),
        fc.array(step, { minLength: 1, maxLength: 20 }),
        (key, first, then) => {
          const whole = randomStream(key);
          for (const name of first) draw[name](whole);
          const resumed = randomStream(key, whole.position());
          for (const name of then) expect(draw[name](resumed)).toEqual(draw[name](whole));
          expect(resumed.position()).toBe(whole.position());
        },
      ),
      { numRuns: 200 },
    );
  });

  it("draw the two words of each block in turn", () => {
    const key: Key = [1, 2];
    const stream = randomStream(key);
    const words = Array.from({ length: 6 }, () => stream.bits());
    expect(words).toEqual([0, 1, 2].flatMap((index) => threefry(key, 0, index)));
    // past 2^32 blocks the upper counter moves on
    expect(randomStream(key, 2 ** 33).bits()).toBe(threefry(key, 1, 0)[0]);
  });

  it("give uniforms in [0, 1) that float32 holds", () => {
    const stream = randomStream(randomKey(1));
    const values = Array.from({ length: 20_000 }, () => stream.uniform());
    expect(values.every((value) => value >= 0 && value < 1 && Math.fround(value) === value)).toBe(true);
    // Kolmogorov and Smirnov: 1.95 / √n is passed by chance once in a thousand
    expect(kolmogorov(values, (value) => value)).toBeLessThan(1.95 / Math.sqrt(values.length));
  });

  it("give normals with the moments of a standard normal", () => {
    const stream = randomStream(randomKey(2));
    const values = Array.from({ length: 40_000 }, () => stream.normal());
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / values.length;
    // four standard deviations of the mean of n draws of z, z², z³, z⁴: √(1, 2, 15, 96)/√n
    const within = (variance: number) => 4 * Math.sqrt(variance / values.length);
    expect(Math.abs(moment(1))).toBeLessThan(within(1));
    expect(Math.abs(moment(2) - 1)).toBeLessThan(within(2));
    expect(Math.abs(moment(3))).toBeLessThan(within(15));
    expect(Math.abs(moment(4) - 3)).toBeLessThan(within(96));
  });

  it("give every integer of a range equally often, and none outside", () => {
    const stream = randomStream(randomKey(4));
    const counts = new Map<number, number>();
    for (let index = 0; index < 21_000; index++) {
      const value = stream.integer(-3, 4);
      counts.set(value, (counts.get(value) ?? 0) + 1);
    }
    expect([...counts.keys()].sort((a, b) => a - b)).toEqual([-3, -2, -1, 0, 1, 2, 3]);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 3000) ** 2 / 3000, 0);
    // chi-square with 6 degrees of freedom: 22.46 is passed by chance once in a thousand
    expect(chiSquare).toBeLessThan(22.46);
    expect(() => stream.integer(3, 3)).toThrow(new RangeError("integer: empty or too wide range [3, 3)"));
    expect(() => stream.integer(0, 2 ** 33)).toThrow(RangeError);
  });

  it("give permutations: every number once", () => {
    fc.assert(
      fc.property(seeds, fc.integer({ min: 0, max: 60 }), (key, count) => {
        const order = randomStream(key).permutation(count);
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, index) => index));
      }),
    );
  });

  it("give each of the six orders of three equally often", () => {
    const stream = randomStream(randomKey(5));
    const counts = new Map<string, number>();
    for (let index = 0; index < 6000; index++) {
      const order = String(stream.permutation(3));
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
    // 5 degrees of freedom: 20.52 once in a thousand
    expect(chiSquare).toBeLessThan(20.52);
  });
});

/** Largest distance between the empirical distribution of `values` and `cumulative`. */
function kolmogorov(values: readonly number[], cumulative: (value: number) => number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted.reduce((largest, value, index) => {
    const expected = cumulative(value);
    return Math.max(largest, expected - index / sorted.length, (index + 1) / sorted.length - expected);
  }, 0);
}
