/** Drawing one of several by a standard normal. */
import {
  add,
  cast,
  cumulativeSum,
  erf,
  less,
  maximum,
  mul,
  slice,
  softmax,
  sum,
  type Tensor,
} from "../tensor/index.ts";

/** Below the least number above 0 that ½(1 + erf) takes in float32. */
const LEAST_UNIFORM = 2 ** -25;

/**
 * An index of the last axis, int32 `[B]`, with the probabilities softmax(logits), from logits `[B, V]` and normals
 * `[B, 1]`: the inverse of the cumulative distribution at Φ(normal). The uniform number is measured against the sum that
 * was in fact accumulated, so that rounding draws nothing of probability zero.
 */
export function chooseByNormal(logits: Tensor, normal: Tensor): Tensor {
  const uniform = maximum(mul(0.5, add(1, erf(mul(normal, Math.SQRT1_2)))), LEAST_UNIFORM);
  const count = logits.shape[1];
  const cumulative = cumulativeSum(softmax(logits));
  const threshold = mul(uniform, slice(cumulative, -1, count - 1, count));
  const passed = less(slice(cumulative, -1, 0, count - 1), threshold);
  return cast(sum(cast(passed, "float32"), { axes: -1 }), "int32");
}
