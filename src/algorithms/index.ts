/**
 * algorithms: how policies are learned, one folder each, written as parallel texts.
 *
 * Law: imports every lower floor. Knows no command line, no files: what is saved goes through functions it is given.
 */
export { type CloneOptions, cloneBehaviour, policySpec } from "./bc/clone.ts";
export { type HeldOutOptions, type HeldOutReport, heldOutReport, type PredictorScore } from "./bc/held-out.ts";
export type { Supervision } from "./bc/problem.ts";
export { type CloneEnsembleOptions, cloneEnsemble } from "./ensemble/clone.ts";
export type { MemberDraws } from "./ensemble/problem.ts";
export { type Aggregate, type AggregateOptions, aggregate, classesOf } from "./online/aggregate.ts";
export { type BetaSchedule, betaOf } from "./online/beta.ts";
export { cholesky, disturbanceOf } from "./online/dart.ts";
export { type LookAheadOptions, lookAhead } from "./online/look-ahead.ts";
export { mixturePlanner, smileWeights } from "./online/mixture.ts";
export {
  type PerClass,
  STEP_CLASSES,
  type StepClass,
  WEIGHTINGS,
  type Weighting,
  weightsOf,
} from "./online/weighting.ts";
