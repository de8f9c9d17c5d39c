/** Normalisations, with their gradients stated: the chain of rules would pass over the activations twice as often. */
import { sizeOf } from "../base/index.ts";
import {
  add,
  constant,
  div,
  matmul,
  mul,
  reshape,
  sqrt,
  sub,
  sum,
  type Tensor,
  withGradient,
} from "../tensor/index.ts";
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
 * and scale and shift go back over them, so that the whole is six passes over x forward and seven backward. From
 * channels to groups and back leads a product with a matrix of zeros and ones: faster than a reduction and a repetition.
 */
function normaliseGroups(x: Tensor, weight: Tensor, bias: Tensor, groups: number): Tensor {
  const [positions, , channels] = x.shape;
  const size = channels / groups;
  const pool = membership(channels, groups, 1 / (positions * size));
  const member = membership(channels, groups, 1);
  const mean = matmul(matmul(sum(x, { axes: 0 }), pool), member, { transposeB: true });
  const centred = sub(x, mean);
  const variance = matmul(sum(mul(centred, centred), { axes: 0 }), pool);
  const scale = matmul(div(1, sqrt(add(variance, EPSILON))), member, { transposeB: true });
  const slope = mul(scale, weight);
  const y = add(mul(centred, slope), bias);
  const read = [x, weight, bias, centred, scale, slope, pool, member];
  // with v = scale · centred: dx = scale · (g w - mean(g w) - v · mean(g w v)), dw = Σ g v, db = Σ g
  return withGradient(y, read, (g, [, weight, , centred, scale, slope, pool, member]) => {
    const groupMean = (values: Tensor) => matmul(matmul(values, pool), member, { transposeB: true });
    const plain = sum(g, { axes: 0 });
    const along = mul(sum(mul(g, centred), { axes: 0 }), scale);
    const shift = mul(scale, groupMean(mul(plain, weight)));
    const bend = mul(mul(scale, scale), groupMean(mul(along, weight)));
    const dx = sub(sub(mul(g, slope), mul(centred, bend)), shift);
    return [dx, sum(along, { axes: 0 }), sum(plain, { axes: 0 }), null, null, null, null, null];
  });
}

/** `[channels, groups]`: `value` where a channel belongs to a group, 0 elsewhere. */
function membership(channels: number, groups: number, value: number): Tensor {
  const size = channels / groups;
  const entry = (index: number) => (Math.floor(Math.floor(index / groups) / size) === index % groups ? value : 0);
  return constant(
    Array.from({ length: channels * groups }, (_, index) => entry(index)),
    [channels, groups],
  );
}
