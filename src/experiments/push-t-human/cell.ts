/** One cell: a policy from the human episodes, its score and success from fixed starts, and those of its checkpoints. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { meanOfValues } from "../../base/index.ts";
import { pushTWorld } from "../../environments/index.ts";
import { type Evaluation, evaluate } from "../../evaluation/index.ts";
import { exportPolicy, openPolicy, type Policy, withSampling } from "../../policies/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { parametersIn, readFinishedRun, snapshotFile, trainPolicy } from "../../verbs/index.ts";
import type { Work, WorkContext } from "../../workers/index.ts";
import { episodeSeeds } from "../../world/index.ts";
import { type CellRows, rateOf } from "../cells.ts";
import {
  type Cell,
  CHECKPOINT_STARTS,
  checkpointEvery,
  EVALUATION_SEED,
  LAST_CHECKPOINTS,
  recipeOf,
  STARTS,
  samplingsOf,
  updatesOf,
} from "./settings.ts";

/** Rows that a policy plans at once. */
const BATCH = 64;

/** The work of a thread (src/workers). */
export const work = (): Work<Cell, CellRows> => ({ run: runCell });

async function runCell(cell: Cell, context: WorkContext): Promise<CellRows> {
  const { method, seed, run } = cell;
  const policy = await learn(cell, context);
  const seconds = await trainingSeconds(run);
  const rows = [];
  for (const { name, options } of samplingsOf(method)) {
    const asked = { ...policy, spec: { ...policy.spec, recipe: withSampling(policy.spec.recipe, options) } };
    const seeds = episodeSeeds("evaluation", EVALUATION_SEED, STARTS);
    const { success, score } = await judge(asked, seeds);
    // the slow sampler judges the finished policy alone
    const last = name.endsWith("100") ? null : await lastCheckpoints(cell, asked);
    const { mean, low, high, n } = score;
    rows.push({
      method,
      seed,
      sampling: name,
      score: { rate: mean, low, high, n },
      last10: last,
      success: rateOf(success),
      trainingSeconds: seconds,
      updates: updatesOf(method),
    });
  }
  return rows;
}

/** Trains the run, from where it is; a finished one is read. */
async function learn(cell: Cell, { report, signal }: WorkContext): Promise<Policy> {
  const { run, data, method, threads } = cell;
  const has = (file: string) => stat(join(run, file)).then(Boolean, () => false);
  if (await has("policy.onnx")) return (await readFinishedRun(run)).policy;
  const { policy } = await trainPolicy({
    datasets: [{ path: data, weight: 1 }],
    out: run,
    recipe: recipeOf(cell),
    resume: await has("recipe.json"),
    threads,
    snapshotEvery: checkpointEvery(method),
    onProgress: ({ update, updates }) => report({ update, updates }),
    signal,
  });
  return policy;
}

async function judge(policy: Policy, seeds: readonly number[]): Promise<Evaluation> {
  const planner = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch: BATCH }));
  try {
    return await evaluate({ makeEnvironment: () => pushTWorld(), planner, seeds, together: BATCH });
  } finally {
    await planner.close();
  }
}

/** Mean score over the last checkpoints, 50 starts each, and the least and the greatest of them. */
async function lastCheckpoints({ method, run }: Cell, policy: Policy) {
  const every = checkpointEvery(method);
  const total = updatesOf(method);
  const seeds = episodeSeeds("selection", EVALUATION_SEED, CHECKPOINT_STARTS);
  const scores: number[] = [];
  for (let k = LAST_CHECKPOINTS - 1; k >= 0; k--) {
    const file = join(run, snapshotFile(total - k * every));
    const parameters = parametersIn(await readFile(file), file, policy.spec);
    scores.push((await judge({ ...policy, parameters }, seeds)).score.mean);
  }
  const { mean, low, high } = meanOfValues(scores);
  return { rate: mean, low, high, n: scores.length * CHECKPOINT_STARTS, scores };
}

/** Of the run's metrics: updates over their rates. */
async function trainingSeconds(run: string): Promise<number> {
  const lines = (await readFile(join(run, "metrics.jsonl"), "utf8")).trimEnd().split("\n");
  let seconds = 0;
  let before = 0;
  for (const line of lines) {
    const { update, updatesPerSecond } = JSON.parse(line) as { update: number; updatesPerSecond: number };
    seconds += (update - before) / updatesPerSecond;
    before = update;
  }
  return Math.round(seconds);
}
