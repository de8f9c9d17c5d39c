import { describe, expect, it } from "vitest";
import { preciseCosine, preciseSine, randomKey, randomStream } from "../../src/base/index.ts";

/** The slow twin: fixed point with 240 bits behind the point. */
const BITS = 240n;
const ONE = 1n << BITS;
const times = (a: bigint, b: bigint) => (a * b) >> BITS;

/** A double as it is, whose exponent is at least -200. */
function exact(x: number): bigint {
  const scaled = x * 2 ** 200;
  return BigInt(scaled) << (BITS - 200n);
}

/** 1/n - 1/(3 n³) + 1/(5 n⁵) - … */
function arctangentOfReciprocal(n: bigint): bigint {
  let [sum, power] = [0n, ONE / n];
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += k % 4n === 1n ? power / k : -(power / k);
    power /= n * n;
  }
  return sum;
}
/** Machin 1706: π = 16 atan(1/5) - 4 atan(1/239). */
const TURN = 2n * (16n * arctangentOfReciprocal(5n) - 4n * arctangentOfReciprocal(239n));

/** sin x for `shift` 1, cos x for 0: their series after whole turns are taken away. */
function series(x: number, shift: 0 | 1): bigint {
  const angle = exact(x) % TURN;
  let term = shift === 1 ? angle : ONE;
  let sum = 0n;
  for (let n = BigInt(shift); term !== 0n && n < 400n; n += 2n) {
    sum += term;
    term = -times(times(term, angle), angle) / ((n + 1n) * (n + 2n));
  }
  return sum;
}

/** By how many units of its own last place `found` is wrong. */
function errorOf(found: number, truth: bigint): number {
  const last = 2 ** (Math.floor(Math.log2(Math.abs(found))) - 52);
  return Math.abs(Number(exact(found) - truth)) / Number(exact(last));
}

const random = randomStream(randomKey(8));
const between = (low: number, high: number) => low + (high - low) * (random.uniform() + 2 ** -24 * random.uniform());
const angles = (count: number, low: number, high: number) => Array.from({ length: count }, () => between(low, high));
/** A little off whole quarter turns, where all but the difference cancels. */
const besideQuarters = Array.from(
  { length: 400 },
  (_, i) => ((i - 200) * Math.PI) / 2 + between(-1, 1) * 2 ** -(i % 40),
);

describe("the precise sine and cosine, beside 240 bits", () => {
  it.each([
    ["within an eighth of a turn", angles(2000, -Math.PI / 4, Math.PI / 4)],
    ["within ten turns", angles(2000, -63, 63)],
    ["beside quarter turns", besideQuarters],
  ])("round as they should, %s", (_, xs) => {
    const errors = xs.flatMap((x) => [errorOf(preciseSine(x), series(x, 1)), errorOf(preciseCosine(x), series(x, 0))]);
    // half a unit is rounding itself
    expect(Math.max(...errors)).toBeLessThan(0.502);
    expect(errors.filter((error) => error > 0.5).length / errors.length).toBeLessThan(1 / 1000);
  });

  it("are exact at 0, and odd and even", () => {
    expect([preciseSine(0), preciseCosine(0)]).toEqual([0, 1]);
    for (const x of angles(200, 0, 20)) {
      expect(preciseSine(-x)).toBe(-preciseSine(x));
      expect(preciseCosine(-x)).toBe(preciseCosine(x));
    }
  });
});
