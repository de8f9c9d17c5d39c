/** How chunks of actions are executed: which of the plans decides what is done now (docs/algorithms/chunks.md, lines 2 to 5). */
import type { Horizons } from "../world/index.ts";

/**
 * - `receding`: Ta actions of a plan are executed, then the next plan is made (Chi et al. 2023).
 * - `ensemble`: a plan is made in every step, and what is done is the mean of all plans that have an action for this step,
 *   weighted by exp(-m i), where i = 0 is the oldest of them (temporal ensembling, Zhao et al. 2023; m = 0.01 there). A
 *   negative m favours the newest. Where plans disagree, as those of a mixture may, their mean can be what none intended.
 */
export type Execution = { readonly kind: "receding" } | { readonly kind: "ensemble"; readonly m: number };

/** What carries a way of execution out in one episode. */
export interface Executor {
  /** Steps from one plan to the next. */
  readonly stride: number;
  /** Takes the chunk [Tp, Da] planned now: `actions` at `offset` holds the actions of the next `stride` steps. */
  take(chunk: Float32Array): { actions: Float32Array; offset: number };
}

/** Throws RangeError where m is not finite. */
export function createExecutor(execution: Execution, horizons: Horizons, actionSize: number): Executor {
  // Index 0 of a chunk belongs to the oldest observation.
  const first = horizons.observationHorizon - 1;
  if (execution.kind === "receding") {
    return { stride: horizons.actionHorizon, take: (actions) => ({ actions, offset: first * actionSize }) };
  }
  const { m } = execution;
  if (!Number.isFinite(m)) throw new RangeError(`ensemble: found m = ${m}, expected a finite number`);
  return ensemble(m, { first, ahead: horizons.predictionHorizon - first, actionSize });
}

/**
 * The mean of all plans for each of the next `ahead` steps, kept up as plans come in: the n-th for a step (n = 0 is its
 * oldest, so none comes before it later) moves its mean by the share w_n / (w_0 + … + w_n). How many plans a step has is
 * counted, for an action may well be 0.
 */
function ensemble(
  m: number,
  { first, ahead, actionSize }: { first: number; ahead: number; actionSize: number },
): Executor {
  const means = new Float64Array(ahead * actionSize);
  const counts = new Int32Array(ahead);
  const shares = sharesOf(m, ahead);
  const actions = new Float32Array(actionSize);
  return {
    stride: 1,
    take(chunk) {
      for (let step = 0; step < ahead; step++) {
        const share = shares[counts[step]];
        for (let i = step * actionSize; i < (step + 1) * actionSize; i++) {
          means[i] += share * (chunk[first * actionSize + i] - means[i]);
        }
        counts[step] += 1;
      }
      actions.set(means.subarray(0, actionSize));
      means.copyWithin(0, actionSize).fill(0, -actionSize);
      counts.copyWithin(0, 1).fill(0, -1);
      return { actions, offset: 0 };
    },
  };
}

/** w_n / (w_0 + … + w_n) for n from 0: 1 / s_n with s_0 = 1 and s_n = 1 + e^m s_(n-1), which overflows for no m that matters. */
function sharesOf(m: number, count: number): Float64Array {
  const shares = new Float64Array(count);
  let sum = 0;
  for (let n = 0; n < count; n++) {
    sum = 1 + Math.exp(m) * sum;
    shares[n] = 1 / sum;
  }
  return shares;
}
