/** `apprentice train`: behavioural cloning from real demonstrations. */
import { join, resolve } from "node:path";
import { cloneBehaviour, policySpec } from "../algorithms/index.ts";
import { InputError } from "../base/index.ts";
import type { Dataset } from "../datasets/index.ts";
import { readDataset } from "../datasets/node.ts";
import { exportPolicy, modelOf, type Policy } from "../policies/index.ts";
import {
  type CloningRecipe,
  cloningOptimizer,
  cloningRecipe,
  type HeadName,
  readCloningRecipe,
} from "../recipes/index.ts";
import { writeSafetensors } from "../runs/index.ts";
import { createRun, openRun, type Run } from "../runs/node.ts";
import { nodeRuntime } from "../runtime/node.ts";
import type { Progress } from "../training/index.ts";
import { fromCheckpoint, toCheckpoint } from "./checkpoint.ts";
import { PARAMETERS_FILE, POLICY_FILE, reportFromFiles, scoreTable, splitOf, summary } from "./evaluate.ts";
import { progressLine } from "./progress.ts";

export interface TrainOptions {
  readonly out: string;
  readonly head: HeadName;
  readonly updates?: number;
  readonly seed: number;
  readonly threads: number;
  readonly resume: boolean;
  readonly json: boolean;
}

/** Updates between two checkpoints. */
const CHECKPOINT_EVERY = 500;

export async function trainCommand(path: string, options: TrainOptions): Promise<void> {
  const dataset = await readDataset(path);
  const { run, recipe } = await openOrCreate(path, dataset, options);
  const split = splitOf(recipe, dataset);
  const steps = dataset.action.values.length / dataset.action.names.length;
  process.stderr.write(
    `${dataset.task}: ${dataset.episodeEnds.length} episodes, ${steps} steps; ${split.validation.length} of ${split.episodeEnds.length} held out\n`,
  );
  const started = performance.now();
  const policy = await learn(run, recipe, dataset, options.threads);
  if (!policy) return;
  const seconds = (performance.now() - started) / 1000;

  const { network } = modelOf(policy.spec);
  const tensors = Object.entries(policy.parameters).map(([name, data]) => [
    name,
    { dtype: "float32", shape: network.parameters[name].shape, data },
  ]);
  await run.writeFile(PARAMETERS_FILE, writeSafetensors(Object.fromEntries(tensors)));
  await run.writeFile(POLICY_FILE, exportPolicy(policy));
  const report = await reportFromFiles(options.out, { recipe, dataset, split, threads: options.threads });
  if (options.json) {
    process.stdout.write(`${JSON.stringify({ ...summary(options.out, recipe, dataset, report), seconds })}\n`);
    return;
  }
  process.stdout.write(
    `\n${scoreTable(report, dataset)}\n\nTrained in ${seconds.toFixed(1)} s. The policy is ${join(options.out, POLICY_FILE)}.\n`,
  );
}

async function openOrCreate(
  path: string,
  dataset: Dataset,
  { out, head, seed, updates, resume }: TrainOptions,
): Promise<{ run: Run; recipe: CloningRecipe }> {
  const wanted = cloningRecipe({ dataset: resolve(path), task: dataset.task, head, seed, updates });
  if (!resume) return { run: await createRun(out, wanted), recipe: wanted };
  const run = await openRun(out);
  const recipe = readCloningRecipe(run.recipe, `${out}/recipe.json`);
  const differs = (["dataset", "seed", "updates"] as const).find((field) => recipe[field] !== wanted[field]);
  if (differs && !(differs === "updates" && updates === undefined)) {
    throw new InputError(`--resume ${out}: ${differs} is ${recipe[differs]} there, found ${wanted[differs]}`);
  }
  if (recipe.policy.head !== head)
    throw new InputError(`--resume ${out}: head is ${recipe.policy.head} there, found ${head}`);
  return { run, recipe };
}

/** Trains to the end, or to Ctrl-C: then a checkpoint is written and null returned. */
async function learn(run: Run, recipe: CloningRecipe, dataset: Dataset, threads: number): Promise<Policy | null> {
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  const progress = progressLine(`train ${recipe.policy.head}`);
  const checkpoint = await run.latestCheckpoint({ onDamaged: ({ message }) => process.stderr.write(`${message}\n`) });
  await run.rewind(checkpoint?.update ?? 0);
  let last: Progress | undefined;
  const split = splitOf(recipe, dataset);
  const spec = policySpec({ ...recipe, dataset, split });
  const policy = await cloneBehaviour({
    ...recipe,
    dataset,
    split,
    optimizer: cloningOptimizer(recipe),
    runtime: nodeRuntime({ threads }),
    from: checkpoint ? fromCheckpoint(checkpoint) : undefined,
    checkpointEvery: CHECKPOINT_EVERY,
    onCheckpoint: (snapshot) => run.saveCheckpoint(toCheckpoint(snapshot, spec)),
    signal: stop.signal,
    onProgress(now) {
      last = now;
      progress.show(now.update, now.updates, `· loss ${now.loss.toPrecision(4)}`);
      run.appendMetrics({ update: now.update, loss: now.loss, updatesPerSecond: now.rate });
    },
  });
  progress.end();
  run.close();
  process.off("SIGINT", onInterrupt);
  if (!stop.signal.aborted) return policy;
  process.stderr.write(`stopped at update ${last?.update}; the same command with --resume goes on\n`);
  process.exitCode = 1;
  return null;
}
