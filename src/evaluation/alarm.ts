/** From a detector's readings in an episode to its alarm: where they are above a threshold, so many of them in a row. */

/** A constant, or one for each reading; where a band has ended, nothing is above it. */
export type Threshold = number | Float64Array;

/** What each reading of an episode says, in time order, higher where failure is likelier. Not NaN; may be infinite. */
export type Readings = ArrayLike<number>;

/** Index of the reading that makes the alarm: the `patience`-th in a row above the threshold. Null where none does. */
export function firstAlarm(readings: Readings, threshold: Threshold, patience = 1): number | null {
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
export function levelOf(readings: Readings, patience = 1): number {
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
