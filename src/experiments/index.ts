/**
 * experiments: the published experiments of the house: what the lecture claims, measured in our own tasks. Each leaves
 * `result.json`, of which every finished cell is on disk at once, and `report.html`.
 *
 * Law: imports every lower floor; Node only. A cell is a job for a worker (`work` of its module): its settings are data.
 */
import { averaging } from "./averaging/experiment.ts";
import { compounding } from "./compounding/experiment.ts";
import { daggerDriving } from "./dagger-driving/experiment.ts";
import type { Experiment } from "./experiment.ts";
import { gates } from "./gates/experiment.ts";
import { pushTHuman } from "./push-t-human/experiment.ts";
import { studioOperator } from "./studio-operator/experiment.ts";

export type { ExperimentResult, ResultRow } from "./cells.ts";
export type { Experiment, ExperimentOptions } from "./experiment.ts";
export { giveLesson, type Lesson, type LessonRequest, type LessonRow } from "./lesson.ts";

/** In the order of the lecture. */
export const EXPERIMENTS: readonly Experiment[] = [
  averaging,
  pushTHuman,
  compounding,
  daggerDriving,
  gates,
  studioOperator,
];
