/** How well a policy file predicts demonstrations that it was not trained on, beside the two trivial predictors. */
import { foldIn, pickRows, randomKey, randomStream } from "../../base/index.ts";
import {
  type Dataset,
  meanOf,
  predictLast,
  predictMean,
  rowsOf,
  type Split,
  type Windows,
  windowsOf,
} from "../../datasets/index.ts";
import { type HeldOutError, heldOutError } from "../../evaluation/index.ts";
import { logProbabilities, type Policy, type PolicyActor } from "../../policies/index.ts";
import type { Runtime } from "../../runtime/index.ts";

/** One predictor on the held-out windows. */
export interface PredictorScore {
  readonly predictor: string;
  /** In the action's units. */
  readonly error: HeldOutError;
  /**
   * Mean log density of whole chunks in normalised actions, natural, divided by the numbers of a chunk; higher is
   * better. A predictor without a density of its own gets one Gaussian around its prediction, its single variance
   * fitted on the same windows (ALGORITHMS 3.6).
   */
  readonly natsPerDimension: number;
}

export interface HeldOutReport {
  readonly episodes: number;
  readonly windows: number;
  /** The policy first, then "mean" and "repeat last action". */
  readonly scores: readonly PredictorScore[];
}

export interface HeldOutOptions {
  readonly dataset: Dataset;
  readonly split: Split;
  /** The policy with its parameters, for the density. */
  readonly policy: Policy;
  /** The policy as it acts: its file, opened. */
  readonly actor: PolicyActor;
  readonly runtime: Runtime;
  /** Seed of the actor's noise and of the spread over the recording's resolution. */
  readonly seed: number;
}

/** Scores over every window that lies wholly within a held-out episode. */
export async function heldOutReport(options: HeldOutOptions): Promise<HeldOutReport> {
  const { dataset, split, policy, actor, runtime, seed } = options;
  const windows = wholeWindows(windowsOf(split.episodeEnds, policy.spec.horizons, split.validation));
  const histories = gatherRows(dataset.observation, windows.observation);
  const keys = Array.from({ length: windows.count }, (_, window) => foldIn(randomKey(seed), window));
  const predicted = await actor.plan(histories, keys);
  const mean = meanOf(dataset.action, rowsOf(split.episodeEnds, split.train));
  const trivial = { ...dataset, episodeEnds: split.episodeEnds };

  const chunks = spreadOverResolution(dataset, gatherRows(dataset.action, windows.action), seed);
  const densities = await logProbabilities(runtime, policy, { histories, chunks });
  const score = (predictor: string, predictions: Float32Array, density: Float32Array | null): PredictorScore => ({
    predictor,
    error: heldOutError(predictions, dataset.action, windows),
    natsPerDimension: density
      ? density.reduce((sum, value) => sum + value, 0) / chunks.length
      : gaussianNats(policy, predictions, chunks),
  });
  return {
    episodes: split.validation.length,
    windows: windows.count,
    scores: [
      score(policy.spec.recipe.head.kind, predicted, densities),
      score("mean", predictMean(windows, mean), null),
      score("repeat last action", predictLast(trivial, windows, mean), null),
    ],
  };
}

/** The windows without padding. */
function wholeWindows({ horizons, count, observation, action, padded }: Windows): Windows {
  const { observationHorizon: To, predictionHorizon: Tp } = horizons;
  const isWhole = (window: number) => !padded.subarray(window * Tp, (window + 1) * Tp).includes(1);
  const kept = Array.from({ length: count }, (_, window) => window).filter(isWhole);
  if (kept.length === 0) throw new RangeError(`held-out windows: none of ${count} lies wholly within an episode`);
  const rows = (values: Int32Array, width: number) =>
    Int32Array.from(kept.flatMap((window) => Array.from(values.subarray(window * width, (window + 1) * width))));
  return {
    horizons,
    count: kept.length,
    observation: rows(observation, To),
    action: rows(action, Tp),
    padded: new Uint8Array(kept.length * Tp),
  };
}

const gatherRows = ({ names, values }: Dataset["action"], rows: Int32Array): Float32Array =>
  pickRows(values, names.length, rows);

function spreadOverResolution({ action }: Dataset, chunks: Float32Array, seed: number): Float32Array {
  const { resolution } = action;
  if (!resolution) return chunks;
  const stream = randomStream(foldIn(randomKey(seed), SPREAD));
  return chunks.map((value, index) => value + (stream.uniform() - 0.5) * resolution[index % resolution.length]);
}

/** A stream number that no window has. */
const SPREAD = 2 ** 40;

/** The best single-variance Gaussian around the predictions: -½·log(2πeσ²) per number, σ² the mean squared residual. */
function gaussianNats({ spec }: Policy, predictions: Float32Array, chunks: Float32Array): number {
  const { scale } = spec.action.normaliser;
  const squares = chunks.reduce((sum, value, index) => {
    const residual = (value - predictions[index]) * scale[index % scale.length];
    return sum + residual * residual;
  }, 0);
  return -0.5 * Math.log(2 * Math.PI * Math.E * (squares / chunks.length));
}
