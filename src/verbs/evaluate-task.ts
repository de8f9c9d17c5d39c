/** What a policy or an expert is worth in a task: one rollout per seed, shared out among threads. */
import { readFile } from "node:fs/promises";
import { InputError } from "../base/index.ts";
import { checkSeeds, type Evaluation, type SeedResult, summarise } from "../evaluation/index.ts";
import { policyMetadata } from "../policies/index.ts";
import type { Execution } from "../rollouts/index.ts";
import { describe } from "../runtime/index.ts";
import { expertOf } from "../tasks/index.ts";
import { runJobs, siblingModule } from "../workers/index.ts";
import { type EnvironmentSpec, episodeSeeds } from "../world/index.ts";
import { columnsOf } from "./fit.ts";
import { type ExpertSetup, type PolicySetup, type TaskReference, taskOf } from "./rollout-work.ts";

/** Which episodes, and who does the work. */
export interface EpisodesRequest {
  /** Distinct; instead of them, `episodes` and `seed` stand for the evaluation seeds of that seed (`episodeSeeds`). */
  readonly seeds?: readonly number[];
  /** Default: 100. */
  readonly episodes?: number;
  /** Default: 0. */
  readonly seed?: number;
  /** Threads that roll out; default 1, this one. */
  readonly workers?: number;
  /** After each episode. */
  readonly onProgress?: (episodes: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface PolicyEvaluationRequest extends EpisodesRequest {
  /** Name, path of a module, or (with one worker) the task itself; default: the task that the policy says it is for. */
  readonly task?: TaskReference;
  /** The bytes or the path of a policy's `.onnx` file, of any batch. */
  readonly policy: Uint8Array | string;
  /** Threads of one operator in each worker; default 1. */
  readonly threads?: number;
  /** Environments that advance together in each worker; default: at least 64, whole batches of the file. */
  readonly together?: number;
  /** Default: receding horizon. */
  readonly execution?: Execution;
}

/**
 * The policy's evaluation. It is the same whatever `workers` and `together` are, as far as the runtime computes a row alike
 * wherever it stands in the file's batch, which ONNX Runtime on a CPU has been seen to do. Throws InputError for a file that
 * is no policy, an unknown task, and a policy of another task, action or observation, naming what differs.
 */
export async function evaluatePolicy(request: PolicyEvaluationRequest): Promise<Evaluation> {
  const { threads = 1, execution = { kind: "receding" } } = request;
  const { policy, where, metadata, task, spec } = await fittingPolicy(request.policy, request.task);
  const batch = describe(policy).inputs.observation?.shape[0] ?? 1;
  const together = request.together ?? batch * Math.ceil(64 / batch);
  const setup: PolicySetup = { task, policy, where, threads, together, execution };
  return shareOut(request, { exportName: "playPolicy", setup, spec, actor: metadata.head });
}

export interface ExpertEvaluationRequest extends EpisodesRequest {
  readonly task: TaskReference;
  /** Of several, each episode has one, drawn by its seed. */
  readonly experts: readonly string[];
}

/** The same of experts. Throws InputError for an unknown task or expert. */
export async function evaluateExpert(request: ExpertEvaluationRequest): Promise<Evaluation> {
  const { task: reference, experts } = request;
  const task = await taskOf(reference);
  for (const name of experts) expertOf(task, name);
  const { spec } = task.makeEnvironment();
  const setup: ExpertSetup = { task: reference, experts };
  return shareOut(request, { exportName: "playExpert", setup, spec, actor: experts.join(",") });
}

/** A policy and the task that it fits: the one given, or the one it says it is for. Throws InputError as `evaluatePolicy`. */
export async function fittingPolicy(given: Uint8Array | string, reference?: TaskReference) {
  const [policy, where] = await readPolicy(given);
  const metadata = policyMetadata(policy, where);
  const task: TaskReference = reference ?? metadata.task;
  const { spec } = (
    reference === undefined ? await ownTask(metadata.task, where) : await taskOf(reference)
  ).makeEnvironment();
  columnsOf(metadata, spec, where);
  return { policy, where, metadata, task, spec };
}

/** The task that a policy says it is for. Throws InputError that begins with the policy where there is none of this name. */
async function ownTask(name: string, where: string) {
  try {
    return await taskOf(name);
  } catch (error) {
    throw error instanceof InputError ? new InputError(`${where}: ${error.message}`) : error;
  }
}

async function readPolicy(policy: Uint8Array | string): Promise<[bytes: Uint8Array, where: string]> {
  if (typeof policy !== "string") return [policy, "policy"];
  const bytes = await readFile(policy).catch((error: NodeJS.ErrnoException) => {
    const what = error.code === "ENOENT" ? "not found" : `cannot be read (${error.code})`;
    throw new InputError(`${policy}: ${what}, expected the .onnx file of a policy`);
  });
  return [bytes, policy];
}

interface Assignment {
  readonly exportName: "playPolicy" | "playExpert";
  readonly setup: PolicySetup | ExpertSetup;
  readonly spec: EnvironmentSpec;
  readonly actor: string;
}

async function shareOut(request: EpisodesRequest, { exportName, setup, spec, actor }: Assignment): Promise<Evaluation> {
  const { episodes = 100, seed = 0, workers = 1, onProgress, signal } = request;
  const seeds = request.seeds ?? episodeSeeds("evaluation", seed, episodes);
  checkSeeds(seeds);
  checkThreads(setup.task, workers);
  // Every n-th seed: no share is harder than another by its place.
  const count = Math.min(workers, seeds.length);
  const shares = Array.from({ length: count }, (_, share) => seeds.filter((_, i) => i % count === share));
  let finished = 0;
  const results = await runJobs<readonly number[], SeedResult[]>({
    module: siblingModule(import.meta.url, "rollout-work"),
    exportName,
    setup,
    jobs: shares,
    workers: count,
    nameOf: (share) => `${spec.name}, ${share.length} episodes from seed ${share[0]} on`,
    onReport: () => onProgress?.(++finished, seeds.length),
    signal,
  });
  const perSeed = seeds.map((_, i) => results[i % count][Math.floor(i / count)]);
  return summarise(spec, actor, perSeed);
}

/** Throws InputError where a task that only this thread knows is to be played in others. */
export function checkThreads(task: TaskReference, workers: number): void {
  if (workers > 1 && typeof task !== "string") {
    throw new InputError(
      `workers: found ${workers} for a task given as an object, expected 1, or the task's name or module`,
    );
  }
}
