/** How one case of a primitive is written down: operands, what is built from them, how its gradient is judged. */
import { randomKey, randomStream, type Shape, sizeOf } from "../../../src/base/index.ts";
import type { DType, Tensor } from "../../../src/tensor/index.ts";

export interface Operand {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly data: readonly number[];
}

/**
 * "differences": the gradient of Σ weight · result agrees with central differences. A list: the gradient of Σ result with
 * respect to each float32 operand, in order (kinks, where a convention decides). "none": there is no gradient to speak of.
 */
export type GradientCheck = "differences" | "none" | readonly (readonly number[])[];

export interface Case {
  readonly label: string;
  readonly operands: readonly Operand[];
  readonly build: (...operands: Tensor[]) => Tensor;
  readonly gradient: GradientCheck;
  /** Results found by hand; without it they come from NumPy (tests/golden/primitives.json). */
  readonly expected?: readonly number[];
  /** |runtime - reference| may be this much beside the relative tolerance; the default is 1e-6. */
  readonly tolerance?: number;
}

/** Numbers as float32 holds them, so that every runtime starts from the same ones. */
export function floats(shape: Shape, data: readonly number[]): Operand {
  return { shape, dtype: "float32", data: data.map(Math.fround) };
}

export function integers(shape: Shape, data: readonly number[], dtype: DType = "int32"): Operand {
  return { shape, dtype, data };
}

export function words(shape: Shape, data: readonly number[]): Operand {
  return { shape, dtype: "uint32", data };
}

export function bools(shape: Shape, data: readonly number[]): Operand {
  return { shape, dtype: "bool", data };
}

/** Numbers between `low` and `high`, multiples of 1/64 that differ from each other within one operand where they can. */
export function spread(shape: Shape, { low = -2, high = 2, seed = 0 } = {}): Operand {
  const stream = randomStream(randomKey(seed));
  const data = Array.from({ length: sizeOf(shape) }, () => {
    const value = low + (high - low) * stream.uniform();
    return Math.round(value * 64) / 64 + 1 / 128;
  });
  return floats(shape, data);
}

const { POSITIVE_INFINITY: INFINITY, NEGATIVE_INFINITY } = Number;
export const INFINITIES = [INFINITY, NEGATIVE_INFINITY] as const;
/** 0, both signs, small and large. */
export const MAGNITUDES = [0, 1e-30, -1e-30, 1e-4, -1e-4, 1, -1, 30, -30, 1e4, -1e4, 1e30, -1e30] as const;
export const LIMIT = 2 ** 31;
export const WORD = 2 ** 32;
