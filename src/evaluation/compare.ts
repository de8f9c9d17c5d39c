/** Whether one policy is better than another, on the same seeds (ALGORITHMS.md 9.2). */
import { mcnemarExact, newcombe, type Rate } from "../base/index.ts";
import type { Evaluation } from "./evaluate.ts";

export interface Comparison {
  readonly first: Rate;
  readonly second: Rate;
  /** first - second, with the Newcombe interval: it ignores the pairing, so it is too wide rather than too narrow. */
  readonly difference: { readonly difference: number; readonly low: number; readonly high: number };
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
  const onlyFirst = pairs.filter(({ one, other }) => one.success && !other.success).length;
  const onlySecond = pairs.filter(({ one, other }) => !one.success && other.success).length;
  return {
    first: first.success,
    second: second.success,
    difference: newcombe(first.success, second.success),
    onlyFirst,
    onlySecond,
    pValue: mcnemarExact(onlyFirst, onlySecond),
  };
}
