/** The policies of the data folder, `TASK/policies/ID/`: each is there as a whole, with its summary, or not at all. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { exportPolicy, type Policy } from "../../policies/index.ts";
import type { PolicySummary } from "../../protocol/index.ts";
import { UNFINISHED, writeFileAtomic } from "../../runs/node.ts";
import { PARAMETERS_FILE, POLICY_FILE, parametersFile, parametersIn } from "../../verbs/index.ts";

const RECIPE_FILE = "recipe.json";
const SUMMARY_FILE = "summary.json";
const SPEC_FILE = "spec.json";
/** In the folder of a policy that learned from the server's own demonstrations: their store. */
export const DEMONSTRATIONS = "demonstrations";

export const datasetFolder = (data: string, task: string): string => join(data, task, "dataset");
const policiesFolder = (data: string, task: string): string => join(data, task, "policies");
export const policyFolder = (data: string, task: string, id: string): string => join(policiesFolder(data, task), id);

/** The oldest first. A folder whose summary cannot be read is passed over. */
export function listPolicies(data: string, task: string): PolicySummary[] {
  const found = namesIn(policiesFolder(data, task)).flatMap((id) => {
    const summary = readSummary(policyFolder(data, task, id));
    return summary?.id === id && summary.task === task ? [summary] : [];
  });
  return found.sort((a, b) => numberOf(a.id) - numberOf(b.id));
}

function readSummary(folder: string): PolicySummary | null {
  try {
    const found = JSON.parse(readFileSync(join(folder, SUMMARY_FILE), "utf8"));
    return typeof found?.id === "string" && typeof found.learned?.episodes === "number" ? found : null;
  } catch {
    return null;
  }
}

export function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

const numberOf = (id: string): number => Number(/-(\d+)$/.exec(id)?.[1] ?? 0);

/** Removes what killed processes left half-made. Only before any is at work. */
export function sweepPolicies(data: string, task: string): void {
  const folder = policiesFolder(data, task);
  for (const name of namesIn(folder)) {
    if (name.startsWith(UNFINISHED)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** A folder in which a policy can be made ready. */
export function unfinishedFolder(data: string, task: string): string {
  const folder = join(policiesFolder(data, task), `${UNFINISHED}${process.pid}`);
  mkdirSync(folder, { recursive: true });
  return folder;
}

interface Published {
  readonly data: string;
  readonly summary: Omit<PolicySummary, "id">;
  /** recipe.json, given the folder in which it is going to be. */
  readonly recipe: (folder: string) => object;
}

/**
 * Writes the policy's files into the folder in which it was made ready, and gives that its name: TASK-N, the next number.
 * Returns the summary with that name.
 */
export async function publishPolicy(
  unfinished: string,
  policy: Policy,
  { data, summary, recipe }: Published,
): Promise<PolicySummary> {
  const { task } = summary;
  await mkdir(unfinished, { recursive: true });
  const text = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;
  await writeFile(join(unfinished, SPEC_FILE), text(plainSpec(policy.spec)));
  await writeFileAtomic(join(unfinished, PARAMETERS_FILE), parametersFile(policy));
  await writeFileAtomic(join(unfinished, POLICY_FILE), exportPolicy(policy));
  const taken = namesIn(policiesFolder(data, task)).filter((name) => name.startsWith(`${task}-`));
  let number = 1 + Math.max(0, ...taken.map(numberOf));
  // Another server on the same folder may have taken a number since: then its folder is there, and the next one is tried.
  for (; ; number++) {
    const named = { ...summary, id: `${task}-${number}` };
    const folder = policyFolder(data, task, named.id);
    await writeFileAtomic(join(unfinished, RECIPE_FILE), text(recipe(folder)));
    await writeFileAtomic(join(unfinished, SUMMARY_FILE), text(named));
    try {
      await rename(unfinished, folder);
      return named;
    } catch (error) {
      if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    }
  }
}

export const rewriteSummary = (data: string, summary: PolicySummary): Promise<void> =>
  writeFileAtomic(
    join(policyFolder(data, summary.task, summary.id), SUMMARY_FILE),
    `${JSON.stringify(summary, null, 2)}\n`,
  );

export const discardUnfinished = (folder: string): Promise<void> => rm(folder, { recursive: true, force: true });

type Spec = Policy["spec"];
const NORMALISED = ["observation", "action"] as const;

/** Typed arrays as lists; every float32 is a double. */
function plainSpec(spec: Spec): object {
  const spaces = NORMALISED.map((name) => {
    const { normaliser, ...space } = spec[name];
    const lists = { scale: [...normaliser.scale], offset: [...normaliser.offset] };
    return [name, { ...space, normaliser: lists }];
  });
  return { ...spec, ...Object.fromEntries(spaces) };
}

/** The policy of a folder, with its parameters. Throws an InputError where those are damaged. */
export function readPolicyFolder(folder: string): Policy {
  const plain = JSON.parse(readFileSync(join(folder, SPEC_FILE), "utf8"));
  const spaces = NORMALISED.map((name) => {
    const { normaliser, ...space } = plain[name];
    const arrays = { scale: Float32Array.from(normaliser.scale), offset: Float32Array.from(normaliser.offset) };
    return [name, { ...space, normaliser: arrays }];
  });
  const spec: Spec = { ...plain, ...Object.fromEntries(spaces) };
  const path = join(folder, PARAMETERS_FILE);
  return { spec, parameters: parametersIn(readFileSync(path), path, spec) };
}
