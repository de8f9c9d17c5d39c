/** The report of a run: one page that opens without a network. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { HeldOutReport } from "../algorithms/index.ts";
import type { Evaluation } from "../evaluation/index.ts";
import { exportPolicy, openPolicy } from "../policies/index.ts";
import type { Picture } from "../reports/index.ts";
import { type Execution, rolloutMany } from "../rollouts/index.ts";
import { openRun } from "../runs/node.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { episodeSeeds, observationSize } from "../world/index.ts";
import { columnsOf, lookingAt } from "./fit.ts";
import { type TaskReference, taskOf } from "./rollout-work.ts";
import { type FinishedRun, REPORT_FILE, VERSIONS_FILE } from "./run-files.ts";

export interface ReportRequest {
  readonly heldOut?: HeldOutReport;
  readonly evaluation?: Evaluation | null;
  /** Where scenes and rollouts are drawn; null: not. */
  readonly task: TaskReference | null;
  readonly execution?: Execution;
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
  const { heldOut, evaluation } = request;
  const page = runReport({
    title: `${recipe.task}: ${recipe.policy.head.kind}`,
    summary: `Behavioural cloning of ${dataset.episodeEnds.length} demonstrations by ${dataset.provenance.actors.join(", ")}.`,
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
