/** Behavioural cloning from files to a run on disk. */
import { join } from "node:path";
import {
  cloneBehaviour,
  expertRows,
  type HeldOutReport,
  heldOutReport,
  imitatedIn,
  policySpec,
} from "../algorithms/index.ts";
import { InputError } from "../base/index.ts";
import { type Dataset, selectObservation } from "../datasets/index.ts";
import { exportPolicy, openPolicy, type Policy, type PolicySpec } from "../policies/index.ts";
import {
  type CloningRecipe,
  cloningOptimizer,
  completeRecipe,
  type RecipePart,
  readCloningRecipe,
} from "../recipes/index.ts";
import { createRun, openRun, type Run } from "../runs/node.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { TrainingSnapshot } from "../training/index.ts";
import { fromCheckpoint, toCheckpoint } from "./checkpoint.ts";
import { type DataChoice, type ReadData, readData, readRecipeData, splitOf } from "./data.ts";
import { refuseOther } from "./refuse.ts";
import { taskOfRun, writeReport } from "./report.ts";
import {
  type FinishedRun,
  PARAMETERS_FILE,
  POLICY_FILE,
  parametersFile,
  readRunPolicy,
  VERSIONS_FILE,
} from "./run-files.ts";
import { versions } from "./versions.ts";

export interface TrainRequest {
  /** What to learn from; left out: the datasets that the recipe names. */
  readonly datasets?: readonly DataChoice[];
  /** Folder of the run. */
  readonly out: string;
  /** The fields of the recipe that are chosen, over the defaults of task and head. */
  readonly recipe?: RecipePart;
  /** What messages call the recipe; default "recipe". */
  readonly where?: string;
  /** Whether the run in `out` goes on from its last checkpoint. */
  readonly resume?: boolean;
  /** Threads of one operator; default 2. */
  readonly threads?: number;
  /** Keeps the policy's parameters at every so many updates, as `snapshots/update-00001000.safetensors`; default: not. */
  readonly snapshotEvery?: number;
  readonly onProgress?: (progress: TrainProgress) => void;
  /** Told of what is worth a line: what is learned from, a damaged checkpoint. */
  readonly onNote?: (line: string) => void;
  /** Stops training after a checkpoint; `trainPolicy` then throws an Error that says how to go on. */
  readonly signal?: AbortSignal;
}

export interface TrainProgress {
  readonly update: number;
  readonly updates: number;
  readonly loss: number;
}

export interface TrainResult extends FinishedRun {
  readonly heldOut: HeldOutReport;
  /** Path of the report. */
  readonly report: string;
  /** Of training alone, in this process. */
  readonly seconds: number;
}

/** Updates between two checkpoints, at most: a multiple of those of one call (`choosePlan`), so that none is cut short. */
const CHECKPOINT_EVERY = 400;
/** Held-out windows are predicted so many at a time. */
const HELD_OUT_BATCH = 64;
/** Seed of the noise with which held-out demonstrations are predicted, unless another is asked for. */
export const NOISE_SEED = 0;

/**
 * Trains a policy and leaves it in a run: recipe, versions, metrics, checkpoints, parameters, policy.onnx, report.html.
 * Killed at any moment, the run goes on with `resume` as if it had not been. Throws an InputError for unfit data, recipes and folders.
 */
export async function trainPolicy(request: TrainRequest): Promise<TrainResult> {
  const { out, threads = 2, onNote } = request;
  const { run, recipe, dataset, split } = await openOrCreate(request);
  const damaged: string[] = [];
  const checkpoint = await run.latestCheckpoint({ onDamaged: ({ message }) => damaged.push(message) });
  onNote?.(describeData({ recipe, dataset, split }));
  for (const message of damaged) onNote?.(`${message}; going on from update ${checkpoint?.update ?? 0}`);
  const started = performance.now();
  const policy = await learn(run, { recipe, dataset, split, checkpoint }, { ...request, threads });
  const seconds = (performance.now() - started) / 1000;
  await run.writeFile(PARAMETERS_FILE, parametersFile(policy));
  await run.writeFile(POLICY_FILE, exportPolicy(policy));
  const finished = { path: out, recipe, dataset, split, policy: await readRunPolicy(out, { recipe, dataset, split }) };
  const heldOut = await judgeHeldOut(finished, { threads, seed: NOISE_SEED });
  const report = await writeReport(finished, { heldOut, task: taskOfRun(finished).task });
  return { ...finished, seconds, heldOut, report };
}

/** The policy of a run on the demonstrations that were held out. */
export async function judgeHeldOut(
  { dataset, split, policy }: Pick<FinishedRun, "dataset" | "split" | "policy">,
  { threads, seed }: { threads: number; seed: number },
): Promise<HeldOutReport> {
  const runtime = nodeRuntime({ threads });
  const actor = await openPolicy(runtime, exportPolicy(policy, { batch: HELD_OUT_BATCH }));
  try {
    return await heldOutReport({ dataset, split, policy, actor, runtime, seed });
  } finally {
    await actor.close();
  }
}

type OpenedRun = { readonly run: Run } & Pick<FinishedRun, "recipe" | "dataset" | "split">;

