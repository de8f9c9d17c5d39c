/** From a detector's readings in an episode to its alarm: where they are above a threshold, so many of them in a row. */

import type { Episode } from "../world/index.ts";

/** A constant, or one for each reading; where a band has ended, nothing is above it. */
export type Threshold = number | Float64Array;

/** What each reading of an episode says, in time order, higher where failure is likelier. Not NaN; may be infinite. */
export type Course = ArrayLike<number>;

/** What a gate read in an episode, and in which steps. Throws RangeError where it never did. */
export function courseOf(
  { gate }: Pick<Episode, "gate">,
  reading: string,
): { readings: Float64Array; steps: Int32Array } {
  const column = gate?.[reading];
  if (!column)
    throw new RangeError(`episode: found no reading "${reading}", expected one of ${Object.keys(gate ?? {})}`);
  const steps = Int32Array.from(column.keys()).filter((step) => !Number.isNaN(column[step]));
  return { readings: Float64Array.from(steps, (step) => column[step]), steps };
}

/** Index of the reading that makes the alarm: the `patience`-th in a row above the threshold. Null where none does. */
export function firstAlarm(readings: Course, threshold: Threshold, patience = 1): number | null {
  let inRow = 0;
  for (let i = 0; i < readings.length; i++) {
    const limit = typeof threshold === "number" ? threshold : (threshold[i] ?? Number.POSITIVE_INFINITY);
    inRow = readings[i] > limit ? inRow + 1 : 0;
    if (inRow >= patience) return i;
  }
  return null;
}

/**
 * The level that the readings reach: there is an alarm under every constant threshold below it and under none from it on.
 * Of patience 1 it is their maximum, else the greatest minimum of so many in a row; -Infinity where there are fewer. Throws
 * RangeError for a patience that is no count, and for NaN.
 */
export function levelOf(readings: Course, patience = 1): number {
  if (!(Number.isInteger(patience) && patience >= 1)) {
    throw new RangeError(`patience: found ${patience}, expected an integer >= 1`);
  }
  let level = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < readings.length; i++) {
    if (Number.isNaN(readings[i])) throw new RangeError(`readings: number ${i} is NaN, expected a number`);
    if (i + 1 < patience) continue;
    let least = readings[i];
    for (let back = 1; back < patience; back++) least = Math.min(least, readings[i - back]);
    level = Math.max(level, least);
  }
  return level;
}
