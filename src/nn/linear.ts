/** Linear layers and the networks made of them alone. */
import { add, matmul, type Tensor } from "../tensor/index.ts";
import { type Activation, type ActivationName, activations } from "./activation.ts";
import { fanInUniform } from "./initial.ts";
import { chain, type Layer, named, parametersOf, pure } from "./layer.ts";

/** y = x Wᵀ + b: `[…, inputs]` to `[…, outputs]`. Parameters: weight `[outputs, inputs]`, bias `[outputs]`. */
export function linear(inputs: number, outputs: number): Layer {
  const initial = fanInUniform(inputs);
  return {
    parameters: { weight: { shape: [outputs, inputs], initial }, bias: { shape: [outputs], initial } },
    apply: ({ weight, bias }, x) => add(matmul(x, weight, { transposeB: true }), bias),
  };
}

export interface MlpOptions {
  /** Input size, hidden sizes, output size. */
  readonly sizes: readonly number[];
  /** Between the linear layers; none after the last. */
  readonly activation: ActivationName;
}

/**
 * A multi-layer perceptron: `[…, sizes[0]]` to `[…, sizes[last]]`. Paths count activations as layers, as
 * `nn.Sequential` does: "0.weight", "2.weight" …
 */
export function mlp({ sizes, activation }: MlpOptions): Layer {
  requireSizes("mlp", sizes, 2);
  const between = pure(activations[activation]);
  const layers = sizes.slice(1).flatMap((size, index) => {
    const layer = named(String(2 * index), linear(sizes[index], size));
    return index === 0 ? [layer] : [between, layer];
  });
  return chain(layers);
}

/**
 * The residual perceptron of DPPO (Ren et al. 2024): a linear layer to the hidden size, a block x + l2(f(l1(f(x)))) for
 * every two further hidden layers, a linear layer to the output. `sizes` are [input, hidden × an odd number, output].
 */
export function residualMlp({ sizes, activation }: MlpOptions): Layer {
  requireSizes("residualMlp", sizes, 3);
  const hidden = sizes.slice(1, -1);
  if (hidden.length % 2 === 0 || hidden.some((size) => size !== hidden[0])) {
    throw new RangeError(`residualMlp: hidden sizes [${hidden.join(", ")}], expected an odd number of equal ones`);
  }
  const blocks = Array.from({ length: (hidden.length - 1) / 2 }, () => block(hidden[0], activations[activation]));
  const layers = [linear(sizes[0], hidden[0]), ...blocks, linear(hidden[0], sizes[sizes.length - 1])];
  return chain(layers.map((layer, index) => named(`layers.${index}`, layer)));
}

function block(size: number, activation: Activation): Layer {
  const l1 = named("l1", linear(size, size));
  const l2 = named("l2", linear(size, size));
  return {
    parameters: parametersOf([l1, l2]),
    apply: (parameters, x) => {
      const inner: Tensor = l1.apply(parameters, activation(x));
      return add(x, l2.apply(parameters, activation(inner)));
    },
  };
}

function requireSizes(network: string, sizes: readonly number[], least: number): void {
  if (sizes.length < least || sizes.some((size) => !(Number.isInteger(size) && size > 0))) {
    throw new RangeError(`${network}: sizes [${sizes.join(", ")}], expected at least ${least} positive whole numbers`);
  }
}
