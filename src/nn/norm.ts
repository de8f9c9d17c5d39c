/** Normalisations, with their gradients stated: the chain of rules would pass over the activations twice as often. */
import { type Shape, sizeOf } from "../base/index.ts";
import { add, broadcastTo, div, mul, reshape, sqrt, sub, sum, type Tensor, withGradient } from "../tensor/index.ts";
import { repeated } from "./initial.ts";
import type { Layer } from "./layer.ts";

const EPSILON = 1e-5;

const scaleAndShift = (size: number) => ({
  weight: { shape: [size], initial: repeated(1) },
  bias: { shape: [size], initial: repeated(0) },
});

/** Normalises the last axis, `[…, size]`, then scales and shifts it (Ba et al. 2016). Parameters: weight, bias `[size]`. */
export function layerNorm(size: number): Layer {
  return {
    parameters: scaleAndShift(size),
    apply: ({ weight, bias }, x) => add(mul(standardise(x), weight), bias),
  };
}

/** (x - mean) / √(variance + ε) over the last axis. */
function standardise(x: Tensor): Tensor {
  const lastMean = (values: Tensor) => mul(sum(values, { axes: -1, keep: true }), 1 / x.shape[x.shape.length - 1]);
  const centred = sub(x, lastMean(x));
  const scale = div(1, sqrt(add(lastMean(mul(centred, centred)), EPSILON)));
  const y = mul(centred, scale);
  // dx = scale · (g - mean(g) - y · mean(g y))
  return withGradient(y, [x, y, scale], (g, [, y, scale]) => {
    const mean = (values: Tensor) => mul(sum(values, { axes: -1, keep: true }), 1 / y.shape[y.shape.length - 1]);
    return [mul(scale, sub(sub(g, mean(g)), mul(y, mean(mul(g, y))))), null, null];
  });
}

/**
 * Normalises groups of channels over all positions of `[…positions, B, channels]`, then scales and shifts each channel
 * (Wu and He 2018). Parameters: weight, bias `[channels]`.
 */
export function groupNorm(groups: number, channels: number): Layer {
  if (channels % groups !== 0) throw new RangeError(`groupNorm: ${channels} channels in ${groups} groups`);
  return {
    parameters: scaleAndShift(channels),
    apply: ({ weight, bias }, x) => {
      const [batch, last] = x.shape.slice(-2);
      if (last !== channels) throw new Error(`groupNorm: found [${x.shape.join(", ")}], expected ${channels} channels`);
      const shape = [sizeOf(x.shape) / (batch * channels), batch, channels];
      return reshape(normaliseGroups(reshape(x, shape), weight, bias, groups), x.shape);
    },
  };
}

/**
 * x `[S, B, C]`. All that is not of that size is `[B, C]` or smaller: the statistics come from sums over the positions,
 * and scale and shift go back over them, so that the whole is six passes over x forward and seven backward.
 */
function normaliseGroups(x: Tensor, weight: Tensor, bias: Tensor, groups: number): Tensor {
  const mean = groupMean(sum(x, { axes: 0 }), groups, x.shape);
  const centred = sub(x, mean);
  const variance = groupMean(sum(mul(centred, centred), { axes: 0 }), groups, x.shape);
  const scale = div(1, sqrt(add(variance, EPSILON)));
  const slope = mul(scale, weight);
  const y = add(mul(centred, slope), bias);
  const read = [x, weight, bias, centred, scale, slope];
  // with v = scale · centred: dx = scale · (g w - mean(g w) - v · mean(g w v)), dw = Σ g v, db = Σ g
  return withGradient(y, read, (g, [x, weight, , centred, scale, slope]) => {
    const plain = sum(g, { axes: 0 });
    const along = mul(sum(mul(g, centred), { axes: 0 }), scale);
    const shift = mul(scale, groupMean(mul(plain, weight), groups, x.shape));
    const bend = mul(mul(scale, scale), groupMean(mul(along, weight), groups, x.shape));
    const dx = sub(sub(mul(g, slope), mul(centred, bend)), shift);
    return [dx, sum(along, { axes: 0 }), sum(plain, { axes: 0 }), null, null, null];
  });
}

/** The mean over each group of an `[S, B, C]` tensor from its sums over S: `[B, C]`, equal within a group. */
function groupMean(sums: Tensor, groups: number, [positions, batch, channels]: Shape): Tensor {
  const size = channels / groups;
  const totals = sum(reshape(sums, [batch, groups, size]), { axes: 2, keep: true });
  const means = mul(totals, 1 / (positions * size));
  return reshape(broadcastTo(means, [batch, groups, size]), [batch, channels]);
}
