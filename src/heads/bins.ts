/** Bins: the intervals that numbers are rounded to before they are chosen one after another (ALGORITHMS 3.1). */
import {
  add,
  cast,
  clip,
  constant,
  expand,
  floor,
  gather,
  less,
  mul,
  range,
  sub,
  sum,
  type Tensor,
} from "../tensor/index.ts";

/** Which bin a number lies in, and what a bin stands for. B batch, D numbers of a chunk, V bins of each. */
export interface Bins {
  /** V. */
  readonly count: number;
  /** Tokens, int32 `[B, D]`, of chunks `[B, D]`; numbers beyond the outermost bins belong to those. */
  readonly tokensOf: (chunk: Tensor) => Tensor;
  /** The centres `[B, D]` of tokens. */
  readonly centresOf: (tokens: Tensor) => Tensor;
  /** log of the bins' widths, `[B, D]` or a scalar. */
  readonly logWidthsOf: (tokens: Tensor) => Tensor;
  /** The centres `[B]` of tokens `[B]` of number `index` (an int32 `[1]`). */
  readonly centresAt: (tokens: Tensor, index: Tensor) => Tensor;
}

/** `count` bins of equal width over [-1, 1]. Throws a RangeError for fewer than 2. */
export function uniformBins(count: number): Bins {
  if (!(Number.isInteger(count) && count >= 2)) throw new RangeError(`bins: found ${count}, expected 2 or more`);
  return {
    count,
    tokensOf: (chunk) => binOf(chunk, count),
    centresOf: (tokens) => binCentre(tokens, count),
    logWidthsOf: () => constant([Math.log(2 / count)], []),
    centresAt: (tokens) => binCentre(tokens, count),
  };
}

/** The bin, int32, that a number of [-1, 1] lies in; numbers outside belong to the outermost. */
export function binOf(actions: Tensor, bins: number): Tensor {
  return cast(clip(floor(mul(add(actions, 1), bins / 2)), 0, bins - 1), "int32");
}

/** Centres of bins, in (-1, 1). */
export function binCentre(tokens: Tensor, bins: number): Tensor {
  return sub(mul(add(cast(tokens, "float32"), 0.5), 2 / bins), 1);
}

/**
 * Bins between given edges: `edges[d]` are the V + 1 ascending ones of number d. Throws a RangeError where they are not,
 * or not as many for one number as for another.
 */
export function binsBetween(edges: readonly (readonly number[])[]): Bins {
  const count = edges[0].length - 1;
  if (count < 2) throw new RangeError(`bins: found ${count}, expected 2 or more`);
  edges.forEach((own, number) => {
    const sorted = own.every((edge, i) => i === 0 || edge > own[i - 1]);
    if (own.length !== count + 1 || !sorted) {
      throw new RangeError(`bin edges of number ${number}: expected ${count + 1} ascending ones`);
    }
  });
  const size = edges.length;
  const inner = constant(
    edges.flatMap((own) => own.slice(1, -1)),
    [size, count - 1],
  );
  const table = (value: (low: number, high: number) => number) =>
    constant(
      edges.flatMap((own) => own.slice(1).map((high, i) => value(own[i], high))),
      [size * count],
    );
  const centres = table((low, high) => (low + high) / 2);
  const logWidths = table((low, high) => Math.log(high - low));
  const rows = (tokens: Tensor) => add(tokens, mul(range(size), count));
  return {
    count,
    tokensOf: (chunk) => {
      const beyond = sum(cast(less(expand(chunk, 2), inner), "float32"), { axes: -1 });
      return cast(sub(count - 1, beyond), "int32");
    },
    centresOf: (tokens) => gather(centres, rows(tokens)),
    logWidthsOf: (tokens) => gather(logWidths, rows(tokens)),
    centresAt: (tokens, index) => gather(centres, add(tokens, mul(index, count))),
  };
}

/** The part of the probability that quantile edges leave spread evenly, so that no bin is wide and none is a point. */
const EVEN_PART = 0.1;

/**
 * The `count` + 1 edges over [-1, 1] between which numbers like `values` (normalised) lie equally often, but for a tenth of
 * the probability that is spread evenly. Where many values are the same, edges keep a sixteenth of the even distance.
 */
export function quantileEdges(values: Float32Array, count: number): number[] {
  const sorted = Float32Array.from(values, (value) => Math.min(Math.max(value, -1), 1)).sort();
  const least = 2 / count / 16;
  const inner = Array.from({ length: count - 1 }, (_, i) => mixtureQuantile(sorted, (i + 1) / count));
  const edges = [-1, ...inner, 1];
  for (let i = 1; i < count; i++) edges[i] = Math.max(edges[i], edges[i - 1] + least);
  for (let i = count - 1; i > 0; i--) edges[i] = Math.min(edges[i], edges[i + 1] - least);
  return edges;
}

/** x where EVEN_PART · (x + 1)/2 + (1 - EVEN_PART) · F(x) is `probability`, by bisection. */
function mixtureQuantile(sorted: Float32Array, probability: number): number {
  let [low, high] = [-1, 1];
  for (let halving = 0; halving < 40; halving++) {
    const middle = (low + high) / 2;
    const reached = EVEN_PART * ((middle + 1) / 2) + (1 - EVEN_PART) * shareUpTo(sorted, middle);
    if (reached < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

function shareUpTo(sorted: Float32Array, x: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle] <= x) low = middle + 1;
    else high = middle;
  }
  return low / sorted.length;
}
