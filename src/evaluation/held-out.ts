/** How far predicted actions lie from those of held-out demonstrations, in the task's own units. */
import type { Column, Windows } from "../datasets/index.ts";

export interface HeldOutError {
  /** Root of the mean square, and mean of the absolute value, over windows, executed steps and action dimensions. */
  readonly rms: number;
  readonly meanAbsolute: number;
  readonly perDimension: readonly { name: string; unit: string; rms: number; meanAbsolute: number }[];
  /** Steps that were compared: the executed slice of every window, less the padded ones. */
  readonly steps: number;
}

/**
 * Error of `predictions` [W, Tp, Da] over the slice [To-1, To-1+Ta) that a rollout would execute. Padded steps do not
 * count. Throws RangeError for a wrong size and where nothing is left to compare.
 */
export function heldOutError(
  predictions: Float32Array,
  { names, units, values }: Column,
  { horizons, count, action, padded }: Windows,
): HeldOutError {
  const { observationHorizon, predictionHorizon, actionHorizon } = horizons;
  const size = names.length;
  if (predictions.length !== count * predictionHorizon * size) {
    throw new RangeError(
      `predictions: found ${predictions.length} numbers, expected ${count} x ${predictionHorizon} x ${size}`,
    );
  }
  const squares = new Float64Array(size);
  const absolutes = new Float64Array(size);
  let steps = 0;
  for (let window = 0; window < count; window++) {
    for (let place = observationHorizon - 1; place < observationHorizon - 1 + actionHorizon; place++) {
      const step = window * predictionHorizon + place;
      if (padded[step]) continue;
      steps += 1;
      for (let i = 0; i < size; i++) {
        const error = predictions[step * size + i] - values[action[step] * size + i];
        squares[i] += error * error;
        absolutes[i] += Math.abs(error);
      }
    }
  }
  if (steps === 0) throw new RangeError("held-out error: found no steps to compare, expected at least one");
  const total = (sums: Float64Array) => sums.reduce((sum, value) => sum + value, 0) / (steps * size);
  return {
    rms: Math.sqrt(total(squares)),
    meanAbsolute: total(absolutes),
    perDimension: names.map((name, i) => ({
      name,
      unit: units[i],
      rms: Math.sqrt(squares[i] / steps),
      meanAbsolute: absolutes[i] / steps,
    })),
    steps,
  };
}
