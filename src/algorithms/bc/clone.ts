/** Behavioural cloning: demonstrations in, a policy out (docs/algorithms/bc.md). */
import { type Dataset, fitNormaliser, rowsOf, type Split } from "../../datasets/index.ts";
import type { OptimizerRecipe } from "../../optim/index.ts";
import type { Policy, PolicyRecipe, PolicySpec } from "../../policies/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { createTrainer, type Progress, type TrainingSnapshot, train } from "../../training/index.ts";
import type { Horizons } from "../../world/index.ts";
import { cloningProblem } from "./problem.ts";

export interface CloneOptions {
  readonly dataset: Dataset;
  /** Which episodes are learned from; the others are not looked at. */
  readonly split: Split;
  readonly policy: PolicyRecipe;
  readonly horizons: Horizons;
  readonly optimizer: OptimizerRecipe;
  readonly batchSize: number;
  readonly updates: number;
  readonly seed: number;
  readonly runtime: Runtime;
  readonly onProgress?: (progress: Progress) => void | Promise<void>;
  /** Where to go on from. */
  readonly from?: TrainingSnapshot;
  readonly checkpointEvery?: number;
  readonly onCheckpoint?: (snapshot: TrainingSnapshot) => void | Promise<void>;
  readonly signal?: AbortSignal;
}

/** Everything about the policy but its parameters; normalisation is fitted on the training episodes only. */
export function policySpec({
  dataset,
  split,
  policy,
  horizons,
}: Pick<CloneOptions, "dataset" | "split" | "policy" | "horizons">): PolicySpec {
  const rows = rowsOf(split.episodeEnds, split.train);
  const { observation, action } = dataset;
  return {
    task: dataset.task,
    observation: {
      names: observation.names,
      units: observation.units,
      normaliser: fitNormaliser(observation, rows, "limits"),
    },
    action: { names: action.names, units: action.units, normaliser: fitNormaliser(action, rows, "limits") },
    horizons,
    controlRate: dataset.controlRate,
    recipe: policy,
  };
}

/** Trains and returns the policy; with a signal, the policy as it was when the signal came. */
export async function cloneBehaviour(options: CloneOptions): Promise<Policy> {
  const { dataset, split, optimizer, batchSize, seed, runtime, from, onCheckpoint } = options;
  const spec = policySpec(options);
  const problem = cloningProblem(spec, { dataset, episodeEnds: split.episodeEnds, episodes: split.train });
  const trainer = await createTrainer({ problem, optimizer, batchSize, seed, runtime, from });
  try {
    await train(trainer, {
      updates: options.updates,
      onProgress: options.onProgress,
      checkpointEvery: options.checkpointEvery,
      onCheckpoint: onCheckpoint && ((current) => onCheckpoint(current.snapshot())),
      signal: options.signal,
    });
    return { spec, parameters: trainer.parameters() };
  } finally {
    await trainer.close();
  }
}
