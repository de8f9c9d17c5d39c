/**
 * rollouts: letting actors act in environments and recording every step; who is in control there; what watches.
 *
 * Law: imports `base` and `world` only; knows no particular task and no tensors. What acts and where is an argument.
 */
export { afterRequests, DRIVERS, flushes, type Phase, type Request, TRANSITIONS } from "./control.ts";
export type { Execution } from "./execution.ts";
export {
  ALARM,
  createWatch,
  type Gate,
  type GateMoments,
  type GateRule,
  type GateScore,
  type Readings,
  type Watch,
} from "./gate.ts";
export type { Origin } from "./lane.ts";
export { advanceLive, type LiveLane, type LivePolicy, type LiveStart, type LiveStep, startLive } from "./live.ts";
export {
  type LockstepOptions,
  rolloutMany,
  rolloutManyForOutcomes,
  type SupervisionOptions,
  supervise,
} from "./lockstep.ts";
export type { Outcome } from "./recording.ts";
export { rollout, rolloutForOutcome } from "./rollout.ts";
export type { Answer, Moment, Supervisor } from "./supervisor.ts";
