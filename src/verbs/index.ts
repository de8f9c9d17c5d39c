/**
 * verbs: what the command line does, as functions: each takes an object of options, says how far it is through a function
 * it is given, and returns a value. Reads and writes files; prints nothing and knows no flags.
 *
 * Law: imports every lower floor; Node only. The public door offers its verbs; `cli` is their command line.
 */
export { type Collected, type CollectRequest, collectDemonstrations } from "./collect.ts";
export {
  compareRuns,
  evaluateRuns,
  type NamedEvaluation,
  type PairComparison,
  type RunsRequest,
} from "./compare.ts";
export { type DataChoice, readData } from "./data.ts";
export {
  type ColumnInfo,
  type DatasetInfo,
  datasetInfo,
  EXPORT_FORMATS,
  type ExportFormat,
  exportDataset,
  importDataset,
  type Made,
  mergeDatasets,
  splitDatasetOnDisk,
  verifyDataset,
} from "./dataset.ts";
export {
  evaluateOnlineRun,
  evaluateRun,
  isOnlineRun,
  type RunEvaluation,
  type RunEvaluationRequest,
} from "./evaluate-run.ts";
export {
  type EpisodesRequest,
  type ExpertEvaluationRequest,
  evaluateExpert,
  evaluatePolicy,
  type PolicyEvaluationRequest,
} from "./evaluate-task.ts";
export { type ExportedPolicy, type ExportRequest, exportRun } from "./export.ts";
export { learnOnline, type OnlineProgress, type OnlineRequest, type OnlineResult } from "./online.ts";
export { type RoundFacts, roundPolicyFile } from "./online-files.ts";
export { checkParity, type Parity, type ParityComparison, type ParityRequest } from "./parity.ts";
export {
  type FinishedRun,
  PARAMETERS_FILE,
  POLICY_FILE,
  parametersFile,
  parametersIn,
  readFinishedRun,
} from "./run-files.ts";
export { type Dimension, describeTasks, type TaskDescription } from "./tasks.ts";
export {
  snapshotFile,
  type TrainProgress,
  type TrainRequest,
  type TrainResult,
  trainPolicy,
} from "./train.ts";
