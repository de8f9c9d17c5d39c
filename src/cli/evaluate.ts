/** `apprentice evaluate`: a run's policy, read again from its file, on the demonstrations that were held out. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type HeldOutReport, heldOutReport, policySpec } from "../algorithms/index.ts";
import { InputError, mapLeaves } from "../base/index.ts";
import { type Dataset, type Split, splitDataset } from "../datasets/index.ts";
import { readDataset } from "../datasets/node.ts";
import { openPolicy, type Policy } from "../policies/index.ts";
import { type CloningRecipe, readCloningRecipe } from "../recipes/index.ts";
import { readSafetensors } from "../runs/index.ts";
import { openRun } from "../runs/node.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { table } from "./table.ts";

/** Files of a run that hold its result. */
export const POLICY_FILE = "policy.onnx";
export const PARAMETERS_FILE = "parameters.safetensors";

/** Seed of the noise with which held-out demonstrations are predicted. */
const NOISE_SEED = 0;

export interface EvaluateOptions {
  readonly threads: number;
  readonly json: boolean;
}

export async function evaluateRun(path: string, { threads, json }: EvaluateOptions): Promise<void> {
  const run = await openRun(path);
  const recipe = readCloningRecipe(run.recipe, join(path, "recipe.json"));
  const dataset = await readDataset(recipe.dataset);
  const report = await reportFromFiles(path, { recipe, dataset, split: splitOf(recipe, dataset), threads });
  process.stdout.write(
    json ? `${JSON.stringify(summary(path, recipe, dataset, report))}\n` : `${scoreTable(report, dataset)}\n`,
  );
}

export function splitOf({ validationFraction, splitSeed }: CloningRecipe, dataset: Dataset): Split {
  return splitDataset(dataset, { validationFraction, seed: splitSeed });
}

/** The held-out scores of the policy in the files of a run. Throws an InputError where one is missing or damaged. */
export async function reportFromFiles(
  path: string,
  { recipe, dataset, split, threads }: { recipe: CloningRecipe; dataset: Dataset; split: Split; threads: number },
): Promise<HeldOutReport> {
  const runtime = nodeRuntime({ threads });
  const policyPath = join(path, POLICY_FILE);
  const actor = await openPolicy(runtime, await readRunFile(policyPath), policyPath);
  const parametersPath = join(path, PARAMETERS_FILE);
  const { tensors } = readSafetensors(await readRunFile(parametersPath), parametersPath);
  const policy: Policy = {
    spec: policySpec({ ...recipe, dataset, split }),
    parameters: mapLeaves(tensors, ({ data }) => data as Float32Array),
  };
  const report = await heldOutReport({ dataset, split, policy, actor, runtime, seed: NOISE_SEED });
  await actor.close();
  return report;
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
