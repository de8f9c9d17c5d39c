/** How well scores tell two kinds of episodes apart, over all thresholds at once. */

/** An area under the receiver operating characteristic with its 95 % interval. */
export interface Auroc {
  readonly auroc: number;
  readonly low: number;
  readonly high: number;
  readonly positives: number;
  readonly negatives: number;
}

/** The standard normal quantile at 0.975. */
const Z = 1.959963984540054;

/**
 * The probability that a positive scores above a negative, ties counting half. Its interval is DeLong's (1988), taken on
 * the logit so that it stays within [0, 1]; where all positives lie on one side of all negatives, and DeLong's variance is
 * 0, it is Newcombe's (2006, method 5), who lets the variance depend on the area that is asked about. Throws RangeError
 * where a kind is missing, and for NaN.
 */
export function auroc(positives: ArrayLike<number>, negatives: ArrayLike<number>): Auroc {
  const { area, variance } = delong(placements(positives, negatives));
  const counts = { positives: positives.length, negatives: negatives.length };
  if (area === 0 || area === 1) return { auroc: area, ...newcombe(area, counts), ...counts };
  const logit = Math.log(area / (1 - area));
  const half = (Z * Math.sqrt(variance)) / (area * (1 - area));
  const bound = (sign: number) => 1 / (1 + Math.exp(-(logit + sign * half)));
  return { auroc: area, low: bound(-1), high: bound(1), ...counts };
}

/** The positives' and the negatives' scores under one detector; the same episodes in the same order for another. */
export interface TwoKinds {
  readonly positives: ArrayLike<number>;
  readonly negatives: ArrayLike<number>;
}

/**
 * The areas of two detectors on the same episodes, first - second, with DeLong's 95 % interval, which knows that they
 * judge the same ones, and the two-sided p-value of "both are equal". Throws RangeError as `auroc` does, and where the
 * numbers of episodes differ.
 */
export function aurocDifference(
  first: TwoKinds,
  second: TwoKinds,
): { difference: number; low: number; high: number; pValue: number } {
  for (const kind of ["positives", "negatives"] as const) {
    if (first[kind].length !== second[kind].length) {
      const found = `${first[kind].length} and ${second[kind].length}`;
      throw new RangeError(`auroc: found ${found} ${kind}, expected the same episodes`);
    }
  }
  const [one, other] = [first, second].map(({ positives, negatives }) => placements(positives, negatives));
  const apart = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);
  const { area: difference, variance } = delong({
    ofPositives: apart(one.ofPositives, other.ofPositives),
    ofNegatives: apart(one.ofNegatives, other.ofNegatives),
  });
  const error = Math.sqrt(variance);
  const pValue = error === 0 ? Number(difference === 0) : twoSided(Math.abs(difference) / error);
  return { difference, low: difference - Z * error, high: difference + Z * error, pValue };
}

/** DeLong's structural components: for each episode the share of the other kind that it is on the right side of. */
interface Placements {
  readonly ofPositives: Float64Array;
  readonly ofNegatives: Float64Array;
}

function placements(positives: ArrayLike<number>, negatives: ArrayLike<number>): Placements {
  const [m, n] = [positives.length, negatives.length];
  if (m === 0 || n === 0) throw new RangeError(`auroc: found ${m} positives and ${n} negatives, expected some of both`);
  const [ofPositives, ofNegatives] = [new Float64Array(m), new Float64Array(n)];
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      const [high, low] = [positives[i], negatives[j]];
      if (Number.isNaN(high) || Number.isNaN(low)) throw new RangeError("auroc: found NaN, expected numbers");
      const right = high > low ? 1 : high === low ? 0.5 : 0;
      ofPositives[i] += right;
      ofNegatives[j] += right;
    }
  }
  // halves are counted exactly, shares are not: where all are told apart the area has to be 1, and not nearly
  return { ofPositives: ofPositives.map((count) => count / n), ofNegatives: ofNegatives.map((count) => count / m) };
}

function delong({ ofPositives, ofNegatives }: Placements): { area: number; variance: number } {
  const [one, other] = [momentsOf(ofPositives), momentsOf(ofNegatives)];
  return { area: one.mean, variance: one.variance / ofPositives.length + other.variance / ofNegatives.length };
}

/** Mean, and variance with n - 1; a single value tells nothing of its spread, which counts as 0. */
function momentsOf(values: Float64Array): { mean: number; variance: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, variance: squares / Math.max(1, values.length - 1) };
}

/** The areas whose standard error, by Hanley and McNeil with equal sizes, still reaches `area`; found by bisection. */
function newcombe(area: 0 | 1, { positives: m, negatives: n }: { positives: number; negatives: number }) {
  const half = (m + n) / 2 - 1;
  const variance = (a: number) => (a * (1 - a) * (1 + half * ((1 - a) / (2 - a) + a / (1 + a)))) / (m * n);
  // the bound in the distance from `area`: near it the standard error is larger than the distance, far from it smaller
  let [near, far] = [0, 1];
  for (let i = 0; i < 60; i++) {
    const middle = (near + far) / 2;
    if (Z * Math.sqrt(variance(middle)) > middle) near = middle;
    else far = middle;
  }
  return area === 1 ? { low: 1 - far, high: 1 } : { low: 0, high: far };
}

/** P(|N| > z) of a standard normal: a continued fraction beyond 3, the series of the error function below. */
function twoSided(z: number): number {
  if (z > 3) {
    let fraction = z;
    for (let k = 60; k >= 1; k--) fraction = z + k / fraction;
    return (2 * Math.exp((-z * z) / 2)) / (Math.sqrt(2 * Math.PI) * fraction);
  }
  let [term, sum] = [z, z];
  for (let k = 1; k < 60; k++) {
    term *= -(z * z) / (2 * k);
    sum += term / (2 * k + 1);
  }
  return 1 - (2 * sum) / Math.sqrt(2 * Math.PI);
}
