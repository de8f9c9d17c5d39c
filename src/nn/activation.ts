/** Activation functions, element by element. Each ONNX operator is one trip through memory, so they are few. */
import { add, div, erf, exp, minimum, mul, relu, sigmoid, softplus, type Tensor, tanh } from "../tensor/index.ts";

export type Activation = (x: Tensor) => Tensor;

/** x · sigmoid(x) (Elfwing et al. 2018). */
export const silu: Activation = (x) => mul(x, sigmoid(x));

/** x · Φ(x) with the normal distribution function (Hendrycks and Gimpel 2016). */
export const gelu: Activation = (x) => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));

/** The same with Φ approximated by tanh: what PyTorch calls `approximate="tanh"`. */
export const geluTanh: Activation = (x) => {
  const cubic = mul(x, add(mul(mul(x, x), 0.044715), 1));
  return mul(mul(x, 0.5), add(tanh(mul(cubic, Math.sqrt(2 / Math.PI))), 1));
};

/**
 * x · tanh(softplus(x)) (Misra 2019). With n = eˣ(eˣ + 2) it is x · n/(n + 2): one exponential. Above 20, n/(n + 2) is 1
 * in float32, so the exponent is stopped there.
 */
export const mish: Activation = (x) => {
  const e = exp(minimum(x, 20));
  const n = mul(e, add(e, 2));
  return mul(x, div(n, add(n, 2)));
};

/** By the names under which recipes choose them. */
export const activations = {
  relu,
  tanh,
  sigmoid,
  silu,
  gelu,
  geluTanh,
  mish,
  softplus,
} as const satisfies Record<string, Activation>;

export type ActivationName = keyof typeof activations;
