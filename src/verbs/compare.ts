/** Runs beside one another: each policy on the same seeds, and each pair of them compared on these. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import { type Comparison, compare, type Evaluation } from "../evaluation/index.ts";
import { evaluatePolicy, fittingPolicy, type PolicyEvaluationRequest } from "./evaluate-task.ts";
import { POLICY_FILE } from "./run-files.ts";

/** An evaluation and what it is called. */
export interface NamedEvaluation {
  readonly name: string;
  readonly evaluation: Evaluation;
}

export interface PairComparison extends Comparison {
  readonly names: readonly [first: string, second: string];
  /** The p-value among all pairs, by Holm's step-down method: how sure one is after looking at them all. */
  readonly adjustedPValue: number;
}

/**
 * Every pair, in the order in which they were given. Throws RangeError where there are fewer than two, or their tasks or
 * seeds differ.
 */
export function compareRuns(runs: readonly NamedEvaluation[]): PairComparison[] {
  if (runs.length < 2) throw new RangeError(`compare: found ${runs.length} evaluation, expected two or more`);
  const pairs = runs.flatMap((first, i) =>
    runs.slice(i + 1).map((second) => ({
      names: [first.name, second.name] as const,
      ...compare(first.evaluation, second.evaluation),
    })),
  );
  const adjusted = holm(pairs.map(({ pValue }) => pValue));
  return pairs.map((pair, i) => ({ ...pair, adjustedPValue: adjusted[i] }));
}

/** Holm 1979: the k-th smallest of m p-values times m - k + 1, never less than those before it, at most 1. */
function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => pValues[a] - pValues[b]);
  const adjusted: number[] = new Array(pValues.length);
  let most = 0;
  order.forEach((index, k) => {
    most = Math.max(most, Math.min(1, pValues[index] * (pValues.length - k)));
    adjusted[index] = most;
  });
  return adjusted;
}

export interface RunsRequest extends Omit<PolicyEvaluationRequest, "policy" | "onProgress"> {
  /** Folders of runs, or paths of `.onnx` files. */
  readonly runs: readonly string[];
  readonly onProgress?: (run: string, episodes: number, total: number) => void;
}

/**
 * Evaluates the policy of each run on the same seeds. Throws InputError for a run without a policy, and where the policies
 * are not of one task.
 */
export async function evaluateRuns({ runs, onProgress, ...request }: RunsRequest): Promise<NamedEvaluation[]> {
  const twice = runs.find((run, i) => runs.indexOf(run) < i);
  if (twice !== undefined) throw new InputError(`${twice}: given twice, expected different runs`);
  const files = await Promise.all(runs.map(policyOf));
  // The first says what the task is, unless the caller does; all are looked at before any is evaluated.
  const { task } = await fittingPolicy(files[0], request.task);
  for (const file of files.slice(1)) await fittingPolicy(file, task);
  const evaluations: NamedEvaluation[] = [];
  for (const [i, name] of runs.entries()) {
    const evaluation = await evaluatePolicy({
      ...request,
      task,
      policy: files[i],
      onProgress: (episodes, total) => onProgress?.(name, episodes, total),
    });
    evaluations.push({ name, evaluation });
  }
  return evaluations;
}

/** The policy's file of a run's folder, or the file itself. */
async function policyOf(run: string): Promise<string> {
  const found = await stat(run).catch(() => null);
  if (!found) throw new InputError(`${run}: not found, expected the folder of a run or a policy's .onnx file`);
  if (!found.isDirectory()) return run;
  const file = join(run, POLICY_FILE);
  if (await stat(file).catch(() => null)) return file;
  throw new InputError(`${run}: holds no ${POLICY_FILE}, expected a run that has finished training`);
}
