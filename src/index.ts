/** The public door in Node: what the browser has, and what needs files or native libraries. */
export * from "./browser.ts";
export {
  createStore,
  datasetDigest,
  type LeRobotExport,
  type LeRobotOptions,
  mergeStores,
  openStore,
  type RobomimicOptions,
  readDataset,
  readLeRobot,
  readRobomimic,
  readStore,
  type Store,
  splitStore,
  writeLeRobot,
  writeRobomimic,
} from "./datasets/node.ts";
export { EXPERIMENTS } from "./experiments/index.ts";
export { completeRecipe, onlineRecipeJsonSchema, recipeDefaults, recipeJsonSchema } from "./recipes/index.ts";
export {
  type ExperimentReport,
  experimentReport,
  type Picture,
  type RunReport,
  rolloutStrip,
  runReport,
  scenesOf,
} from "./reports/index.ts";
export { nodeRuntime } from "./runtime/node.ts";
export { loadTask } from "./tasks/node.ts";
export {
  collectDemonstrations,
  compareRuns,
  type DatasetInfo,
  datasetInfo,
  describeTasks,
  evaluateExpert,
  evaluatePolicy,
  evaluateRun,
  evaluateRuns,
  exportDataset,
  exportRun,
  importDataset,
  learnOnline,
  mergeDatasets,
  splitDatasetOnDisk,
  trainPolicy,
  verifyDataset,
} from "./verbs/index.ts";
