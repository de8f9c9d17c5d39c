/** Whether one policy is better than another, on the same seeds (ALGORITHMS.md 9.2). */
import { type Mean, mcnemarExact, meanOfValues, newcombePaired, type Rate } from "../base/index.ts";
import type { Evaluation } from "./summary.ts";

export interface Comparison {
  readonly first: Rate;
  readonly second: Rate;
  /** Of the success rates, first - second, with Newcombe's interval for paired trials. */
  readonly difference: { readonly difference: number; readonly low: number; readonly high: number };
  /** Of the scores, first - second: the mean over the seeds, with Student's t interval of the paired differences. */
  readonly scoreDifference: Mean;
  /** Seeds on which only the first, or only the second, succeeded. */
  readonly onlyFirst: number;
  readonly onlySecond: number;
  /** Exact McNemar test of "both succeed equally often", two-sided. */
  readonly pValue: number;
}

/** Throws RangeError unless both evaluations are of one task and the same seeds in the same order. */
export function compare(first: Evaluation, second: Evaluation): Comparison {
  if (first.task !== second.task)
    throw new RangeError(`compare: found tasks ${first.task} and ${second.task}, expected one`);
  if (first.episodes !== second.episodes) {
    throw new RangeError(`compare: found ${first.episodes} and ${second.episodes} episodes, expected the same seeds`);
  }
  const pairs = first.perSeed.map((one, i) => ({ one, other: second.perSeed[i] }));
  const unpaired = pairs.find(({ one, other }) => one.seed !== other.seed);
  if (unpaired) throw new RangeError(`compare: seed ${unpaired.one.seed} is paired with seed ${unpaired.other.seed}`);
  const count = (wanted: boolean, other: boolean) =>
    pairs.filter((pair) => pair.one.success === wanted && pair.other.success === other).length;
  const [onlyFirst, onlySecond] = [count(true, false), count(false, true)];
  return {
    first: first.success,
    second: second.success,
    difference: newcombePaired({ both: count(true, true), onlyFirst, onlySecond, neither: count(false, false) }),
    scoreDifference: meanOfValues(pairs.map(({ one, other }) => one.maxReward - other.maxReward)),
    onlyFirst,
    onlySecond,
    pValue: mcnemarExact(onlyFirst, onlySecond),
  };
}
