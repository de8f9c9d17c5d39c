/**
 * Discretised autoregression (Metz et al. 2017; ALGORITHMS 3): p(a₁) p(a₂ | a₁) … over uniform bins, number after number of
 * a whole chunk, so that later numbers know what earlier ones chose.
 */
import {
  add,
  argMax,
  cast,
  clip,
  div,
  equal,
  expand,
  floor,
  full,
  gather,
  logSumExp,
  loop,
  mean,
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
import { chooseByNormal } from "./choice.ts";
import type { TractableHead } from "./head.ts";

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
  /** V, bins of equal width over [-1, 1]; default 64. */
  readonly bins?: number;
  /** Divides the logits when sampling; default 1. At 0 the likeliest bin is taken, number after number, without noise. */
  readonly temperature?: number;
}

/**
 * Actions are the centres of their bins; the network, too, sees centres, in training as in decoding. The density is that
 * of the bins, uniform within each: log P(bin) - log width, exact. Throws a RangeError for fewer than 2 bins or a
 * temperature below 0.
 */
export function autoregressiveHead(options: AutoregressiveOptions): TractableHead<Autoregression> {
  const { actionSize, bins = 64, temperature = 1 } = options;
  if (!(Number.isInteger(bins) && bins >= 2)) throw new RangeError(`bins: found ${bins}, expected 2 or more`);
  if (!(temperature >= 0)) throw new RangeError(`temperature: found ${temperature}, expected 0 or more`);

  const logProbability = (network: Autoregression, actions: Tensor) => {
    const tokens = binOf(actions, bins);
    const logits = network.all(binCentre(tokens, bins));
    const chosen = sum(mul(oneHot(tokens, bins), logits), { axes: -1 });
    const width = 2 / bins;
    return sub(sum(sub(chosen, logSumExp(logits)), { axes: -1 }), actionSize * Math.log(width));
  };

  /** One bin of each row by column `row` of the noise. */
  const choose = (logits: Tensor, noise: Tensor, row: Tensor) => {
    if (temperature === 0) return argMax(logits);
    return chooseByNormal(div(logits, temperature), reshape(gather(transpose(noise), row), [-1, 1]));
  };

  return {
    name: "autoregressive",
    outputSize: actionSize * bins,
    noiseSize: temperature === 0 ? 0 : actionSize,
    logProbability,
    loss: (network, actions) => neg(mean(logProbability(network, actions))),
    sample(network, noise) {
      const [batch] = noise.shape;
      const { carried } = loop(actionSize, [full(0, [batch, actionSize])], (index, [chunk]) => {
        const row = reshape(index, [1]);
        const token = choose(network.at(chunk, index), noise, row);
        const place = cast(equal(range(actionSize), row), "float32");
        return { carried: [add(chunk, mul(place, expand(binCentre(token, bins), 1)))] };
      });
      return carried[0];
    },
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
