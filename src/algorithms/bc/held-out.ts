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
import { imitatedIn } from "../online/imitated.ts";
import { presenceOf, type Supervision, windowsThatCount } from "./problem.ts";

/** One predictor on the held-out windows. */
export interface PredictorScore {
  readonly predictor: string;
  /** In the action's units. */
  readonly error: HeldOutError;
  /**
   * Mean log density of whole chunks in normalised actions, natural, divided by the numbers of a chunk; higher is
   * better. A predictor without a density of its own gets one Gaussian around its prediction, its single variance
   * fitted on the same windows (ALGORITHMS 3.6). NaN where no chunk is whole.
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

/**
 * Scores over every window that lies wholly within a held-out episode. Where a policy drove some of the steps, only over those
 * of what an expert did or said, whole ones if there are any: errors are then those of the steps that an expert answers for,
 * and where no chunk is whole (labels of single states) there is no density, NaN.
 */
export async function heldOutReport(options: HeldOutOptions): Promise<HeldOutReport> {
  const { split, policy, actor, runtime, seed } = options;
  const { dataset, supervision } = imitatedIn(options.dataset, { weighting: "expert" });
  const all = windowsOf(split.episodeEnds, policy.spec.horizons, split.validation);
  const { windows, isWhole } = supervision ? imitatedWindows(all, supervision) : wholeWindows(all);
  const histories = gatherRows(dataset.observation, windows.observation);
  const keys = Array.from({ length: windows.count }, (_, window) => foldIn(randomKey(seed), window));
  const predicted = await actor.plan(histories, keys);
  const learned = rowsOf(split.episodeEnds, split.train);
  const mean = meanOf(dataset.action, supervision ? learned.filter((row) => supervision.weights[row] > 0) : learned);
  // what was done last, whoever did it
  const trivial = { ...options.dataset, episodeEnds: split.episodeEnds };

  const chunks = spreadOverResolution(dataset, gatherRows(dataset.action, windows.action), seed);
  const densities = isWhole ? await logProbabilities(runtime, policy, { histories, chunks }) : null;
  const natsOf = (predictions: Float32Array) => (isWhole ? gaussianNats(policy, predictions, chunks) : Number.NaN);
  const score = (predictor: string, predictions: Float32Array, density: Float32Array | null): PredictorScore => ({
    predictor,
    error: heldOutError(predictions, dataset.action, windows),
    natsPerDimension: density ? density.reduce((sum, value) => sum + value, 0) / chunks.length : natsOf(predictions),
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

interface HeldOutWindows {
  readonly windows: Windows;
  /** Whether every step of every chunk is to be compared: none is padded. */
  readonly isWhole: boolean;
}

/** The windows without padding. */
function wholeWindows(windows: Windows): HeldOutWindows {
  const kept = wholeIn(windows);
  if (kept.length === 0) {
    throw new RangeError(`held-out windows: none of ${windows.count} lies wholly within an episode`);
  }
  return { windows: someWindows(windows, kept), isWhole: true };
}

function wholeIn({ horizons: { predictionHorizon: Tp }, count, padded }: Windows): number[] {
  const isWhole = (window: number) => !padded.subarray(window * Tp, (window + 1) * Tp).includes(1);
  return Array.from({ length: count }, (_, window) => window).filter(isWhole);
}

/** The windows at whose current row an expert drove or spoke; what lies beyond its stretch counts as padded. */
function imitatedWindows(all: Windows, supervision: Supervision): HeldOutWindows {
  const present = presenceOf(all, "mask", supervision);
  const windows = { ...all, padded: Uint8Array.from(present, (one) => 1 - one) };
  const counting = windowsThatCount(all, supervision.weights);
  const whole = new Set(wholeIn(windows));
  const kept = Array.from(counting).filter((window) => whole.has(window));
  if (kept.length > 0) return { windows: someWindows(windows, kept), isWhole: true };
  return { windows: someWindows(windows, Array.from(counting)), isWhole: false };
}

function someWindows({ horizons, observation, action, padded }: Windows, kept: readonly number[]): Windows {
  const { observationHorizon: To, predictionHorizon: Tp } = horizons;
  const rows = (values: Int32Array, width: number) =>
    Int32Array.from(kept.flatMap((window) => Array.from(values.subarray(window * width, (window + 1) * width))));
  return {
    horizons,
    count: kept.length,
    observation: rows(observation, To),
    action: rows(action, Tp),
    padded: Uint8Array.from(kept.flatMap((window) => Array.from(padded.subarray(window * Tp, (window + 1) * Tp)))),
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