async function openOrCreate(request: TrainRequest): Promise<OpenedRun> {
  const { out, recipe: part = {}, where = "recipe", resume = false, datasets } = request;
  if (resume) {
    const run = await openRun(out);
    const recipe = readCloningRecipe(run.recipe, join(out, "recipe.json"));
    const { datasets: _, ...others } = part;
    refuseOther(others, recipe, `--resume ${out}`);
    const dataset = datasets ? await readSameData(datasets, recipe, out) : (await readRecipeData(recipe)).dataset;
    return { run, recipe, dataset, split: splitOf(recipe, dataset) };
  }
  const data = await readData(datasets ?? datasetsOf(part, where));
  const recipe = recipeFor(data, part, where);
  const dataset = selectObservation(data.dataset, recipe.observation);
  const split = splitOf(recipe, dataset);
  // what does not go together is refused before there is a run
  policySpec({ ...recipe, ...imitatedIn(dataset, recipe, split), split });
  const run = await createRun(out, recipe);
  await run.writeFile(VERSIONS_FILE, `${JSON.stringify(versions(request.threads ?? 2), null, 2)}\n`);
  return { run, recipe, dataset, split };
}

function recipeFor({ dataset, datasets }: ReadData, part: RecipePart, where: string): CloningRecipe {
  const { task } = dataset;
  if (part.task !== undefined && part.task !== task) {
    throw new InputError(`${where}: task: found "${part.task}", but the data are of task "${task}"`);
  }
  return completeRecipe({ ...part, datasets }, { task, where });
}

function datasetsOf({ datasets }: RecipePart, where: string): DataChoice[] {
  const isChoice = (value: unknown): value is DataChoice => typeof (value as DataChoice | null)?.path === "string";
  if (Array.isArray(datasets) && datasets.length > 0 && datasets.every(isChoice)) {
    return datasets.map(({ path, weight = 1, digest = null }) => ({ path, weight, digest }));
  }
  throw new InputError(`${where}: datasets: expected what to learn from, a list of objects with a path`);
}

/** The data of a run that goes on, read where they are said to be now. Throws an InputError where their content is another. */
async function readSameData(choices: readonly DataChoice[], recipe: CloningRecipe, out: string): Promise<Dataset> {
  const { datasets } = recipe;
  const { dataset, datasets: found } = await readData(choices);
  const content = (all: CloningRecipe["datasets"]) => JSON.stringify(all.map(({ weight, digest }) => [weight, digest]));
  if (content(datasets) === content(found)) return selectObservation(dataset, recipe.observation);
  throw new InputError(
    `--resume ${out}: dataset is ${datasets.map(({ path }) => path).join(", ")} there, found ${found.map(({ path }) => path).join(", ")} of other content`,
  );
}

/** Where a training begins: at its start where this is null. */
type Beginning = { readonly checkpoint: Awaited<ReturnType<Run["latestCheckpoint"]>> };

/** Trains to the end. When the signal comes a checkpoint is written, and an Error thrown that says how to go on. */
async function learn(
  run: Run,
  { recipe, dataset, split, checkpoint }: Pick<FinishedRun, "recipe" | "dataset" | "split"> & Beginning,
  { threads, snapshotEvery, onProgress, signal }: TrainRequest & { threads: number },
): Promise<Policy> {
  let reached = checkpoint?.update ?? 0;
  await run.rewind(reached);
  const learned = { ...recipe, ...imitatedIn(dataset, recipe, split), split };
  const spec = policySpec(learned);
  try {
    const policy = await cloneBehaviour({
      ...learned,
      optimizer: cloningOptimizer(recipe),
      runtime: nodeRuntime({ threads }),
      from: checkpoint ? fromCheckpoint(checkpoint) : undefined,
      checkpointEvery: snapshotEvery ? largestDivisor(snapshotEvery, CHECKPOINT_EVERY) : CHECKPOINT_EVERY,
      async onCheckpoint(snapshot) {
        if (snapshotEvery && snapshot.update % snapshotEvery === 0) await keepParameters(run, spec, snapshot);
        await run.saveCheckpoint(toCheckpoint(snapshot, spec));
      },
      signal,
      onProgress({ update, updates, loss, rate }) {
        reached = update;
        onProgress?.({ update, updates, loss });
        run.appendMetrics({ update, loss, updatesPerSecond: rate });
      },
    });
    if (reached < recipe.updates) {
      throw new Error(`stopped at update ${reached}; the same command with --resume goes on`);
    }
    return policy;
  } finally {
    run.close();
  }
}

/** The largest divisor of `count` that is at most `most`. */
function largestDivisor(count: number, most: number): number {
  let divisor = Math.min(count, most);
  while (count % divisor !== 0) divisor--;
  return divisor;
}

/** Where the parameters at an update are kept. */
export const snapshotFile = (update: number) => `snapshots/update-${String(update).padStart(8, "0")}.safetensors`;

async function keepParameters(run: Run, spec: PolicySpec, { update, state }: TrainingSnapshot): Promise<void> {
  await run.writeFile(snapshotFile(update), parametersFile({ spec, parameters: state.average ?? state.parameter }));
}

function describeData({ recipe, dataset, split }: Pick<FinishedRun, "recipe" | "dataset" | "split">): string {
  const { task, episodeEnds } = dataset;
  const count = episodeEnds.length;
  const episodes = `${count} episode${count === 1 ? "" : "s"}, ${episodeEnds[count - 1].toLocaleString("en")} steps`;
  const imitated = describeImitated(dataset, recipe);
  return `${task}: ${episodes}${imitated}; ${split.validation.length} of ${split.episodeEnds.length} held out`;
}

/** Nothing where an expert drove throughout. */
function describeImitated(dataset: Dataset, { weighting }: CloningRecipe): string {
  const isExpert = expertRows(dataset);
  if (!isExpert) return "";
  const count = isExpert.reduce((sum, one) => sum + one, 0);
  const what = weighting === "expert" ? "which alone are imitated" : `all imitated, weighted by ${weighting}`;
  return `, ${count.toLocaleString("en")} of them the expert's, ${what}`;
}
