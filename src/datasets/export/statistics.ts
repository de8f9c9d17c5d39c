/** Statistics of columns as LeRobot keeps them, of each episode and of all (its compute_stats.py). */
import { quantile } from "../../base/index.ts";

export const QUANTILES = { q01: 0.01, q10: 0.1, q50: 0.5, q90: 0.9, q99: 0.99 } as const;
type Quantile = keyof typeof QUANTILES;

/** A number per dimension; `std` is of the population (with n). */
export interface Statistics extends Readonly<Record<Quantile | "min" | "max" | "mean" | "std", readonly number[]>> {
  /** [1]: the rows. */
  readonly count: readonly number[];
}

/** Of `values` [N, size], row-major, N at least 1. */
export function statisticsOf(values: ArrayLike<number>, size: number): Statistics {
  const rows = values.length / size;
  const columns = Array.from({ length: size }, (_, column) => {
    const sorted = Float64Array.from({ length: rows }, (_, row) => values[row * size + column]).sort();
    const mean = sorted.reduce((sum, value) => sum + value, 0) / rows;
    const variance = sorted.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows;
    return { sorted, mean, std: Math.sqrt(variance) };
  });
  const quantiles = Object.entries(QUANTILES).map(([name, at]) => [
    name,
    columns.map(({ sorted }) => quantile(sorted, at)),
  ]);
  return {
    min: columns.map(({ sorted }) => sorted[0]),
    max: columns.map(({ sorted }) => sorted[rows - 1]),
    mean: columns.map(({ mean }) => mean),
    std: columns.map(({ std }) => std),
    count: [rows],
    ...(Object.fromEntries(quantiles) as Record<Quantile, number[]>),
  };
}
