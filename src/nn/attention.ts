/** Attention over sequences. */
import { add, constant, matmul, mul, reshape, slice, softmax, type Tensor, transpose } from "../tensor/index.ts";
import { repeated, uniform } from "./initial.ts";
import { type Layer, named, parametersOf } from "./layer.ts";
import { linear } from "./linear.ts";

export interface AttentionOptions {
  /** E: numbers per token, a multiple of `heads`. */
  readonly size: number;
  readonly heads: number;
}

export interface AttentionInput {
  /** The tokens that ask, `[B, S, E]`. */
  readonly x: Tensor;
  /** The tokens that are read, `[B, M, E]`; x itself when left out. */
  readonly memory?: Tensor;
  /** Added to the scores before the soft-max, `[S, M]`: 0 where a token may be read. */
  readonly mask?: Tensor;
}

/** Large enough that exp of it is 0, small enough that no sum with a score is infinite. */
const FORBIDDEN = -1e30;

/** The mask with which token i reads tokens 0 … i. */
export function causalMask(length: number): Tensor {
  const entry = (index: number) => (index % length > Math.floor(index / length) ? FORBIDDEN : 0);
  return constant(
    Array.from({ length: length * length }, (_, index) => entry(index)),
    [length, length],
  );
}

/**
 * Multi-head attention (Vaswani et al. 2017): `[B, S, E]` to `[B, S, E]`. Parameters as `nn.MultiheadAttention`'s:
 * in_proj_weight `[3E, E]` and in_proj_bias, rows of q, k, v; out_proj.
 */
export function attention({ size, heads }: AttentionOptions): Layer<AttentionInput> {
  if (size % heads !== 0) throw new RangeError(`attention: size ${size} in ${heads} heads`);
  const out = linear(size, size);
  const outProjection: Layer = named("out_proj", {
    ...out,
    parameters: { ...out.parameters, bias: { shape: [size], initial: repeated(0) } },
  });
  const inProjection: Pick<Layer, "parameters"> = {
    parameters: {
      // xavier_uniform over its own shape, all three together
      in_proj_weight: { shape: [3 * size, size], initial: uniform(Math.sqrt(6 / (size + 3 * size))) },
      in_proj_bias: { shape: [3 * size], initial: repeated(0) },
    },
  };
  return {
    parameters: parametersOf([inProjection, outProjection]),
    apply: (parameters, { x, memory = x, mask }) => {
      const { in_proj_weight: weight, in_proj_bias: bias } = parameters;
      const project = (tokens: Tensor, from: number, to: number) =>
        add(
          matmul(tokens, slice(weight, 0, from * size, to * size), { transposeB: true }),
          slice(bias, 0, from * size, to * size),
        );
      // one product for all three where they read the same tokens
      const joined = memory === x ? project(x, 0, 3) : null;
      const part = (index: number) =>
        joined
          ? slice(joined, 2, index * size, (index + 1) * size)
          : project(index === 0 ? x : memory, index, index + 1);
      const [q, k, v] = [0, 1, 2].map((index) => splitHeads(part(index), heads));
      const scores = mul(matmul(q, k, { transposeB: true }), 1 / Math.sqrt(size / heads));
      const read = matmul(softmax(mask ? add(scores, mask) : scores), v);
      return outProjection.apply(parameters, reshape(transpose(read, [0, 2, 1, 3]), x.shape));
    },
  };
}

/** `[B, S, E]` to `[B, heads, S, E / heads]`. */
function splitHeads(x: Tensor, heads: number): Tensor {
  const [batch, length, size] = x.shape;
  return transpose(reshape(x, [batch, length, heads, size / heads]), [0, 2, 1, 3]);
}
