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
export {
  type Classifier,
  type ClassifierOptions,
  type JudgedStates,
  lazyDagger,
  lazyTolerance,
  safeDagger,
  trainClassifier,
  unsafeStates,
} from "./gates/classifier.ts";
export { squaredDiscrepancy, stac } from "./gates/consistency.ts";
export { type DiffusionLossOptions, diffusionLossScore } from "./gates/diffusion-loss.ts";
export { type Distillation, distillationNovelty, trainDistillation } from "./gates/distillation.ts";
export {
  doubtAtTakeOver,
  ensembleDagger,
  ensembleDiscrepancy,
  hgDaggerDoubt,
  thriftyNovelty,
} from "./gates/ensemble.ts";
export { chunkEntropy, type EntropyOptions, entropyOfCells } from "./gates/entropy.ts";
export { historiesOf } from "./gates/histories.ts";
export { type NeighbourOptions, neighbourDistance } from "./gates/neighbours.ts";
export type { NetworkTraining } from "./gates/networks.ts";
export { type NoReturn, type NoReturnOptions, pointOfNoReturn } from "./gates/no-return.ts";
export { randomQueries } from "./gates/random.ts";
export {
  type Foreseen,
  type Recoverability,
  type RecoverabilityOptions,
  recoverability,
  trainRecoverability,
} from "./gates/recoverability.ts";
export {
  type Ending,
  type Experience,
  type RiskModel,
  type RiskOptions,
  thriftyRisk,
  trainRisk,
} from "./gates/risk.ts";
export { openSampler, type Sampler, type SamplerOptions } from "./gates/samples.ts";
export { type OpenScore, plannedActions, together } from "./gates/score.ts";
export { foreseenIn, plansOf, readingsOf, type Watched, type WatchOptions, watch } from "./gates/watched.ts";
export { type Aggregate, type AggregateOptions, aggregate, classesOf, expertStepsIn } from "./online/aggregate.ts";
export { type BetaSchedule, betaOf } from "./online/beta.ts";
export { allOf, type BoundedOptions, boundedSpec } from "./online/bounded.ts";
export { type ClonedRecorded, type CloneRecordedOptions, cloneRecorded } from "./online/clone.ts";
export { cholesky, disturbanceOf } from "./online/dart.ts";
export { expertRows, type Imitated, imitatedIn } from "./online/imitated.ts";
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
