/** Behavioural cloning: demonstrations in, a policy out (docs/algorithms/bc.md). */
import { type Dataset, fitNormaliser, type Normalisation, rowsOf, type Split } from "../../datasets/index.ts";
import { quantileEdges } from "../../heads/index.ts";
import type { OptimizerRecipe } from "../../optim/index.ts";
import { modelOf, type Policy, type PolicyRecipe, type PolicySpec } from "../../policies/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { createTrainer, type Progress, type TrainingSnapshot, train } from "../../training/index.ts";
import type { Horizons } from "../../world/index.ts";
import { imitatedIn } from "../online/imitated.ts";
import { type CloningData, cloningProblem, type Padding, type Supervision } from "./problem.ts";

export interface CloneOptions {
  readonly dataset: Dataset;
  /** Which episodes are learned from; the others are not looked at. */
  readonly split: Split;
  readonly policy: PolicyRecipe;
  readonly horizons: Horizons;
  /** How observations and actions are normalised; default: by their limits. */
  readonly normalisation?: { readonly observation: Normalisation; readonly action: Normalisation };
  /** What becomes of the steps that pad a chunk beyond its episode; default "imitate". */
  readonly padding?: Padding;
  /**
   * Whose actions are to be imitated, and how much; default: what the expert did or said (`imitatedIn`), where a policy
   * drove some of the steps, else all alike.
   */
  readonly supervision?: Supervision;
  /** The policy's own spec, where it is fixed beforehand; default: fitted to the training episodes (`policySpec`). */
  readonly spec?: PolicySpec;
  /** Parameters to begin with; default: drawn with the seed. */
  readonly initial?: Policy["parameters"];
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

type SpecOptions = Pick<CloneOptions, "dataset" | "split" | "policy" | "horizons" | "normalisation" | "supervision">;

const BY_LIMITS = { observation: "limits", action: "limits" } as const;

/**
 * Everything about the policy but its parameters; what is fitted to data is fitted to the training episodes only, and what is
 * fitted to actions only to those that are imitated. Throws an InputError where recipe, horizons and action make no policy (`modelOf`).
 */
export function policySpec({
  dataset,
  split,
  policy,
  horizons,
  normalisation = BY_LIMITS,
  supervision,
}: SpecOptions): PolicySpec {
  const rows = rowsOf(split.episodeEnds, split.train);
  const imitated = supervision ? rows.filter((row) => supervision.weights[row] > 0) : rows;
  const { observation, action } = dataset;
  const spec: PolicySpec = {
    task: dataset.task,
    observation: {
      names: observation.names,
      units: observation.units,
      normaliser: fitNormaliser(observation, rows, normalisation.observation),
    },
    action: {
      names: action.names,
      units: action.units,
      normaliser: fitNormaliser(action, imitated, normalisation.action),
    },
    horizons,
    controlRate: dataset.controlRate,
    recipe: policy,
  };
  modelOf(spec);
  const { head } = policy;
  if (head.kind !== "autoregressive" || head.binning === "uniform") return spec;
  return { ...spec, binEdges: fitBins(spec, dataset, imitated, head.bins) };
}

/** The edges of `bins` bins of every normalised action dimension. */
function fitBins({ action }: PolicySpec, dataset: Dataset, rows: Int32Array, bins: number): number[][] {
  const size = action.names.length;
  const { scale, offset } = action.normaliser;
  return action.names.map((_, column) => {
    const values = Float32Array.from(rows, (row) => dataset.action.values[row * size + column]);
    return quantileEdges(
      values.map((value) => value * scale[column] + offset[column]),
      bins,
    );
  });
}

/** What is learned from, and the spec of who learns it: where the options leave them open, by what an expert did or said. */
export function cloningOf(options: CloneOptions): { readonly spec: PolicySpec; readonly data: CloningData } {
  const { split, padding } = options;
  const imitated = options.supervision ? options : imitatedIn(options.dataset, { weighting: "expert" }, split);
  const { dataset, supervision } = imitated;
  return {
    spec: options.spec ?? policySpec({ ...options, dataset, supervision }),
    data: { dataset, supervision, padding, episodeEnds: split.episodeEnds, episodes: split.train },
  };
}

/** Trains and returns the policy; with a signal, the policy as it was when the signal came. */
export async function cloneBehaviour(options: CloneOptions): Promise<Policy> {
  const { optimizer, batchSize, seed, runtime, from, initial, onCheckpoint } = options;
  const { spec, data } = cloningOf(options);
  const problem = cloningProblem(spec, data);
  const trainer = await createTrainer({ problem, optimizer, batchSize, seed, runtime, from, initial });
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
