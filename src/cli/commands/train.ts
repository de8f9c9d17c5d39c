/** `apprentice train`: behavioural cloning from real demonstrations. */

import { join, resolve } from "node:path";
import { type Command, Option } from "commander";
import { cloneBehaviour, policySpec } from "../../algorithms/index.ts";
import { InputError, mapLeaves } from "../../base/index.ts";
import { type Dataset, lengthOf, type Split } from "../../datasets/index.ts";
import { readDataset } from "../../datasets/node.ts";
import { exportPolicy, modelOf, type Policy } from "../../policies/index.ts";
import {
  type CloningRecipe,
  cloningOptimizer,
  cloningRecipe,
  type HeadName,
  readCloningRecipe,
} from "../../recipes/index.ts";
import { type StoredTensor, writeSafetensors } from "../../runs/index.ts";
import { createRun, openRun, type Run } from "../../runs/node.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { fromCheckpoint, toCheckpoint } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { progressLine } from "../progress.ts";
import { NOISE_SEED, PARAMETERS_FILE, POLICY_FILE, reportFromFiles, scoreTable, splitOf, summary } from "./evaluate.ts";

export function registerTrain(program: Command): void {
  program
    .command("train")
    .description("behavioural cloning from real demonstrations, with held-out errors beside trivial predictors")
    .argument("<path>", "demonstrations: a Push-T zarr folder, or the folder of a driving log")
    .requiredOption("--out <run>", "folder of the run: recipe, metrics, checkpoints, policy.onnx")
    .addOption(new Option("--head <head>", "action head").choices(["l2", "gmm"]).makeOptionMandatory())
    .option("--updates <n>", "optimizer steps; default: what suits the task", wholeNumber(2))
    .option("--seed <n>", "seed of initial parameters, batches and noise", wholeNumber(0), 0)
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--resume", "go on with the run in --out from its last checkpoint", false)
    .option("--json", "print one JSON object and nothing else", false)
    .action(trainCommand);
}

export interface TrainOptions {
  readonly out: string;
  readonly head: HeadName;
  readonly updates?: number;
  readonly seed: number;
  readonly threads: number;
  readonly resume: boolean;
  readonly json: boolean;
}

/** Updates between two checkpoints: a multiple of those of one call (`choosePlan`), so that no call is cut short. */
const CHECKPOINT_EVERY = 400;

export async function trainCommand(path: string, options: TrainOptions): Promise<void> {
  const dataset = await readDataset(path);
  const { run, recipe, split } = await openOrCreate(path, dataset, options);
  const count = dataset.episodeEnds.length;
  const episodes = `${count} episode${count === 1 ? "" : "s"}, ${lengthOf(dataset)} steps`;
  const heldOut = `${split.validation.length} of ${split.episodeEnds.length} held out`;
  process.stderr.write(`${dataset.task}: ${episodes}; ${heldOut}\n`);
  const { threads } = options;
  const started = performance.now();
  const policy = await learn(run, { recipe, dataset, split, threads });
  const seconds = (performance.now() - started) / 1000;

  const shapes = modelOf(policy.spec).network.parameters;
  const tensors = mapLeaves(
    policy.parameters,
    (data, name): StoredTensor => ({ dtype: "float32", shape: shapes[name].shape, data }),
  );
  await run.writeFile(PARAMETERS_FILE, writeSafetensors(tensors));
  await run.writeFile(POLICY_FILE, exportPolicy(policy));
  const report = await reportFromFiles(options.out, { recipe, dataset, split, seed: NOISE_SEED, threads });
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
): Promise<{ run: Run; recipe: CloningRecipe; split: Split }> {
  const wanted = cloningRecipe({ dataset: resolve(path), task: dataset.task, head, seed, updates });
  if (!resume) {
    const split = splitOf(wanted, dataset);
    return { run: await createRun(out, wanted), recipe: wanted, split };
  }
  const run = await openRun(out);
  const recipe = readCloningRecipe(run.recipe, `${out}/recipe.json`);
  const differs = (["dataset", "seed", "updates"] as const).find((field) => recipe[field] !== wanted[field]);
  if (differs && !(differs === "updates" && updates === undefined)) {
    throw new InputError(`--resume ${out}: ${differs} is ${recipe[differs]} there, found ${wanted[differs]}`);
  }
  if (recipe.policy.head !== head)
    throw new InputError(`--resume ${out}: head is ${recipe.policy.head} there, found ${head}`);
  return { run, recipe, split: splitOf(recipe, dataset) };
}

/** Trains to the end. At Ctrl-C a checkpoint is written, and an Error thrown that says how to go on. */
async function learn(
  run: Run,
  { recipe, dataset, split, threads }: { recipe: CloningRecipe; dataset: Dataset; split: Split; threads: number },
): Promise<Policy> {
  const damaged: string[] = [];
  const checkpoint = await run.latestCheckpoint({ onDamaged: ({ message }) => damaged.push(message) });
  let reached = checkpoint?.update ?? 0;
  for (const message of damaged) process.stderr.write(`${message}; going on from update ${reached}\n`);
  await run.rewind(reached);
  const spec = policySpec({ ...recipe, dataset, split });
  const progress = progressLine(`train ${recipe.policy.head}`);
  const stop = new AbortController();
  const onInterrupt = () => stop.abort();
  process.once("SIGINT", onInterrupt);
  try {
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
      onProgress({ update, updates, loss, rate }) {
        reached = update;
        progress.show(update, updates, `· loss ${loss.toPrecision(4)}`);
        run.appendMetrics({ update, loss, updatesPerSecond: rate });
      },
    });
    if (reached < recipe.updates) {
      throw new Error(`stopped at update ${reached}; the same command with --resume goes on`);
    }
    return policy;
  } finally {
    progress.end();
    run.close();
    process.off("SIGINT", onInterrupt);
  }
}
