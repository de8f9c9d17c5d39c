/** Encoders: the last To observations as one vector. */
import {
  attention,
  causalMask,
  gelu,
  gru,
  type Layer,
  layerNorm,
  linear,
  named,
  normal,
  type ParameterSpec,
  parametersOf,
} from "../nn/index.ts";
import { add, reshape, slice, type Tensor } from "../tensor/index.ts";
import type { EncoderRecipe } from "./recipe.ts";

export interface Encoder {
  /** From normalised histories `[B, To, Do]`, oldest first, to `[B, size]`. */
  readonly layer: Layer;
  readonly size: number;
}

/** The encoder of a recipe, its parameters under `encoder.`. */
export function encoderOf(recipe: EncoderRecipe, { steps, width }: { steps: number; width: number }): Encoder {
  switch (recipe.kind) {
    case "flatten":
      return {
        size: steps * width,
        layer: { parameters: {}, apply: (_, x) => reshape(x, [x.shape[0], steps * width]) },
      };
    case "gru": {
      const recurrent = named("encoder", gru({ inputs: width, hidden: recipe.size, layers: recipe.layers }));
      return {
        size: recipe.size,
        layer: {
          parameters: recurrent.parameters,
          apply: (parameters, x) => last(recurrent.apply(parameters, { x }).output),
        },
      };
    }
    case "transformer":
      return { size: recipe.size, layer: named("encoder", transformer({ ...recipe, steps, width })) };
    default:
      return recipe satisfies never;
  }
}

interface TransformerOptions {
  readonly steps: number;
  readonly width: number;
  readonly size: number;
  readonly layers: number;
  readonly heads: number;
}

/**
 * The last token of a causal pre-norm transformer over the observations (Vaswani et al. 2017; GPT's block): a linear
 * layer and learnt positions, `layers` blocks of attention and a perceptron of 4 `size`, a norm. Throws a RangeError where
 * `heads` does not divide `size`.
 */
function transformer({ steps, width, size, layers, heads }: TransformerOptions): Layer {
  const into = named("in", linear(width, size));
  const positions: { readonly parameters: Record<string, ParameterSpec> } = {
    parameters: { positions: { shape: [steps, size], initial: normal(0.02) } },
  };
  const blocks = Array.from({ length: layers }, (_, index) => block(`blocks.${index}`, { size, heads, steps }));
  const norm = named("norm", layerNorm(size));
  return {
    parameters: parametersOf([into, positions, ...blocks, norm]),
    apply: (parameters, x) => {
      const tokens = add(into.apply(parameters, x), parameters.positions);
      const read = blocks.reduce((value, layer) => layer.apply(parameters, value), tokens);
      return norm.apply(parameters, last(read));
    },
  };
}

function block(name: string, { size, heads, steps }: { size: number; heads: number; steps: number }): Layer {
  const attend = named("attention", attention({ size, heads }));
  const [before, between] = [named("norm1", layerNorm(size)), named("norm2", layerNorm(size))];
  const [wide, narrow] = [named("mlp.0", linear(size, 4 * size)), named("mlp.2", linear(4 * size, size))];
  const mask = causalMask(steps);
  return named(name, {
    parameters: parametersOf([attend, before, between, wide, narrow]),
    apply: (parameters, x) => {
      const attended = add(x, attend.apply(parameters, { x: before.apply(parameters, x), mask }));
      const inner = gelu(wide.apply(parameters, between.apply(parameters, attended)));
      return add(attended, narrow.apply(parameters, inner));
    },
  });
}

/** The last of `[B, To, size]`. */
function last(x: Tensor): Tensor {
  const [batch, steps, size] = x.shape;
  return reshape(slice(x, 1, steps - 1, steps), [batch, size]);
}
