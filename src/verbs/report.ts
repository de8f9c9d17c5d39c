/** The report of a run: one page that opens without a network. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HeldOutReport } from "../algorithms/index.ts";
import { InputError } from "../base/index.ts";
import type { Evaluation } from "../evaluation/index.ts";
import { exportPolicy, metadataOf, openPolicy } from "../policies/index.ts";
import type { Picture } from "../reports/index.ts";
import { type Execution, rolloutMany } from "../rollouts/index.ts";
import { openRun } from "../runs/node.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { TASKS } from "../tasks/index.ts";
import { episodeSeeds, observationSize } from "../world/index.ts";
import { columnsOf, lookingAt } from "./fit.ts";
import { type TaskReference, taskOf } from "./rollout-work.ts";
import { type FinishedRun, REPORT_FILE, VERSIONS_FILE } from "./run-files.ts";

export interface ReportRequest {
  readonly heldOut?: HeldOutReport;
  /** Null or left out: the one that was left last, if any. */
  readonly evaluation?: Evaluation | null;
  /** Where scenes and rollouts are drawn; null: not. */
  readonly task: TaskReference | null;
  readonly execution?: Execution;
}

/** What the last evaluation of a run is kept in. */
export const EVALUATION_FILE = "evaluation.json";

/** The task of the house that a run's policy can be tried in; null, and why, where there is none. */
export function taskOfRun({ policy, recipe }: FinishedRun): { task: string } | { task: null; why: string } {
  const task = TASKS.find(({ name }) => name === recipe.task);
  if (!task) return { task: null, why: `"${recipe.task}" is none of the tasks here` };
  try {
    columnsOf(metadataOf(policy.spec), task.makeEnvironment().spec, "the policy does not fit its task");
    return { task: task.name };
  } catch (error) {
    if (error instanceof InputError) return { task: null, why: error.message };
    throw error;
  }
}

/** What `evaluateRun` left last; null where it never did. Throws an InputError for a file that is none. */
async function readEvaluation(run: string): Promise<Evaluation | null> {
  const path = join(run, EVALUATION_FILE);
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return null;
  try {
    const found = JSON.parse(text) as Evaluation;
    if (Array.isArray(found.perSeed) && found.perSeed.length === found.episodes) return found;
  } catch {}
  throw new InputError(`${path}: found something else, expected what apprentice evaluate wrote`);
}

/** Seed of the episodes that are shown, which are none of those that are counted. */
const SHOWN_SEED = 1_000_000;
const SCENES = 4;
const STRIPS = 3;

/** Writes report.html into the run; returns its path. */
export async function writeReport(finished: FinishedRun, request: ReportRequest): Promise<string> {
  // the charts' libraries take a quarter of a second to load
  const { runReport } = await import("../reports/index.ts");
  const { path, recipe, dataset } = finished;
  const run = await openRun(path);
  const metrics = await run.readMetrics();
  const versions = await readFile(join(path, VERSIONS_FILE), "utf8").then(JSON.parse, () => ({}));
  const shown = request.task === null ? { scenes: [], strips: [] } : await drawActing(finished, request.task, request);
  const { heldOut } = request;
  const evaluation = request.evaluation ?? (await readEvaluation(path));
  const page = runReport({
    title: `${recipe.task}: ${recipe.policy.head.kind}`,
    summary: `Behavioural cloning of ${describeDemonstrations(dataset)}.`,
    command: `npx apprentice train --recipe ${join(path, "recipe.json")} --out NEW`,
    recipe,
    versions,
    dataset: {
      source: dataset.provenance.source,
      format: dataset.provenance.format,
      digest: recipe.datasets.map(({ digest }) => digest).join(", "),
      episodes: dataset.episodeEnds.length,
      steps: dataset.episodeEnds[dataset.episodeEnds.length - 1],
    },
    losses: metrics.flatMap(({ update, loss }) => (loss === undefined ? [] : [{ update, loss }])),
    ...(heldOut && { heldOut }),
    ...(evaluation && { evaluation }),
    ...shown,
    notes: dataset.provenance.notes,
  });
  await run.writeFile(REPORT_FILE, page);
  return join(path, REPORT_FILE);
}

function describeDemonstrations({ episodeEnds, provenance: { actors } }: FinishedRun["dataset"]): string {
  const count = `${episodeEnds.length} demonstration${episodeEnds.length === 1 ? "" : "s"}`;
  return actors.length > 0 ? `${count} by ${actors.join(", ")}` : count;
}

/** Sampled actions over the scene, and rollouts at a glance. */
async function drawActing(
  { policy, path }: FinishedRun,
  reference: TaskReference,
  { execution }: ReportRequest,
): Promise<{ scenes: Picture[]; strips: Picture[] }> {
  const { rolloutStrip, scenesOf } = await import("../reports/index.ts");
  const { makeEnvironment, experts } = await taskOf(reference);
  const { spec } = makeEnvironment();
  const opened = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch: SCENES }), path);
  const actor = lookingAt(opened, columnsOf(opened.metadata, spec, path), observationSize(spec.observation));
  const seeds = episodeSeeds("evaluation", SHOWN_SEED, SCENES);
  try {
    const scenes = await scenesOf({ makeEnvironment, actor, seeds, experts: Object.values(experts), execution });
    const episodes = await rolloutMany(makeEnvironment, actor, seeds.slice(0, STRIPS), { execution });
    return { scenes, strips: episodes.map((episode) => rolloutStrip(episode, makeEnvironment)) };
  } finally {
    await opened.close();
  }
}
