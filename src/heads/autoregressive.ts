/**
 * Discretised autoregression (Metz et al. 2017; ALGORITHMS 3): p(a₁) p(a₂ | a₁) … over bins, number after number of
 * a whole chunk, so that later numbers know what earlier ones chose.
 */
import {
  add,
  argMax,
  cast,
  constant,
  div,
  equal,
  expand,
  full,
  gather,
  logSumExp,
  loop,
  mul,
  neg,
  oneHot,
  range,
  reshape,
  sub,
  sum,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import { type Bins, uniformBins } from "./bins.ts";
import { chooseByNormal } from "./choice.ts";
import { meanOfChunks, type TractableHead } from "./head.ts";

/** Logits of the V bins of every number of a chunk, from the numbers before it (teacher forcing and decoding). */
export interface Autoregression {
  /** `[B, D, V]` from chunks `[B, D]`; those of number i depend on numbers 0 … i - 1 alone. */
  readonly all: (chunk: Tensor) => Tensor;
  /** Those of number `index` (an int32 scalar), `[B, V]`: one row of `all`, for less work. */
  readonly at: (chunk: Tensor, index: Tensor) => Tensor;
}

export interface AutoregressiveOptions {
  /** D: numbers of a chunk. */
  readonly actionSize: number;
  /** V, bins of equal width over [-1, 1], or bins of other edges (`binsBetween`); default 64. */
  readonly bins?: number | Bins;
  /** Divides the logits when sampling; default 1. At 0 the likeliest bin is taken, number after number, without noise. */
  readonly temperature?: number;
  /** The order in which numbers are chosen: a permutation of 0 … D - 1; default: as they stand, step after step. */
  readonly order?: readonly number[];
}

/**
 * Actions are the centres of their bins; the network, too, sees centres, in training as in decoding. The density is that
 * of the bins, uniform within each: log P(bin) - log width, exact (docs/algorithms/autoregressive.md, lines 2 and 3;
 * sampling is lines 4 to 8). Throws a RangeError for fewer than 2 bins, a
 * temperature below 0 or an order that is none.
 */
export function autoregressiveHead(options: AutoregressiveOptions): TractableHead<Autoregression> {
  const { actionSize, temperature = 1, order } = options;
  const bins = typeof options.bins === "object" ? options.bins : uniformBins(options.bins ?? 64);
  if (!(temperature >= 0)) throw new RangeError(`temperature: found ${temperature}, expected 0 or more`);
  if (order) checkOrder(order, actionSize);
  const inverse = order && Array.from(order.keys()).sort((a, b) => order[a] - order[b]);

  const logProbability = (network: Autoregression, actions: Tensor, present?: Tensor) => {
    const tokens = bins.tokensOf(actions);
    const ordered = (x: Tensor) => permuted(x, order);
    const logits = network.all(ordered(bins.centresOf(tokens)));
    const chosen = sum(mul(oneHot(ordered(tokens), bins.count), logits), { axes: -1 });
    const perNumber = sub(sub(chosen, logSumExp(logits)), ordered(bins.logWidthsOf(tokens)));
    return sum(present ? mul(ordered(present), perNumber) : perNumber, { axes: -1 });
  };

  /** One bin of each row by column `row` of the noise. */
  const choose = (logits: Tensor, noise: Tensor, row: Tensor) => {
    if (temperature === 0) return argMax(logits);
    return chooseByNormal(div(logits, temperature), reshape(gather(transpose(noise), row), [-1, 1]));
  };

  return {
    name: "autoregressive",
    outputSize: actionSize * bins.count,
    noiseSize: temperature === 0 ? 0 : actionSize,
    logProbability,
    loss: (network, actions, context) => neg(meanOfChunks(logProbability(network, actions, context?.present), context)),
    sample(network, noise) {
      const [batch] = noise.shape;
      const numbers = constant(order ?? Array.from({ length: actionSize }, (_, i) => i), [actionSize], "int32");
      const { carried } = loop(actionSize, [full(0, [batch, actionSize])], (index, [chunk]) => {
        const row = reshape(index, [1]);
        const token = choose(network.at(chunk, index), noise, row);
        const place = cast(equal(range(actionSize), row), "float32");
        const centre = bins.centresAt(token, gather(numbers, row));
        return { carried: [add(chunk, mul(place, expand(centre, 1)))] };
      });
      return permuted(carried[0], inverse);
    },
  };
}

/** Columns of `[B, D]` in another order; as they are without one. A scalar has none. */
function permuted(x: Tensor, order: readonly number[] | undefined): Tensor {
  if (!order || x.shape.length === 0) return x;
  return transpose(gather(transpose(x), constant(order, [order.length], "int32")));
}

function checkOrder(order: readonly number[], actionSize: number): void {
  const isPermutation = order.length === actionSize && new Set(order).size === actionSize;
  if (isPermutation && order.every((number) => Number.isInteger(number) && number >= 0 && number < actionSize)) return;
  throw new RangeError(`order: found [${order.join(", ")}], expected every number from 0 to ${actionSize - 1} once`);
}
