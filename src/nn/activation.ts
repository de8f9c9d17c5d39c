/** Activation functions, element by element. Each ONNX operator is one trip through memory, so they are few. */
import { add, div, erf, mul, relu, sigmoid, softplus, sub, type Tensor, tanh, withGradient } from "../tensor/index.ts";

export type Activation = (x: Tensor) => Tensor;

/** x · sigmoid(x) (Elfwing et al. 2018). Its slope is s + y (1 - s). */
export const silu: Activation = (x) => {
  const s = sigmoid(x);
  const y = mul(x, s);
  return withGradient(y, [x, s, y], (g, [, s, y]) => [mul(g, add(s, mul(y, sub(1, s)))), null, null]);
};

/** x · Φ(x) with the normal distribution function (Hendrycks and Gimpel 2016). */
export const gelu: Activation = (x) => mul(mul(x, 0.5), add(erf(mul(x, Math.SQRT1_2)), 1));

/** The same with Φ approximated by tanh: what PyTorch calls `approximate="tanh"`. */
export const geluTanh: Activation = (x) => {
  const cubic = mul(x, add(mul(mul(x, x), 0.044715), 1));
  return mul(mul(x, 0.5), add(tanh(mul(cubic, Math.sqrt(2 / Math.PI))), 1));
};

/**
 * x · tanh(softplus(x)) (Misra 2019). With s = sigmoid(x) and q = s (2 - s), the tanh is t = q / (2 - q): exact in both
 * tails, six operators. The slope is t + x (1 - t²) s = t + s (x - t y), five more.
 */
export const mish: Activation = (x) => {
  const s = sigmoid(x);
  const q = mul(s, sub(2, s));
  const t = div(q, sub(2, q));
  const y = mul(x, t);
  return withGradient(y, [x, s, t, y], (g, [x, s, t, y]) => [
    mul(g, add(t, mul(s, sub(x, mul(t, y))))),
    null,
    null,
    null,
  ]);
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
