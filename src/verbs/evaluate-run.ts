/** What a run's policy is worth: on held-out demonstrations, and in its task where there is one. */
import { join } from "node:path";
import type { HeldOutReport } from "../algorithms/index.ts";
import type { Evaluation } from "../evaluation/index.ts";
import { exportPolicy } from "../policies/index.ts";
import { isRecipePart } from "../recipes/index.ts";
import type { Execution } from "../rollouts/index.ts";
import { openRun, writeFileAtomic } from "../runs/node.ts";
import { evaluatePolicy } from "./evaluate-task.ts";
import { EVALUATION_FILE, taskOfRun, writeReport } from "./report.ts";
import type { TaskReference } from "./rollout-work.ts";
import { type FinishedRun, POLICY_FILE, readFinishedRun } from "./run-files.ts";
import { judgeHeldOut, NOISE_SEED } from "./train.ts";

export interface RunEvaluationRequest {
  /** Folder of a finished run. */
  readonly run: string;
  /** Default: the task of the recipe, where it is one of ours that the policy fits; without a task nothing is rolled out. */
  readonly task?: TaskReference;
  /** Rollouts; 0 for none. Default 100. */
  readonly episodes?: number;
  /** Of the episodes. Default 0. */
  readonly seed?: number;
  /** Threads that roll out; default 1. */
  readonly workers?: number;
  /** Threads of one operator; default 2. */
  readonly threads?: number;
  readonly execution?: Execution;
  readonly onProgress?: (episodes: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface RunEvaluation extends FinishedRun {
  readonly heldOut: HeldOutReport;
  /** Null where nothing was rolled out. */
  readonly evaluation: Evaluation | null;
  /** Why there was no task to roll out in; null where there was one. */
  readonly withoutTask: string | null;
  /** Path of the report. */
  readonly report: string;
}

/** Rows that the policy plans at once. */
const BATCH = 64;

/** Whether a folder holds an online run, or a studio's, whose policy was not learned from a dataset that could be held out. */
export async function isOnlineRun(run: string): Promise<boolean> {
  const { recipe } = await openRun(run);
  return isRecipePart(recipe) && (recipe.kind === "online" || recipe.kind === "studio");
}

/** Judges the policy of an online run in its task and leaves `evaluation.json` in the run. Throws as `evaluateRun`. */
export async function evaluateOnlineRun(request: RunEvaluationRequest): Promise<Evaluation> {
  const { run, task, episodes = 100, seed = 0, workers = 1, threads = 2, execution, onProgress, signal } = request;
  const policy = join(run, POLICY_FILE);
  const each = Math.max(1, Math.floor(threads / workers));
  const asked = { policy, task, episodes, seed, workers, threads: each, execution, onProgress, signal };
  const evaluation = await evaluatePolicy(asked);
  await writeFileAtomic(join(run, EVALUATION_FILE), `${JSON.stringify(evaluation)}\n`);
  return evaluation;
}

/**
 * Judges the policy and leaves `evaluation.json` and a new `report.html` in the run. Throws an InputError where a file is
 * missing, damaged or of another run, and where the policy does not fit the task.
 */
export async function evaluateRun(request: RunEvaluationRequest): Promise<RunEvaluation> {
  const { run, episodes = 100, seed = 0, workers = 1, threads = 2, execution, onProgress, signal } = request;
  const finished = await readFinishedRun(run);
  const heldOut = await judgeHeldOut(finished, { threads, seed: NOISE_SEED });
  const found = request.task === undefined ? taskOfRun(finished) : { task: request.task };
  const { task } = found;
  let evaluation: Evaluation | null = null;
  if (task !== null && episodes > 0) {
    const policy = exportPolicy(finished.policy, { batch: BATCH });
    const each = Math.max(1, Math.floor(threads / workers));
    evaluation = await evaluatePolicy({
      task,
      policy,
      episodes,
      seed,
      workers,
      threads: each,
      execution,
      onProgress,
      signal,
    });
    await writeFileAtomic(join(run, EVALUATION_FILE), `${JSON.stringify(evaluation)}\n`);
  }
  const report = await writeReport(finished, { heldOut, evaluation, task, execution });
  return { ...finished, heldOut, evaluation, withoutTask: "why" in found ? found.why : null, report };
}
