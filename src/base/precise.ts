/**
 * Sine and cosine from `+ - *` alone, like those of `elementary.ts` and slower: what double precision loses is carried along
 * (Dekker 1971), so that all but one in some thousand results are the floating-point number nearest to the true value, as those
 * of good C libraries are. For worlds so unstable that a last bit decides where they are 10 s later.
 */
import { QUARTER } from "./elementary.ts";

/** Sine of an angle in rad; less exact beyond 1.6 million rad. */
export function preciseSine(x: number): number {
  const { quadrant, angle, rest } = quarterTurns(x);
  const size = (quadrant & 1) === 0 ? sineNear(angle, rest) : cosineNear(angle, rest);
  return (quadrant & 2) === 0 ? size : -size;
}

/** Cosine of an angle in rad, like `preciseSine`. */
export function preciseCosine(x: number): number {
  const { quadrant, angle, rest } = quarterTurns(x);
  const size = (quadrant & 1) === 0 ? cosineNear(angle, rest) : sineNear(angle, rest);
  return ((quadrant + 1) & 2) === 0 ? size : -size;
}

/** What is left of π/2 after the parts of `QUARTER`. */
const QUARTER_LOWEST = 3.5215598651832e-27;

/** x as quarter turns, the angle that is left, within an eighth of a turn of 0, and what that lost by rounding. */
function quarterTurns(x: number): { quadrant: number; angle: number; rest: number } {
  const quadrant = Math.floor(x / QUARTER.high + 0.5);
  const high = x - quadrant * QUARTER.high;
  const low = quadrant * QUARTER.low;
  const angle = high - low;
  // Knuth's exact error of a difference: either part may be the greater
  const lowAgain = high - angle;
  const lostHere = high - (angle + lowAgain) + (lowAgain - low);
  return { quadrant, angle, rest: lostHere - lost(quadrant, QUARTER.low, low) - quadrant * QUARTER_LOWEST };
}

/** What -1/6 and 1/24 lose as floating-point numbers. */
const SIXTH = { high: -1 / 6, low: -9.25185853854297e-18 };
const TWENTY_FOURTH = { high: 1 / 24, low: 2.3129646346357427e-18 };

/** sin(x + rest) for |x| <= π/4 and a rest below its last bit: x + x³ (-1/6 + x² (1/120 - …)). */
function sineNear(x: number, rest: number): number {
  const z = x * x;
  const zLow = lost(x, x, z);
  const cube = x * z;
  const cubeLow = lost(x, z, cube) + x * zLow;
  const higher = z * series(z, SINE);
  const factor = SIXTH.high + higher;
  const factorLow = SIXTH.high - factor + higher + SIXTH.low;
  const term = cube * factor;
  const termLow = lost(cube, factor, term) + cube * factorLow + cubeLow * factor;
  const sum = x + term;
  return sum + (x - sum + term + (termLow + rest * (1 - z / 2)));
}

/** cos(x + rest), likewise: 1 - x²/2 + x⁴ (1/24 - x² (1/720 - …)). */
function cosineNear(x: number, rest: number): number {
  const z = x * x;
  const zLow = lost(x, x, z);
  const square = z * z;
  const squareLow = lost(z, z, square) + 2 * z * zLow;
  const higher = z * series(z, COSINE);
  const factor = TWENTY_FOURTH.high + higher;
  const factorLow = TWENTY_FOURTH.high - factor + higher + TWENTY_FOURTH.low;
  const term = square * factor;
  const termLow = lost(square, factor, term) + square * factorLow + squareLow * factor;
  const most = 1 - z / 2;
  const mostLow = 1 - most - z / 2;
  const sum = most + term;
  return sum + (most - sum + term + (mostLow + termLow - zLow / 2 - rest * (x - (x * z) / 6)));
}

/** 1/5!, -1/7!, … and -1/6!, 1/8!, …: the last is below 2^-60 of the sum. */
const SINE = [5, 7, 9, 11, 13, 15, 17].map(reciprocalFactorial);
const COSINE = [6, 8, 10, 12, 14, 16, 18].map(reciprocalFactorial);

/** 1/n! with the sign that x^n has in the series. */
function reciprocalFactorial(n: number): number {
  let factorial = 1;
  for (let i = 2; i <= n; i++) factorial *= i;
  return (n & 2) === 0 ? 1 / factorial : -1 / factorial;
}

function series(z: number, coefficients: readonly number[]): number {
  let sum = 0;
  for (let i = coefficients.length - 1; i >= 0; i--) sum = sum * z + coefficients[i];
  return sum;
}

/** What `product`, the rounded a b, lost by rounding: exact (Dekker 1971, with Veltkamp's halves of 26 bits). */
function lost(a: number, b: number, product: number): number {
  const [aHigh, bHigh] = [upperHalf(a), upperHalf(b)];
  const [aLow, bLow] = [a - aHigh, b - bHigh];
  return aHigh * bHigh - product + aHigh * bLow + aLow * bHigh + aLow * bLow;
}

function upperHalf(a: number): number {
  const scaled = 134217729 * a;
  return scaled - (scaled - a);
}
