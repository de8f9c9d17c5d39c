/**
 * A masked perceptron over a chunk, given a condition (MADE: Germain et al. 2015; ALGORITHMS 3.3): one pass gives the
 * logits of every number from those before it, so that training needs no loop.
 */
import { type ActivationName, activations, fanInUniform, type Layer } from "../nn/index.ts";
import { add, constant, gather, matmul, mul, reshape, type Tensor, transpose } from "../tensor/index.ts";
import type { Autoregression } from "./autoregressive.ts";

export interface MaskedOptions {
  /** Numbers of the condition. */
  readonly condition: number;
  /** D: numbers of a chunk. */
  readonly actionSize: number;
  /** V: logits of every number. */
  readonly bins: number;
  /** Sizes of the hidden layers, each at least D so that every number has units of its own. */
  readonly hidden: readonly number[];
  readonly activation: ActivationName;
}

/**
 * From conditions `[B, condition]` to an autoregression. Every hidden layer and the logits also see the whole condition.
 * Parameters of layer l, the last being the logits: `l.weight` `[outputs, inputs]` (masked), `l.condition`
 * `[outputs, condition]`, `l.bias`. Throws a RangeError for a hidden layer narrower than D, or none.
 */
export function maskedPerceptron(options: MaskedOptions): Layer<Tensor, Autoregression> {
  const { condition, actionSize, bins, hidden, activation } = options;
  if (hidden.length === 0 || hidden.some((size) => !(Number.isInteger(size) && size >= actionSize))) {
    const found = `[${hidden.join(", ")}]`;
    throw new RangeError(`maskedPerceptron: hidden sizes ${found}, expected at least one, each ${actionSize} or more`);
  }
  // A unit of degree m may depend on numbers 0 … m - 1; the logits of number i on units of degree up to i.
  const degrees = [
    Array.from({ length: actionSize }, (_, i) => i + 1),
    ...hidden.map((size) => Array.from({ length: size }, (_, k) => k % actionSize)),
    Array.from({ length: actionSize * bins }, (_, place) => Math.floor(place / bins)),
  ];
  const layers = degrees.slice(1).map((outputs, l) => ({ inputs: degrees[l], outputs }));
  const last = layers.length - 1;

  return {
    parameters: Object.fromEntries(
      layers.flatMap(({ inputs, outputs }, l) => {
        const initial = fanInUniform(inputs.length + condition);
        return [
          [`${l}.weight`, { shape: [outputs.length, inputs.length], initial }],
          [`${l}.condition`, { shape: [outputs.length, condition], initial }],
          [`${l}.bias`, { shape: [outputs.length], initial }],
        ];
      }),
    ),
    apply: (parameters, given) => {
      const weights = layers.map((layer, l) => mul(parameters[`${l}.weight`], maskOf(layer)));
      const offsets = layers.map((_, l) =>
        add(matmul(given, parameters[`${l}.condition`], { transposeB: true }), parameters[`${l}.bias`]),
      );
      const before = (chunk: Tensor) =>
        weights
          .slice(0, last)
          .reduce(
            (x, weight, l) => activations[activation](add(matmul(x, weight, { transposeB: true }), offsets[l])),
            chunk,
          );
      const [batch] = given.shape;
      const width = hidden[last - 1];
      const weightByNumber = reshape(weights[last], [actionSize, bins * width]);
      const offsetByNumber = transpose(reshape(offsets[last], [batch, actionSize, bins]), [1, 0, 2]);
      return {
        all(chunk) {
          const logits = add(matmul(before(chunk), weights[last], { transposeB: true }), offsets[last]);
          return reshape(logits, [batch, actionSize, bins]);
        },
        at(chunk, index) {
          const row = reshape(index, [1]);
          const weight = reshape(gather(weightByNumber, row), [bins, width]);
          const offset = reshape(gather(offsetByNumber, row), [batch, bins]);
          return add(matmul(before(chunk), weight, { transposeB: true }), offset);
        },
      };
    },
  };
}

/** 1 where an output may read an input: where its degree is at least the input's. */
function maskOf({ inputs, outputs }: { inputs: readonly number[]; outputs: readonly number[] }): Tensor {
  const rows = outputs.flatMap((output) => inputs.map((input) => (output >= input ? 1 : 0)));
  return constant(rows, [outputs.length, inputs.length]);
}
