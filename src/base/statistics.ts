/** Statistics of plain numbers: what a success rate is worth, and whether two policies differ. */

/** A success rate with its 95 % interval: `n` trials, rate and bounds in [0, 1]. */
export interface Rate {
  rate: number;
  low: number;
  high: number;
  n: number;
}

/** The standard normal quantile at 0.975: every interval here is a 95 % one. */
const Z = 1.959963984540054;

function checkCounts(successes: number, trials: number): void {
  if (!Number.isInteger(trials) || trials < 1)
    throw new RangeError(`trials: found ${trials}, expected an integer >= 1`);
  if (!Number.isInteger(successes) || successes < 0 || successes > trials) {
    throw new RangeError(`successes: found ${successes}, expected an integer from 0 to ${trials}`);
  }
}

/** Wilson score interval of `successes` out of `trials` (Wilson 1927; ALGORITHMS.md 9.1). Holds at 0 and at all. */
export function wilson(successes: number, trials: number): Rate {
  checkCounts(successes, trials);
  const rate = successes / trials;
  const shrink = 1 + Z ** 2 / trials;
  const centre = (rate + Z ** 2 / (2 * trials)) / shrink;
  const half = (Z / shrink) * Math.sqrt((rate * (1 - rate)) / trials + Z ** 2 / (4 * trials ** 2));
  // At the ends the bound is exactly 0 or 1; rounding would leave 1e-17 on the wrong side.
  const low = successes === 0 ? 0 : centre - half;
  const high = successes === trials ? 1 : centre + half;
  return { rate, low, high, n: trials };
}

/**
 * Interval of the difference `first - second` of two rates (Newcombe 1998, method 10 from two Wilson intervals). It takes
 * the trials as independent: over paired seeds, where outcomes agree more than by chance, it is wider than need be.
 */
export function newcombe(first: Rate, second: Rate): { difference: number; low: number; high: number } {
  const difference = first.rate - second.rate;
  return {
    difference,
    low: difference - Math.hypot(first.rate - first.low, second.high - second.rate),
    high: difference + Math.hypot(first.high - first.rate, second.rate - second.low),
  };
}

/** How often, of paired trials, both succeeded, one alone, or neither. */
export interface PairedCounts {
  readonly both: number;
  readonly onlyFirst: number;
  readonly onlySecond: number;
  readonly neither: number;
}

/**
 * The same for paired trials (Newcombe 1998, "Improved confidence intervals for the difference between binomial proportions
 * based on paired data", method 10): narrower by as much as the outcomes agree, which the correlation phi of the table says,
 * with its numerator drawn towards 0 by half the trials where it is positive.
 */
export function newcombePaired({ both, onlyFirst, onlySecond, neither }: PairedCounts): {
  difference: number;
  low: number;
  high: number;
} {
  const trials = both + onlyFirst + onlySecond + neither;
  const [first, second] = [wilson(both + onlyFirst, trials), wilson(both + onlySecond, trials)];
  const excess = both * neither - onlyFirst * onlySecond;
  const drawn = excess > 0 ? Math.max(excess - trials / 2, 0) : excess;
  const spread = Math.sqrt((both + onlyFirst) * (onlySecond + neither) * (both + onlySecond) * (onlyFirst + neither));
  const phi = spread === 0 ? 0 : drawn / spread;
  const side = (a: number, b: number) => Math.sqrt(a * a - 2 * phi * a * b + b * b);
  const difference = first.rate - second.rate;
  return {
    difference,
    low: difference - side(first.rate - first.low, second.high - second.rate),
    high: difference + side(first.high - first.rate, second.rate - second.low),
  };
}

/**
 * Two-sided exact McNemar test of paired outcomes: of the pairs that disagree, `onlyFirst` succeeded in the first alone and
 * `onlySecond` in the second alone. Returns the p-value of "both are equally good": min(1, 2 P(X <= min)) with X
 * binomial(onlyFirst + onlySecond, 1/2).
 */
export function mcnemarExact(onlyFirst: number, onlySecond: number): number {
  const pairs = onlyFirst + onlySecond;
  if (pairs === 0) return 1;
  checkCounts(onlyFirst, pairs);
  const fewer = Math.min(onlyFirst, onlySecond);
  let logTerm = -pairs * Math.LN2;
  for (let i = 1; i <= fewer; i++) logTerm += Math.log((pairs - fewer + i) / i);
  // The tail as a multiple of its largest term, so that 2^-pairs may underflow without harm.
  let ratio = 1;
  let tail = 1;
  for (let i = fewer; i > 0; i--) {
    ratio *= i / (pairs - i + 1);
    tail += ratio;
  }
  return Math.min(1, 2 * Math.exp(logTerm) * tail);
}

/** The quantile at `fraction` in [0, 1] of at least one value, with linear interpolation between order statistics. */
export function quantile(values: ArrayLike<number>, fraction: number): number {
  if (values.length === 0) throw new RangeError("quantile: found no values, expected at least one");
  if (!(fraction >= 0 && fraction <= 1)) throw new RangeError(`quantile: found ${fraction}, expected 0 to 1`);
  const sorted = Float64Array.from(values).sort();
  const position = fraction * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
