/** One cell of driving: BC and DAgger of one training seed on the same episodes, second by second. */
import { type Mean, meanOfValues, wilson } from "../../base/index.ts";
import { datasetOf } from "../../datasets/index.ts";
import { exportPolicy, openPolicy, type Policy } from "../../policies/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import type { WorkContext } from "../../workers/index.ts";
import { type BatchActor, type Episode, episodeSeeds } from "../../world/index.ts";
import type { CellRows } from "../cells.ts";
import {
  actionErrors,
  average,
  courseOf,
  type Distances,
  distancesFrom,
  farOf,
  observationsOf,
  type Second,
  type Track,
} from "./course.ts";
import { demonstrate, learnDriving, shadow } from "./driving-learn.ts";
import type { DrivingCell } from "./settings.ts";

/** Steps from one that is looked for among the demonstrations to the next: 0.5 s. */
const EVERY = 10;
/** Environments that a policy that is judged is asked about at once. */
const BATCH = 64;

/** Rows of kind "drive", one per method; and "course", one per method and second, the expert's own among them. */
export async function runDrivingCell(cell: DrivingCell, { report, signal }: WorkContext): Promise<CellRows> {
  const { seed, seconds } = cell;
  const learned = await learnDriving(cell, signal);
  report({ stage: "learned" });
  const seeds = episodeSeeds("evaluation", seed, cell.episodes);
  const distances = distancesFrom(
    datasetOf(learned.bc.episodes, { format: "rollouts", source: "demonstrations", notes: [] }),
  );
  const shown = await demonstrate(seeds);
  const { controlRate: rate } = shown[0].spec;
  const expert = shown.map((episode) => trackOf(episode, new Float32Array(episode.length), distances));
  const far = farOf(expert);
  const times = { rate, seconds, far };
  const rows = [];
  for (const method of ["bc", "dagger"] as const) {
    signal.throwIfAborted();
    const { policy, steps, episodes } = learned[method];
    const { own, taught } = await judge(policy, { seeds, shown, distances, signal });
    report({ stage: "judged", method });
    const shared = { kind: "drive", method, seed };
    rows.push({
      ...shared,
      expertSteps: steps,
      learnedFrom: episodes.length,
      far,
      success: { ...wilson(own.filter(({ success }) => success).length, own.length) },
      ownError: { ...meanOfValues(own.map(({ errors }) => average(errors))) },
      expertStatesError: { ...meanOfValues(taught.map(({ errors }) => average(errors))) },
    });
    const onExpertStates = courseOf(taught, times);
    courseOf(own, times).forEach((second, i) => {
      const { error } = onExpertStates[i];
      rows.push({ ...shared, kind: "course", ...plain(second), expertStatesError: error && { ...error } });
    });
  }
  for (const second of courseOf(expert, times)) {
    rows.push({ kind: "course", method: "expert", seed, ...plain(second), error: null, expertStatesError: null });
  }
  return rows;
}

/** As a result holds it. */
function plain({ second, running, failed, error, distance, off }: Second) {
  const copy = (mean: Mean | null) => mean && { ...mean };
  return {
    second,
    running: { ...running },
    failed: { ...failed },
    error: copy(error),
    distance: copy(distance),
    off: off && { ...off },
  };
}

interface Judging {
  readonly seeds: readonly number[];
  /** The expert's episodes of these seeds. */
  readonly shown: readonly Episode[];
  readonly distances: Distances;
  readonly signal: AbortSignal;
}

/** A policy in its own states, and asked about those of the expert. */
async function judge(policy: Policy, { seeds, shown, distances, signal }: Judging) {
  const batch = Math.min(BATCH, seeds.length);
  const planner = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch }));
  try {
    const own: Track[] = [];
    // in groups, for episodes are large
    for (let start = 0; start < seeds.length; start += batch) {
      signal.throwIfAborted();
      for (const episode of await shadow(planner, seeds.slice(start, start + batch), batch)) {
        const errors = actionErrors(episode.spec.action, episode.action, episode.label ?? new Float32Array(0));
        own.push(trackOf(episode, errors, distances));
      }
    }
    const taught: Track[] = [];
    for (const episode of shown) {
      const answers = await answersTo(planner, episode);
      const errors = actionErrors(episode.spec.action, answers, episode.action);
      taught.push({ success: episode.info.success, errors, distances: new Float32Array(0), every: EVERY });
    }
    return { own, taught };
  } finally {
    await planner.close();
  }
}

function trackOf(episode: Episode, errors: Float32Array, distances: Distances): Track {
  return {
    success: episode.info.success,
    errors,
    distances: distances(observationsOf(episode, EVERY)),
    every: EVERY,
  };
}

/** What a policy of one step would do in every state of an episode, [L, Da], within the bounds. */
async function answersTo(planner: BatchActor, episode: Episode): Promise<Float32Array> {
  const { low, high } = episode.spec.action;
  const keys = Array.from({ length: episode.length }, () => [0, 0] as const);
  const planned = await planner.plan(observationsOf(episode), keys);
  return planned.map((value, i) => Math.min(Math.max(value, low[i % low.length]), high[i % low.length]));
}
