/**
 * verbs: what the command line does, as functions: each takes an object of options, says how far it is through a function
 * it is given, and returns a value. Reads and writes files; prints nothing and knows no flags.
 *
 * Law: imports every lower floor; Node only. The public door offers its verbs; `cli` is their command line.
 */
export { type DataChoice, readData, readRecipeData, splitOf } from "./data.ts";
export {
  type FinishedRun,
  PARAMETERS_FILE,
  POLICY_FILE,
  parametersIn,
  REPORT_FILE,
  readFinishedRun,
  VERSIONS_FILE,
} from "./run-files.ts";
export {
  judgeHeldOut,
  NOISE_SEED,
  snapshotFile,
  type TrainProgress,
  type TrainRequest,
  type TrainResult,
  trainPolicy,
} from "./train.ts";
export { type Versions, versions } from "./versions.ts";
