/**
 * evaluation: what a policy is worth, said honestly: success over fixed paired seeds with intervals, comparisons with a
 * paired test, held-out error beside trivial predictors; and what detectors of failures are worth, with thresholds that keep
 * their promise.
 *
 * Law: imports lower floors (`base`, `world`, `rollouts`, `datasets`); judges episodes and predictions, whatever made them.
 */
export { type Course, courseOf, firstAlarm, levelOf, type Threshold } from "./alarm.ts";
export { type Auroc, auroc, aurocDifference, type TwoKinds } from "./auroc.ts";
export { type Comparison, compare } from "./compare.ts";
export {
  type ConformalBand,
  calibrate,
  conformalBand,
  conformalRank,
  conformalThreshold,
  excessOf,
  falseAlarms,
} from "./conformal.ts";
export { type Detection, judgeDetector, levels, separation, thresholdAt, type WatchedEpisode } from "./detection.ts";
export { checkSeeds, type EvaluationRequest, evaluate } from "./evaluate.ts";
export { type HeldOutError, heldOutError } from "./held-out.ts";
export { type Evaluation, judge, type SeedResult, seedResult, summarise } from "./summary.ts";
