/** `apprentice evaluate`: a run's policy, read again from its file, on the demonstrations that were held out. */

import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { type HeldOutReport, heldOutReport, policySpec } from "../../algorithms/index.ts";
import { InputError, type Leaves, mapLeaves, sameShape, showShape } from "../../base/index.ts";
import { type Dataset, lengthOf, rowsOf, type Split, splitDataset } from "../../datasets/index.ts";
import { readDataset } from "../../datasets/node.ts";
import {
  metadataOf,
  modelOf,
  openPolicy,
  type Policy,
  type PolicyMetadata,
  type PolicySpec,
} from "../../policies/index.ts";
import { type CloningRecipe, readCloningRecipe } from "../../recipes/index.ts";
import { readSafetensors } from "../../runs/index.ts";
import { openRun } from "../../runs/node.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { wholeNumber } from "../arguments.ts";
import { table } from "../table.ts";

/** Files of a run that hold its result. */
export const POLICY_FILE = "policy.onnx";
export const PARAMETERS_FILE = "parameters.safetensors";

/** Seed of the noise with which held-out demonstrations are predicted, unless another is asked for. */
export const NOISE_SEED = 0;

export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("the policy of a run, read again from its file, on the demonstrations that were held out")
    .argument("<run>", "folder of a run")
    .option("--seed <n>", "seed of the noise with which a mixture is asked", wholeNumber(0), NOISE_SEED)
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--json", "print one JSON object and nothing else", false)
    .action(evaluateRun);
}

export interface EvaluateOptions {
  readonly seed: number;
  readonly threads: number;
  readonly json: boolean;
}

export async function evaluateRun(path: string, { seed, threads, json }: EvaluateOptions): Promise<void> {
  const run = await openRun(path);
  const recipe = readCloningRecipe(run.recipe, join(path, "recipe.json"));
  const dataset = await readDataset(recipe.dataset);
  if (dataset.task !== recipe.task) {
    throw new InputError(`${recipe.dataset}: found task "${dataset.task}", expected "${recipe.task}" as in ${path}`);
  }
  const split = splitOf(recipe, dataset);
  const report = await reportFromFiles(path, { recipe, dataset, split, seed, threads });
  process.stdout.write(
    json ? `${JSON.stringify(summary(path, recipe, dataset, report))}\n` : `${scoreTable(report, dataset)}\n`,
  );
}

/** The split of a recipe. Throws an InputError where a part has no episode as long as a chunk. */
export function splitOf(
  { validationFraction, splitSeed, horizons: { predictionHorizon }, dataset: where }: CloningRecipe,
  dataset: Dataset,
): Split {
  const steps = lengthOf(dataset);
  if (steps < 2) throw new InputError(`${where}: found ${steps} steps, expected enough to train and to hold out`);
  const split = splitDataset(dataset, { validationFraction, seed: splitSeed });
  const parts = { "learn from": split.train, "hold out": split.validation };
  for (const [purpose, episodes] of Object.entries(parts)) {
    const longest = Math.max(...Array.from(episodes, (episode) => rowsOf(split.episodeEnds, [episode]).length));
    if (longest >= predictionHorizon) continue;
    throw new InputError(
      `${where}: the longest episode to ${purpose} has ${longest} steps, expected ${predictionHorizon} or more`,
    );
  }
  return split;
}

/** The held-out scores of the policy in the files of a run. Throws an InputError where one is missing or damaged. */
export async function reportFromFiles(
  path: string,
  request: { recipe: CloningRecipe; dataset: Dataset; split: Split; seed: number; threads: number },
): Promise<HeldOutReport> {
  const { recipe, dataset, split, seed, threads } = request;
  const runtime = nodeRuntime({ threads });
  const spec = policySpec({ ...recipe, dataset, split });
  const parametersPath = join(path, PARAMETERS_FILE);
  const policy: Policy = { spec, parameters: readParameters(await readRunFile(parametersPath), parametersPath, spec) };
  const policyPath = join(path, POLICY_FILE);
  const actor = await openPolicy(runtime, await readRunFile(policyPath), policyPath);
  try {
    checkMetadata(actor.metadata, metadataOf(spec), policyPath);
    return await heldOutReport({ dataset, split, policy, actor, runtime, seed });
  } finally {
    await actor.close();
  }
}

function readParameters(bytes: Uint8Array, where: string, spec: PolicySpec): Leaves<Float32Array> {
  const { tensors } = readSafetensors(bytes, where);
  return mapLeaves(modelOf(spec).network.parameters, ({ shape }, name) => {
    const found = tensors[name];
    if (found?.data instanceof Float32Array && sameShape(found.shape, shape)) return found.data;
    const what = found ? `${found.dtype} ${showShape(found.shape)}` : "missing";
    throw new InputError(`${where}: tensor "${name}" is ${what}, expected float32 ${showShape(shape)}`);
  });
}

/** Throws an InputError for the file of another policy than the recipe's. */
function checkMetadata(found: PolicyMetadata, expected: PolicyMetadata, where: string): void {
  for (const field of Object.keys(expected) as (keyof PolicyMetadata)[]) {
    const [is, wanted] = [JSON.stringify(found[field]), JSON.stringify(expected[field])];
    if (is !== wanted) throw new InputError(`${where}: ${field} is ${is}, expected ${wanted} as in the recipe`);
  }
}

async function readRunFile(path: string): Promise<Uint8Array> {
  return readFile(path).catch(() => {
    throw new InputError(`${path}: not found, expected a run that has finished training`);
  });
}

/** What scripts read of a report. */
export function summary(
  run: string,
  { task, policy, updates, seed }: CloningRecipe,
  dataset: Dataset,
  report: HeldOutReport,
) {
  return {
    run,
    task,
    head: policy.head,
    updates,
    seed,
    heldOut: {
      episodes: report.episodes,
      windows: report.windows,
      unit: dataset.action.units[0],
      scores: report.scores.map(({ predictor, error, natsPerDimension }) => ({
        predictor,
        rms: error.rms,
        meanAbsolute: error.meanAbsolute,
        natsPerDimension,
      })),
    },
  };
}

export function scoreTable({ episodes, windows, scores }: HeldOutReport, { action }: Dataset): string {
  const unit = action.units[0] === "1" ? "" : ` (${action.units[0]})`;
  const header = ["held out", `rms error${unit}`, `mean |error|${unit}`, "nats per action dimension"];
  const rows = scores.map(({ predictor, error, natsPerDimension }) => [
    predictor,
    error.rms.toPrecision(4),
    error.meanAbsolute.toPrecision(4),
    natsPerDimension.toFixed(3),
  ]);
  return `${table(header, rows)}\n\n${windows} windows of ${episodes} held-out ${episodes === 1 ? "part" : "episodes"}; errors of the executed steps, densities of whole chunks.`;
}
