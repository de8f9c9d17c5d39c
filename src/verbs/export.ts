/** A run's policy as one `.onnx` file, with the sampling that is wanted, and proof that the file does what the policy does. */
import { stat } from "node:fs/promises";
import { foldIn, InputError, randomKey } from "../base/index.ts";
import { windowsOf } from "../datasets/index.ts";
import { exportPolicy, type HeadRecipe, type Policy, type SamplingChoice, withSampling } from "../policies/index.ts";
import { writeFileAtomic } from "../runs/node.ts";
import { describe, type Port } from "../runtime/index.ts";
import { checkParity, type Parity } from "./parity.ts";
import { type FinishedRun, readFinishedRun } from "./run-files.ts";

export interface ExportRequest extends SamplingChoice {
  /** Folder of a run that has finished training. */
  readonly run: string;
  /** Path of the file to be written. */
  readonly out: string;
  /** Rows that the file takes at once; default 1. */
  readonly batch?: number;
  /** Held-out histories for the comparison with the policy; default 64, fewer where there are not as many. */
  readonly histories?: number;
  /** Of the noise of the comparison; default 0. */
  readonly seed?: number;
}

export interface ExportedPolicy {
  readonly out: string;
  readonly bytes: number;
  readonly batch: number;
  /** The head as it samples in the file. */
  readonly head: HeadRecipe;
  readonly inputs: Readonly<Record<string, Port>>;
  readonly outputs: Readonly<Record<string, Port>>;
  readonly parity: Parity;
}

/**
 * Writes the file, whole or not at all, if it does what the policy does; where `parity.passed` is false, nothing is written.
 * Throws an InputError for a run that is none or not finished, a sampling that its head does not have, and a place that
 * cannot be written.
 */
export async function exportRun(request: ExportRequest): Promise<ExportedPolicy> {
  const { run: path, out, batch = 1, histories: most = 64, seed = 0 } = request;
  const { sampling, samplingSteps, sampler, temperature } = request;
  for (const [name, value] of Object.entries({ batch, histories: most })) {
    if (!(Number.isSafeInteger(value) && value >= 1)) {
      throw new InputError(`export: ${name} ${value}, expected a whole number from 1`);
    }
  }
  if ((await stat(out).catch(() => null))?.isDirectory()) {
    throw new InputError(`${out}: is a folder, expected the path of a file`);
  }
  const run = await readFinishedRun(path);
  const recipe = withSampling(run.policy.spec.recipe, { sampling, samplingSteps, sampler, temperature }, path);
  const policy: Policy = { ...run.policy, spec: { ...run.policy.spec, recipe } };
  const file = exportPolicy(policy, { batch });
  const histories = heldOutHistories(run, most);
  const parity = await checkParity({
    policy,
    file,
    histories,
    keys: Array.from({ length: histories.length / historySize(policy) }, (_, row) => foldIn(randomKey(seed), row)),
  });
  if (parity.passed) {
    await writeFileAtomic(out, file);
  }
  const { inputs, outputs } = describe(file);
  return { out, bytes: file.length, batch, head: recipe.head, inputs, outputs, parity };
}

const historySize = ({ spec: { horizons, observation } }: Policy) =>
  horizons.observationHorizon * observation.names.length;

/** Histories `[B, To, Do]` of held-out windows, spread evenly over them all. */
function heldOutHistories({ dataset, split, policy }: FinishedRun, most: number): Float32Array {
  const { horizons } = policy.spec;
  const windows = windowsOf(split.episodeEnds, horizons, split.validation);
  const count = Math.min(most, windows.count);
  const { names, values } = dataset.observation;
  const histories = new Float32Array(count * historySize(policy));
  for (let row = 0; row < count; row++) {
    const window = Math.floor((row * windows.count) / count);
    for (let step = 0; step < horizons.observationHorizon; step++) {
      const from = windows.observation[window * horizons.observationHorizon + step] * names.length;
      const place = (row * horizons.observationHorizon + step) * names.length;
      histories.set(values.subarray(from, from + names.length), place);
    }
  }
  return histories;
}
