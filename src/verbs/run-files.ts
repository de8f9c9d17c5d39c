/** The files in which a run holds its result, and a policy read from them again. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { imitatedIn, policySpec } from "../algorithms/index.ts";
import { InputError, type Leaves, mapLeaves, sameShape, showShape } from "../base/index.ts";
import type { Dataset, Split } from "../datasets/index.ts";
import {
  metadataOf,
  modelOf,
  type Policy,
  type PolicyMetadata,
  type PolicySpec,
  policyMetadata,
} from "../policies/index.ts";
import { type CloningRecipe, readCloningRecipe } from "../recipes/index.ts";
import { readSafetensors, type StoredTensor, writeSafetensors } from "../runs/index.ts";
import { openRun } from "../runs/node.ts";
import { readRecipeData, splitOf } from "./data.ts";

export const POLICY_FILE = "policy.onnx";
export const PARAMETERS_FILE = "parameters.safetensors";
export const REPORT_FILE = "report.html";
export const VERSIONS_FILE = "versions.json";

/** A finished run as it was read: its policy, and what it learned from. */
export interface FinishedRun {
  readonly path: string;
  readonly recipe: CloningRecipe;
  readonly dataset: Dataset;
  readonly split: Split;
  readonly policy: Policy;
}

/**
 * Reads a run that has finished training. Throws an InputError where a file is missing, damaged or of another run, and
 * where the data are not those that it learned from.
 */
export async function readFinishedRun(path: string): Promise<FinishedRun> {
  const run = await openRun(path);
  const recipe = readCloningRecipe(run.recipe, join(path, "recipe.json"));
  const { dataset } = await readRecipeData(recipe);
  const split = splitOf(recipe, dataset);
  const policy = await readRunPolicy(path, { recipe, dataset, split });
  return { path, recipe, dataset, split, policy };
}

/** The policy in the files of a run: its parameters, checked against its policy.onnx. Throws as `readFinishedRun`. */
export async function readRunPolicy(
  path: string,
  { recipe, dataset, split }: Pick<FinishedRun, "recipe" | "dataset" | "split">,
): Promise<Policy> {
  const spec = policySpec({ ...recipe, ...imitatedIn(dataset, recipe, split), split });
  const parametersPath = join(path, PARAMETERS_FILE);
  const parameters = parametersIn(await readRunFile(parametersPath), parametersPath, spec);
  const policyPath = join(path, POLICY_FILE);
  checkMetadata(policyMetadata(await readRunFile(policyPath), policyPath), metadataOf(spec), policyPath);
  return { spec, parameters };
}

/** The parameters of a policy as a safetensors file. */
export function parametersFile({ spec, parameters }: Policy): Uint8Array {
  const shapes = modelOf(spec).parameters;
  return writeSafetensors(
    mapLeaves(parameters, (data, name): StoredTensor => ({ dtype: "float32", shape: shapes[name].shape, data })),
  );
}

/** The parameters in such a file. Throws an InputError, named after `where`, where they are not those of the policy. */
export function parametersIn(bytes: Uint8Array, where: string, spec: PolicySpec): Leaves<Float32Array> {
  const { tensors } = readSafetensors(bytes, where);
  return mapLeaves(modelOf(spec).parameters, ({ shape }, name) => {
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
