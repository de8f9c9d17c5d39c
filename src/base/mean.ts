/** The mean of some values and what it is worth. */

/** A mean with its 95 % interval, of `n` values. */
export interface Mean {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
  readonly n: number;
}

/**
 * The mean of at least one value with Student's t interval: mean ± t(0.975, n - 1) s / sqrt(n), s the sample deviation. Of
 * values in [0, 1] it may go a little beyond; of a single value it is the whole line. Throws RangeError without values.
 */
export function meanOfValues(values: ArrayLike<number>): Mean {
  const n = values.length;
  if (n === 0) throw new RangeError("mean: found no values, expected at least one");
  let sum = 0;
  for (let i = 0; i < n; i++) sum += values[i];
  const mean = sum / n;
  if (n === 1) return { mean, low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY, n };
  let squares = 0;
  for (let i = 0; i < n; i++) squares += (values[i] - mean) ** 2;
  const half = studentQuantile(n - 1) * Math.sqrt(squares / (n - 1) / n);
  return { mean, low: mean - half, high: mean + half, n };
}

/**
 * The quantile at 0.975 of Student's t with `degrees` >= 1: where the finite series for P(|T| < t) (Abramowitz and Stegun
 * 26.7.3 and 26.7.4, in the angle atan(t / sqrt(degrees))) is 0.95, found by bisection.
 */
export function studentQuantile(degrees: number): number {
  let [low, high] = [0, Math.PI / 2];
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (withinAngle(middle, degrees) < 0.95) low = middle;
    else high = middle;
  }
  return Math.sqrt(degrees) * Math.tan((low + high) / 2);
}

/** P(|T| < sqrt(degrees) tan(angle)). */
function withinAngle(angle: number, degrees: number): number {
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const odd = degrees % 2 === 1;
  // cos + 2/3 cos^3 + (2·4)/(3·5) cos^5 + … for odd degrees, 1 + 1/2 cos^2 + (1·3)/(2·4) cos^4 + … for even ones
  let term = odd ? cosine : 1;
  let sum = 0;
  for (let k = odd ? 1 : 0; k <= degrees - 2; k += 2) {
    sum += term;
    term *= (cosine * cosine * (k + 1)) / (k + 2);
  }
  return odd ? (2 / Math.PI) * (angle + sine * sum) : sine * sum;
}
