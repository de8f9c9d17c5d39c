/**
 * datasets: demonstrations as columns in memory, and what training asks of them: windows, splits, normalisation, trivial
 * predictors. `node.ts` is the door to files: `store/` is our own episode store, `formats/` knows the layouts of others.
 *
 * Law: imports `base`, `world` and, for files, `runs` only. Works from data alone, needs no environment. This door
 * runs in the browser too.
 */

export { chosenColumns, combineDatasets, selectObservation } from "./combine.ts";
export {
  type Column,
  type Control,
  createDataset,
  type Dataset,
  datasetOf,
  lengthOf,
  type Provenance,
  rowsOf,
} from "./dataset.ts";
export { fitNormaliser, NORMALISATIONS, type Normalisation, type Normaliser } from "./normalise.ts";
export { meanOf, predictLast, predictMean } from "./predictors.ts";
export { type Split, splitByEpisode, splitByRows, splitByTime, splitDataset } from "./split.ts";
export {
  decodeEnd,
  decodeStart,
  decodeStep,
  type EndRecord,
  encodeEnd,
  encodeStart,
  encodeStep,
  type StartRecord,
} from "./store/messages.ts";
export {
  checkInfo,
  checkStart,
  checkStep,
  EPISODE_ID,
  episodeFrom,
  type RecordedStep,
  type StepToRecord,
  type StoredEpisode,
} from "./store/record.ts";
export type { Modality, Multimodality } from "./verify/contradiction.ts";
export { CHECKS, type Check, type Finding, type Recorded, type Severity } from "./verify/finding.ts";
export { type Verification, type VerifyOptions, verifyRecorded } from "./verify/verify.ts";
export { type Windows, windowsOf } from "./windows.ts";
