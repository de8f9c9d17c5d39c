/**
 * What a detector of failures is worth (ALGORITHMS.md 7.7): positive is an episode that failed. Give all detectors the same
 * episodes, successes only up to the success, and thresholds from others than these (docs/algorithms/gates.md, line 8).
 */
import { type Mean, meanOfValues, type Rate, wilson } from "../base/index.ts";
import { type Course, firstAlarm, levelOf, type Threshold } from "./alarm.ts";
import { type Auroc, auroc } from "./auroc.ts";

/** An episode as a detector saw it. */
export interface WatchedEpisode {
  readonly failed: boolean;
  /** L, in steps. */
  readonly length: number;
  readonly readings: Course;
  /** The step at which each reading was taken, from 0, ascending; default: one in every step. */
  readonly steps?: ArrayLike<number>;
  /** Of a failure the first step from which it can no longer be averted; null or left out where nobody knows. */
  readonly irreversible?: number | null;
}

/** What comes of one threshold. */
export interface Detection {
  /** Share of the failures that raised an alarm, and of the successes that raised none. */
  readonly truePositives: Rate;
  readonly trueNegatives: Rate;
  /** Mean of the two rates. */
  readonly balancedAccuracy: number;
  /** Harmonic mean of the precision and the rate of true positives; it depends on how many of the episodes failed. */
  readonly f1: number;
  /** Of the failures with an alarm: its step, divided by the episode's length. Null without any. */
  readonly detectionTime: Mean | null;
  /**
   * Timestep-wise accuracy (FIPER, Römer et al. 2025): balanced accuracy in which a failure counts by the share of its
   * steps that the alarm came before.
   */
  readonly timestepAccuracy: number;
  /** Steps from the alarm to the irreversible step, below 0 where it came too late: of failures with both. Null without any. */
  readonly leadTime: Mean | null;
  /** Of the failures whose irreversible step is known, those with an alarm before it: the others were of no use. */
  readonly inTime: Rate | null;
}

/** Throws RangeError where failures or successes are missing, and for readings that do not fit their episode. */
export function judgeDetector(episodes: readonly WatchedEpisode[], threshold: Threshold, patience = 1): Detection {
  const { failures, successes } = byKind(episodes);
  const alarmOf = (episode: WatchedEpisode) => alarmStep(episode, threshold, patience);
  const alarms = failures.map((failure) => ({ ...failure, alarm: alarmOf(failure) }));
  const detected = alarms.flatMap(({ alarm, ...failure }) => (alarm === null ? [] : [{ ...failure, alarm }]));
  const quiet = successes.filter((success) => alarmOf(success) === null).length;
  const truePositives = wilson(detected.length, failures.length);
  const trueNegatives = wilson(quiet, successes.length);
  const times = detected.map(({ alarm, length }) => alarm / length);
  const left = times.reduce((sum, time) => sum + 1 - time, 0) / failures.length;
  const known = alarms.filter(({ irreversible }) => typeof irreversible === "number");
  const leads = known.flatMap(({ alarm, irreversible }) => (alarm === null ? [] : [(irreversible as number) - alarm]));
  const wrong = failures.length - detected.length + successes.length - quiet;
  return {
    truePositives,
    trueNegatives,
    balancedAccuracy: (truePositives.rate + trueNegatives.rate) / 2,
    f1: detected.length === 0 ? 0 : (2 * detected.length) / (2 * detected.length + wrong),
    detectionTime: times.length > 0 ? meanOfValues(times) : null,
    timestepAccuracy: (left + trueNegatives.rate) / 2,
    leadTime: leads.length > 0 ? meanOfValues(leads) : null,
    inTime: known.length > 0 ? wilson(leads.filter((lead) => lead > 0).length, known.length) : null,
  };
}

/** Over all thresholds: the levels that failures and successes reach, told apart. */
export function separation(episodes: readonly WatchedEpisode[], patience = 1): Auroc {
  const { failures, successes } = levels(episodes, patience);
  return auroc(failures, successes);
}

/** The levels that the readings of each episode reach, by kind; what `aurocDifference` compares detectors by. */
export function levels(episodes: readonly WatchedEpisode[], patience = 1): { failures: number[]; successes: number[] } {
  const { failures, successes } = byKind(episodes);
  const levelsOf = (some: readonly WatchedEpisode[]) => some.map(({ readings }) => levelOf(readings, patience));
  return { failures: levelsOf(failures), successes: levelsOf(successes) };
}

/**
 * The least threshold under which a share of at most `share` of these very successes raises an alarm: for comparing
 * detectors at equal false alarms on one set of episodes, not for use on others, to which it promises nothing.
 */
export function thresholdAt(episodes: readonly WatchedEpisode[], share: number, patience = 1): number {
  if (!(share >= 0 && share < 1)) throw new RangeError(`share: found ${share}, expected a number from 0, below 1`);
  const { successes } = levels(episodes, patience);
  const allowed = Math.floor(share * successes.length + 1e-9);
  return successes.sort((a, b) => b - a)[allowed];
}

function byKind(episodes: readonly WatchedEpisode[]) {
  const failures = episodes.filter(({ failed }) => failed);
  const successes = episodes.filter(({ failed }) => !failed);
  if (failures.length === 0 || successes.length === 0) {
    const found = `${failures.length} failures and ${successes.length} successes`;
    throw new RangeError(`detection: found ${found}, expected some of both`);
  }
  return { failures, successes };
}

function alarmStep({ readings, steps, length }: WatchedEpisode, threshold: Threshold, patience: number): number | null {
  if (steps && steps.length !== readings.length) {
    throw new RangeError(`detection: found ${readings.length} readings at ${steps.length} steps`);
  }
  const index = firstAlarm(readings, threshold, patience);
  if (index === null) return null;
  const step = steps ? steps[index] : index;
  if (!(step < length)) throw new RangeError(`detection: a reading at step ${step} of an episode of ${length} steps`);
  return step;
}
