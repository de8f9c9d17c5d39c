/** Normalisation per column, normalised = scale x + offset, fitted on training rows alone (ALGORITHMS.md 1.3). */
import { quantile } from "../base/index.ts";
import type { Column } from "./dataset.ts";

/** In the order of ALGORITHMS.md 1.3; recipes choose by these names. */
export const NORMALISATIONS = ["limits", "standard", "quantile"] as const;
export type Normalisation = (typeof NORMALISATIONS)[number];

export interface Normaliser {
  /** [D]. */
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}

/** A column whose range or deviation is below this counts as constant. */
const CONSTANT = 1e-4;

/**
 * Fits to the given rows of a column:
 * - "limits" maps [min, max] to [-1, 1]; a constant column maps to 0 and keeps its unit (diffusion_policy);
 * - "standard" maps to mean 0 and deviation 1 (with n - 1); a constant column maps to 0 and keeps its unit;
 * - "quantile" maps the 1 % and the 99 % quantile to -1 and 1 and clips nothing: outliers lie outside [-1, 1] and do not
 *   squeeze the rest (LeRobot, openpi). Where both quantiles are one value, that maps to 0 and the unit is kept.
 * Throws RangeError without rows.
 */
export function fitNormaliser({ names, values }: Column, rows: ArrayLike<number>, kind: Normalisation): Normaliser {
  if (rows.length === 0) throw new RangeError("normaliser: found no rows, expected at least one");
  const fits = names.map((_, column) => {
    const value = (i: number) => values[rows[i] * names.length + column];
    return FITS[kind](value, rows.length);
  });
  return {
    scale: Float32Array.from(fits, ({ scale }) => scale),
    offset: Float32Array.from(fits, ({ offset }) => offset),
  };
}

type Fit = (value: (i: number) => number, count: number) => { scale: number; offset: number };

const FITS: Readonly<Record<Normalisation, Fit>> = {
  limits: fitLimits,
  standard: fitStandard,
  quantile: fitQuantile,
};

function fitLimits(value: (i: number) => number, count: number): { scale: number; offset: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < count; i++) {
    low = Math.min(low, value(i));
    high = Math.max(high, value(i));
  }
  return fitRange(low, high);
}

function fitQuantile(value: (i: number) => number, count: number): { scale: number; offset: number } {
  const values = Float64Array.from({ length: count }, (_, i) => value(i));
  return fitRange(quantile(values, 0.01), quantile(values, 0.99));
}

function fitRange(low: number, high: number): { scale: number; offset: number } {
  if (high - low < CONSTANT) return { scale: 1, offset: -low };
  const scale = 2 / (high - low);
  return { scale, offset: -1 - scale * low };
}

function fitStandard(value: (i: number) => number, count: number): { scale: number; offset: number } {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += value(i);
  const mean = sum / count;
  let squares = 0;
  for (let i = 0; i < count; i++) squares += (value(i) - mean) ** 2;
  const deviation = Math.sqrt(squares / Math.max(1, count - 1));
  const scale = deviation < CONSTANT ? 1 : 1 / deviation;
  return { scale, offset: -mean * scale };
}
