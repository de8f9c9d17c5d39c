/**
 * Regression: the network's outputs are the actions. The losses differ in where their minimiser lies between
 * contradictory demonstrations (docs/algorithms/regression.md, lines 1 to 4).
 */
import { abs, minimum, mul, square, sub, type Tensor } from "../tensor/index.ts";
import { type Head, meanOfNumbers } from "./head.ts";

export interface RegressionOptions {
  /** D: numbers of a chunk. */
  readonly actionSize: number;
}

/** Mean squared error; its minimiser is the conditional mean. */
export function l2Head({ actionSize }: RegressionOptions): Head {
  return regression("l2", actionSize, square);
}

/** Mean absolute error; its minimiser is the conditional median of every number by itself. */
export function l1Head({ actionSize }: RegressionOptions): Head {
  return regression("l1", actionSize, abs);
}

export interface HuberOptions extends RegressionOptions {
  /** δ, the residual beyond which the loss grows linearly, in normalised actions; default 1. */
  readonly delta?: number;
}

/**
 * Huber 1964: ½d² up to |d| = δ, δ(|d| - ½δ) beyond. It is δ times PyTorch's SmoothL1 of β = δ. Throws a RangeError for a
 * δ that is not above 0.
 */
export function huberHead({ actionSize, delta = 1 }: HuberOptions): Head {
  if (!(delta > 0)) throw new RangeError(`Huber loss: delta ${delta}, expected a number above 0`);
  return regression("huber", actionSize, (residual) => {
    const size = abs(residual);
    const quadratic = minimum(size, delta);
    return mul(quadratic, sub(size, mul(0.5, quadratic)));
  });
}

function regression(name: string, actionSize: number, penalty: (residual: Tensor) => Tensor): Head {
  return {
    name,
    outputSize: actionSize,
    noiseSize: 0,
    loss: (output, actions, context) => meanOfNumbers(penalty(sub(output, actions)), context),
    sample: (output) => output,
  };
}
