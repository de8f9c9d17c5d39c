/**
 * The public door in the browser, and the part of it that Node shares: what users import, reviewed name by name.
 */
export {
  aggregate,
  betaOf,
  type CloneOptions,
  cloneBehaviour,
  cloneEnsemble,
  diffusionLossScore,
  distillationNovelty,
  type HeldOutReport,
  heldOutReport,
  hgDaggerDoubt,
  lookAhead,
  mixturePlanner,
  neighbourDistance,
  openSampler,
  type Supervision,
  safeDagger,
  stac,
  thriftyNovelty,
  thriftyRisk,
  trainClassifier,
  trainDistillation,
  trainRisk,
  weightsOf,
} from "./algorithms/index.ts";
export { foldIn, InputError, type Key, randomKey, randomStream } from "./base/index.ts";
export {
  combineDatasets,
  createDataset,
  type Dataset,
  datasetOf,
  type Finding,
  selectObservation,
  splitDataset,
  type Verification,
  verifyRecorded,
  windowsOf,
} from "./datasets/index.ts";
export {
  type CartPoleWorld,
  cartPoleWorld,
  type DrivingWorld,
  drivingWorld,
  forkWorld,
  type PendulumWorld,
  type PushTWorld,
  pendulumWorld,
  pushTWorld,
  SCENARIOS,
  type Scenario,
  type Scene,
} from "./environments/index.ts";
export {
  calibrate,
  compare,
  conformalBand,
  type Evaluation,
  evaluate,
  heldOutError,
  judgeDetector,
  type SeedResult,
  separation,
  summarise,
} from "./evaluation/index.ts";
export {
  cartPoleExpert,
  DRIVING_STYLES,
  type DrivingStyle,
  drivingExpert,
  forkExpert,
  pendulumExpert,
  pushTExpert,
} from "./experts/index.ts";
export {
  autoregressiveHead,
  ddimSample,
  ddpmSample,
  diffusionHead,
  diffusionLoss,
  flowHead,
  flowLevels,
  flowLoss,
  flowSample,
  gaussianHead,
  huberHead,
  l1Head,
  l2Head,
  leadingTimes,
  maskedPerceptron,
  mixtureHead,
  squaredCosine,
} from "./heads/index.ts";
export * as nn from "./nn/index.ts";
export { toOnnx } from "./onnx/index.ts";
export {
  adam,
  adamw,
  arenaCopies,
  createArena,
  createKernel,
  type OptimizerRecipe,
  powerEma,
  sgd,
  stateNames,
  stepScalars,
} from "./optim/index.ts";
export {
  exportPolicy,
  HEADS,
  openEnsemble,
  openPolicy,
  type Policy,
  type PolicyRecipe,
  policyMetadata,
  policyRecipe,
  withSampling,
} from "./policies/index.ts";
export {
  afterRequests,
  type Gate,
  type GateScore,
  type Moment,
  type Phase,
  type Request,
  rollout,
  rolloutMany,
  type Supervisor,
  supervise,
  TRANSITIONS,
} from "./rollouts/index.ts";
export type { Runtime, Session } from "./runtime/index.ts";
export { webRuntime } from "./runtime/web.ts";
export {
  type Account,
  accountOf,
  answeringSupervisor,
  coinSupervisor,
  disturbedSupervisor,
  forkForesight,
  operatorModel,
  stallForesight,
} from "./supervisors/index.ts";
export { defineTask, findTask, mixedExpert, TASKS, type Task } from "./tasks/index.ts";
export * as tensor from "./tensor/index.ts";
export { createTrainer, DivergenceError, type Plan, type Problem, type Trainer, train } from "./training/index.ts";
export {
  type Actor,
  type BatchActor,
  type Box,
  box,
  type Environment,
  type Episode,
  episodeSeeds,
  findOutside,
  type Observation,
  type Snapshot,
  type World,
  worldKey,
} from "./world/index.ts";
