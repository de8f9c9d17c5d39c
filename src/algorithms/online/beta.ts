/** How likely the expert drives in DAgger's round i, counted from 1 (Ross et al. 2011; docs/algorithms/dagger.md). */

export type BetaSchedule =
  /** The expert alone in the first round, then the policy alone: the paper's parameter-free choice. */
  | { readonly kind: "first" }
  /** p^(i-1). */
  | { readonly kind: "exponential"; readonly p: number }
  /** From 1 to 0 over so many rounds, then 0 (`imitation`'s default, over 15). */
  | { readonly kind: "linear"; readonly rounds: number };

/** Throws RangeError for a p outside [0, 1] and for rounds below 1. */
export function betaOf(schedule: BetaSchedule, round: number): number {
  switch (schedule.kind) {
    case "first":
      return round === 1 ? 1 : 0;
    case "exponential":
      if (!(schedule.p >= 0 && schedule.p <= 1)) throw new RangeError(`beta: p: found ${schedule.p}, expected 0 to 1`);
      return schedule.p ** (round - 1);
    case "linear":
      if (!(schedule.rounds >= 1)) throw new RangeError(`beta: rounds: found ${schedule.rounds}, expected 1 or more`);
      return Math.max(0, (schedule.rounds - (round - 1)) / schedule.rounds);
  }
}
