/** Predictors without learning, beside which a policy's held-out error means something. */
import type { Column, Dataset } from "./dataset.ts";
import type { Windows } from "./windows.ts";

/** The mean [D] of the given rows of a column. Throws RangeError without rows. */
export function meanOf({ names, values }: Column, rows: ArrayLike<number>): Float64Array {
  if (rows.length === 0) throw new RangeError("mean: found no rows, expected at least one");
  const mean = new Float64Array(names.length);
  for (let i = 0; i < rows.length; i++) {
    for (let column = 0; column < mean.length; column++) {
      mean[column] += values[rows[i] * mean.length + column] / rows.length;
    }
  }
  return mean;
}

/** [W, Tp, Da]: the same action everywhere. */
export function predictMean({ count, horizons }: Windows, mean: ArrayLike<number>): Float32Array {
  const chunk = horizons.predictionHorizon * mean.length;
  return new Float32Array(count * chunk).map((_, i) => mean[i % mean.length]);
}

/**
 * [W, Tp, Da]: the action of the step before the newest observation, throughout. At the first step of an episode there is
 * none, and `mean` stands in.
 */
export function predictLast(
  { action, episodeEnds }: Pick<Dataset, "action" | "episodeEnds">,
  windows: Windows,
  mean: ArrayLike<number>,
): Float32Array {
  const { observationHorizon, predictionHorizon } = windows.horizons;
  const size = action.names.length;
  const firstRows = new Set([0, ...episodeEnds]);
  const predicted = new Float32Array(windows.count * predictionHorizon * size);
  for (let window = 0; window < windows.count; window++) {
    const newest = windows.observation[(window + 1) * observationHorizon - 1];
    const last = firstRows.has(newest) ? mean : action.values.subarray((newest - 1) * size, newest * size);
    for (let step = 0; step < predictionHorizon; step++) {
      predicted.set(last, (window * predictionHorizon + step) * size);
    }
  }
  return predicted;
}
