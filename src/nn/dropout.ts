/** Dropout by explicit keys. */
import { cast, less, mul, randomUniform, type Tensor } from "../tensor/index.ts";

/**
 * Zeros with probability `rate`, the rest scaled so that the mean stays (Srivastava et al. 2014). The key is a uint32
 * tensor `[2]`, used here alone; null in evaluation, where the result is x itself.
 */
export function dropout(x: Tensor, rate: number, key: Tensor | null): Tensor {
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`dropout: rate ${rate}, expected at least 0 and below 1`);
  if (key === null || rate === 0) return x;
  const kept = cast(less(randomUniform(key, x.shape), 1 - rate), "float32");
  return mul(x, mul(kept, 1 / (1 - rate)));
}
