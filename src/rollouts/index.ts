/**
 * rollouts: letting actors act in environments and recording every step.
 *
 * Law: imports `base` and `world` only; knows no particular task and no tensors. What acts and where is an argument.
 */
export type { Execution } from "./execution.ts";
export type { Outcome } from "./recording.ts";
export {
  type LockstepOptions,
  rollout,
  rolloutForOutcome,
  rolloutMany,
  rolloutManyForOutcomes,
} from "./rollout.ts";
