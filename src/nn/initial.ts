/** How a new parameter is filled. */
import { type RandomStream, type Shape, sizeOf } from "../base/index.ts";

/** Fills a new array of `shape` from a stream of random numbers. */
export type Initializer = (stream: RandomStream, shape: Shape) => Float32Array;

/** Uniform in [-bound, bound). */
export function uniform(bound: number): Initializer {
  return (stream, shape) => Float32Array.from({ length: sizeOf(shape) }, () => bound * (2 * stream.uniform() - 1));
}

/** Normal with mean 0. */
export function normal(deviation = 1): Initializer {
  return (stream, shape) => Float32Array.from({ length: sizeOf(shape) }, () => deviation * stream.normal());
}

/** One number everywhere. */
export function repeated(value: number): Initializer {
  return (_, shape) => new Float32Array(sizeOf(shape)).fill(value);
}

/**
 * PyTorch's default for linear layers and convolutions, weight and bias alike: uniform within 1/√fanIn (fanIn: numbers
 * that enter one output). `kaiming_uniform_` with a = √5 is the same.
 */
export function fanInUniform(fanIn: number): Initializer {
  return uniform(1 / Math.sqrt(fanIn));
}
