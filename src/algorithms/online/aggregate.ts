/** All that was recorded so far as one dataset to learn from: what is to be imitated in each step, and how much it counts. */
import { type Dataset, datasetOf } from "../../datasets/index.ts";
import { type Box, type Episode, hasLabel } from "../../world/index.ts";
import type { Supervision } from "../bc/problem.ts";
import { type PerClass, STEP_CLASSES, type StepClass, type Weighting, weightsOf } from "./weighting.ts";

export interface AggregateOptions {
  readonly weighting: Weighting;
  /** Steps before an intervention that count as leading to it; default 15 (Sirius). */
  readonly before?: number;
  /** Steps at the beginning of an intervention that are not learned from: the hands are not there yet. Default 0. */
  readonly lag?: number;
}

export interface Aggregate {
  /** The actions are the targets: the expert's label where there is one, else what was executed. */
  readonly dataset: Dataset;
  readonly supervision: Supervision;
  readonly counts: PerClass;
}

const STEPS_BEFORE = 15;

/**
 * The episodes of all rounds as one dataset. Episodes that the expert drove from beginning to end are demonstrations. Throws
 * RangeError where there is no episode, and where none of the steps counts.
 */
export function aggregate(episodes: readonly Episode[], options: AggregateOptions): Aggregate {
  const { targets, ...judged } = superviseDriven(episodes, options);
  const dataset = datasetOf(
    episodes.map((episode, i) => ({ ...episode, action: targets[i] })),
    { format: "episodes", source: "rounds", notes: [] },
  );
  return { dataset, ...judged };
}

/** Of an episode, who drove and what was said: what decides what is imitated of it. */
export type Driven = Pick<Episode, "controller" | "length" | "label" | "action"> & {
  readonly spec: { readonly action: Pick<Box, "names"> };
};

/**
 * What is to be imitated of episodes, one after another. With `counted`, classes weigh as much as they are frequent among
 * those rows alone: nothing is fitted to what is held out.
 */
export function superviseDriven(
  episodes: readonly Driven[],
  { weighting, before = STEPS_BEFORE, lag = 0 }: AggregateOptions,
  counted?: (row: number) => boolean,
): Pick<Aggregate, "supervision" | "counts"> & { targets: Float32Array[] } {
  const classes = episodes.map((episode) => classesOf(episode, before));
  const counts = countOf(classes, counted);
  const weights = weightsOf(weighting, counts);
  const targets = episodes.map(targetsOf);
  const rows = classes.reduce((sum, { length }) => sum + length, 0);
  const supervision = { weights: new Float32Array(rows), stretches: new Int32Array(rows) };
  let [row, stretch] = [0, 0];
  classes.forEach((own, i) => {
    const late = lag > 0 ? lateSteps(episodes[i], lag) : null;
    own.forEach((name, step) => {
      if (step === 0 || !followsOn(episodes[i], own, step)) stretch += 1;
      supervision.stretches[row] = stretch;
      supervision.weights[row] = late?.has(step) ? 0 : weights[name];
      row += 1;
    });
  });
  return { supervision, counts, targets };
}

/** The class of every step. */
export function classesOf(episode: Driven, before = STEPS_BEFORE): StepClass[] {
  const { controller, length } = episode;
  if (controller.every((who) => who === "expert")) return controller.map(() => "demonstration");
  const classes = controller.map((who, step): StepClass => {
    if (who === "expert") return "intervention";
    return hasLabel(episode, step) ? "label" : "policy";
  });
  for (let step = 1; step < length; step++) {
    if (!(controller[step] === "expert" && controller[step - 1] === "policy")) continue;
    for (let earlier = step - 1; earlier >= Math.max(0, step - before); earlier--) {
      if (classes[earlier] === "policy") classes[earlier] = "pre-intervention";
    }
  }
  return classes;
}

/** Steps that an expert drove or labelled. */
export function expertStepsIn(episodes: readonly Episode[]): number {
  const ofExpert = (episode: Episode) =>
    episode.controller.filter((who, step) => who === "expert" || hasLabel(episode, step)).length;
  return episodes.reduce((sum, episode) => sum + ofExpert(episode), 0);
}

function countOf(classes: readonly (readonly StepClass[])[], counted?: (row: number) => boolean): PerClass {
  const counts = Object.fromEntries(STEP_CLASSES.map((name) => [name, 0])) as Record<StepClass, number>;
  let row = 0;
  for (const own of classes) for (const name of own) counts[name] += (counted?.(row++) ?? true) ? 1 : 0;
  return counts;
}

/** [L, Da]: the label where there is one, else what was executed. */
function targetsOf(episode: Driven): Float32Array {
  const { action, label, length, spec } = episode;
  if (!label) return action;
  const size = spec.action.names.length;
  const targets = action.slice();
  for (let step = 0; step < length; step++) {
    if (hasLabel(episode, step)) targets.set(label.subarray(step * size, (step + 1) * size), step * size);
  }
  return targets;
}

/** Whether a step is the state to which the target of the step before led, and its target is of the same hand. */
function followsOn({ controller }: Driven, classes: readonly StepClass[], step: number): boolean {
  const isLabel = classes[step] === "label" || classes[step - 1] === "label";
  return controller[step] === controller[step - 1] && !isLabel;
}

/** The first steps of every intervention. */
function lateSteps({ controller }: Driven, lag: number): Set<number> {
  const late = new Set<number>();
  let since = Number.POSITIVE_INFINITY;
  controller.forEach((who, step) => {
    if (who === "policy") since = 0;
    else if (since < lag) late.add(step);
    if (who === "expert") since += 1;
  });
  return late;
}
