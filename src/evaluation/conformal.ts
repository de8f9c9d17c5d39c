/**
 * Thresholds with a promise: of episodes like those they were calibrated on, at most a share alpha raises an alarm (split
 * conformal prediction, Vovk et al. 2005; ALGORITHMS.md 7.3 and 7.6). The promise holds on average over calibrations, for
 * whole episodes, and says nothing about failures: calibrate on successes that no model was fitted to, anew after every
 * update of the policy (docs/algorithms/gates.md, lines 4 to 7).
 */
import { type Rate, wilson } from "../base/index.ts";
import { type Course, firstAlarm, levelOf, type Threshold } from "./alarm.ts";

/** k = ceil((n + 1)(1 - alpha)), which of n ascending scores is the threshold; n + 1 stands for none of them, +Infinity. */
export function conformalRank(count: number, alpha: number): number {
  if (!(alpha > 0 && alpha < 1)) throw new RangeError(`alpha: found ${alpha}, expected a number between 0 and 1`);
  // the guard: a whole number may come out of the product a little greater
  return Math.max(1, Math.ceil((count + 1) * (1 - alpha) - 1e-9));
}

/**
 * The k-th smallest score: a further one, exchangeable with these, is greater with a probability of at most alpha.
 * +Infinity where there are too few (9 for an alpha of 0.1, 19 for 0.05, 99 for 0.01). Throws RangeError for NaN.
 */
export function conformalThreshold(scores: ArrayLike<number>, alpha: number): number {
  const rank = conformalRank(scores.length, alpha);
  const sorted = Float64Array.from(scores).sort();
  // NaN is sorted to the end
  if (Number.isNaN(sorted[sorted.length - 1])) throw new RangeError("scores: found NaN, expected numbers");
  return rank > sorted.length ? Number.POSITIVE_INFINITY : sorted[rank - 1];
}

/**
 * The constant threshold under which a share of at most alpha of successful episodes raises an alarm, from the readings of
 * some: they are judged as the gate judges them, `patience` readings in a row.
 */
export function calibrate(successes: readonly Course[], alpha: number, patience = 1): number {
  return conformalThreshold(
    successes.map((readings) => levelOf(readings, patience)),
    alpha,
  );
}

/** A threshold that changes with time: upper = mean + width · modulation. */
export interface ConformalBand {
  /** Each [T], T the readings of the longest episode it was fitted to. */
  readonly upper: Float64Array;
  readonly mean: Float64Array;
  readonly modulation: Float64Array;
  /** +Infinity where there are too few episodes to calibrate on. */
  readonly width: number;
}

/** Keeps a band from being infinitely narrow where all episodes agree. */
const LEAST_MODULATION = 1e-8;

/**
 * The one-sided functional band of Diquigiovanni et al. 2021, as FAIL-Detect uses it (Xu et al. 2025), with the order
 * statistic in place of an interpolated quantile. Mean and modulation come from the episodes to fit, the width from those
 * to calibrate: disjoint sets of successes. Short episodes go on with their last reading; what lies beyond the longest
 * fitted one is not judged, so that the promise does not depend on who is judged. Throws RangeError without episodes to
 * fit, and for one without readings.
 */
export function conformalBand(fit: readonly Course[], calibration: readonly Course[], alpha: number): ConformalBand {
  if (fit.length === 0) throw new RangeError("band: found no episodes to fit, expected at least one");
  const length = Math.max(...fit.map((readings) => readings.length));
  const curves = fit.map((readings) => heldTo(length, readings));
  const mean = new Float64Array(length).map((_, t) => curves.reduce((sum, curve) => sum + curve[t], 0) / curves.length);
  const deviations = curves.map((curve) => curve.map((value, t) => Math.abs(value - mean[t])));
  const largest = deviations.map((curve) => levelOf(curve));
  // curves that are far out somewhere do not shape the band
  const usual = conformalThreshold(largest, alpha);
  const kept = deviations.filter((_, i) => largest[i] <= usual);
  const modulation = mean.map((_, t) => Math.max(...kept.map((curve) => curve[t])) + LEAST_MODULATION);
  const excess = calibration.map((readings) => levelOf(excessOf({ mean, modulation }, heldTo(length, readings))));
  const width = conformalThreshold(excess, alpha);
  return { upper: mean.map((value, t) => value + width * modulation[t]), mean, modulation, width };
}

/**
 * How many modulations each reading is above the mean, up to the band's end: of two episodes of different lengths, or of
 * readings that are added up, these can be compared where the readings themselves cannot.
 */
export function excessOf(
  { mean, modulation }: Pick<ConformalBand, "mean" | "modulation">,
  readings: Course,
): Float64Array {
  const length = Math.min(mean.length, readings.length);
  return new Float64Array(length).map((_, t) => (readings[t] - mean[t]) / modulation[t]);
}

/** The first `length` readings, the last one repeated where there are fewer. */
function heldTo(length: number, readings: Course): Float64Array {
  if (readings.length === 0) throw new RangeError("band: found an episode without readings, expected at least one");
  return new Float64Array(length).map((_, t) => readings[Math.min(t, readings.length - 1)]);
}

/** What was promised, and what came of it on other successes: the share that raised an alarm, with the Wilson interval. */
export function falseAlarms(successes: readonly Course[], threshold: Threshold, patience = 1): Rate {
  return wilson(
    successes.filter((readings) => firstAlarm(readings, threshold, patience) !== null).length,
    successes.length,
  );
}
