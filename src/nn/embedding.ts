/** Numbers and times as vectors. */
import { concat, constant, cos, expand, gather, mul, sin, type Tensor } from "../tensor/index.ts";
import { normal } from "./initial.ts";
import type { Layer } from "./layer.ts";

/** Rows of a learnt table: int32 `[…]`, each below `count`, to `[…, size]`. Parameters: weight `[count, size]`. */
export function embedding(count: number, size: number): Layer {
  return {
    parameters: { weight: { shape: [count, size], initial: normal() } },
    apply: ({ weight }, indices) => gather(weight, indices),
  };
}

/**
 * t `[B]` to `[B, size]`: [sin(t f₀) …, cos(t f₀) …] with f_j = exp(-j ln(10000) / (size/2 - 1)) (Vaswani et al. 2017, as
 * in diffusion_policy). `size` is even and at least 4.
 */
export function sinusoidal(t: Tensor, size: number): Tensor {
  const half = size / 2;
  if (!(Number.isInteger(half) && half >= 2)) throw new RangeError(`sinusoidal: size ${size}, expected 4, 6, 8 …`);
  const frequencies = Array.from({ length: half }, (_, index) => Math.exp((-index * Math.log(10000)) / (half - 1)));
  const angles = mul(expand(t, 1), constant(frequencies));
  return concat([sin(angles), cos(angles)]);
}
