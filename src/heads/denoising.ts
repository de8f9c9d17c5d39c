/** Sampling from a diffusion: from normals to chunks, all steps one loop in the graph (docs/algorithms/diffusion.md, lines 5 to 9). */
import {
  add,
  clip,
  constant,
  gather,
  loop,
  minimum,
  mul,
  reshape,
  slice,
  type Tensor,
  transpose,
} from "../tensor/index.ts";
import { type Pair, PREDICTIONS, type Prediction, signalAndSpread, weighted } from "./diffusion.ts";
import { type NoiseSchedule, visited } from "./schedule.ts";

interface SamplingOptions {
  /** Times to visit, from the noisiest (`leadingTimes`). */
  readonly times: readonly number[];
  readonly schedule: NoiseSchedule;
  /** What the network predicts; default "epsilon". */
  readonly prediction?: Prediction;
  /** Whether estimates of the clean chunk are clipped to [-1, 1]; default true. */
  readonly clipSample?: boolean;
}

export interface DdimOptions extends SamplingOptions {
  /** Standard normals `[B, D]`. */
  readonly noise: Tensor;
  /**
   * Whether the noise is derived again from the clipped estimate (`use_clipped_model_output`, as DPPO does); default
   * false, the predicted noise is kept (diffusers' default, as Diffusion Policy does).
   */
  readonly deriveNoise?: boolean;
}

/**
 * What the network predicts at step k of the visited times: these are given beforehand, so that what depends on them
 * alone can be computed once for all steps.
 */
export type StepDenoiser = (noisy: Tensor, step: Tensor) => Tensor;

/** DDIM (Song et al. 2020, eq. 12, η = 0): chunks `[B, D]`. */
export function ddimSample(denoiseAt: StepDenoiser, options: DdimOptions): Tensor {
  const { noise, times, schedule, prediction = "epsilon", deriveNoise = false } = options;
  const levels = visited(times, schedule);
  const toClean = cleanEstimate(options);
  const next = levels.map((at) => signalAndSpread(at.next));
  const noiseRows = levels.map(({ level }) => PREDICTIONS[prediction].noise(...signalAndSpread(level)));
  // the noise that goes with an estimate is found as where the clean chunk itself is predicted
  const derivedRows = levels.map(({ level }) => PREDICTIONS.sample.noise(...signalAndSpread(level)));
  const { carried } = loop(times.length, [noise], (step, [noisy]) => {
    const row = reshape(step, [1]);
    const predicted = denoiseAt(noisy, step);
    const clean = toClean(row, noisy, predicted);
    const direction = deriveNoise
      ? weighted(derivedRows, row, [noisy, clean])
      : weighted(noiseRows, row, [noisy, predicted]);
    return { carried: [weighted(next, row, [clean, direction])] };
  });
  return carried[0];
}

export interface DdpmOptions extends SamplingOptions {
  /** Standard normals `[B, N · D]` for N visited times: D to start from, D for every step but the last. */
  readonly noise: Tensor;
  /** Variance of a step: that of the posterior ("small", default) or β ("large") (Ho et al. 2020, section 3.2). */
  readonly variance?: "small" | "large";
}

/**
 * DDPM, ancestral (Ho et al. 2020, Algorithm 2): chunks `[B, D]`. Times may leave out steps: between t and the next
 * visited t', α is ᾱ(t) / ᾱ(t'). Nothing is added after the last time. Throws a RangeError where N does not divide the
 * normals.
 */
export function ddpmSample(denoiseAt: StepDenoiser, options: DdpmOptions): Tensor {
  const { noise, times, schedule, variance = "small" } = options;
  const count = times.length;
  const [batch, width] = noise.shape;
  if (width % count !== 0) {
    throw new RangeError(`ddpmSample: ${width} normals for each chunk, expected a multiple of ${count} steps`);
  }
  const normals = transpose(reshape(noise, [batch, count, width / count]), [1, 0, 2]);
  const start = reshape(slice(normals, 0, 0, 1), [batch, width / count]);
  const steps = visited(times, schedule).map((at) => posterior(at.level, at.next));
  const means = steps.map(({ mean }) => mean);
  const deviations = constant(
    steps.map((step, k) => (k === count - 1 ? 0 : Math.sqrt(step[variance]))),
    [count, 1],
  );
  const toClean = cleanEstimate(options);
  const { carried } = loop(count, [start], (step, [noisy]) => {
    const row = reshape(step, [1]);
    const clean = toClean(row, noisy, denoiseAt(noisy, step));
    // the last step has no normals of its own, and a deviation of 0
    const drawn = reshape(gather(normals, minimum(add(row, 1), count - 1)), start.shape);
    return { carried: [add(weighted(means, row, [clean, noisy]), mul(gather(deviations, row), drawn))] };
  });
  return carried[0];
}

/**
 * Of the chunk at level ᾱ' `next`, given that at `level` and the clean one: weights of (clean, noisy) in its mean, and
 * the two variances (Ho et al. 2020, eq. 7).
 */
function posterior(level: number, next: number): { mean: Pair; small: number; large: number } {
  const alpha = level / next;
  const beta = 1 - alpha;
  return {
    mean: [(Math.sqrt(next) * beta) / (1 - level), (Math.sqrt(alpha) * (1 - next)) / (1 - level)],
    small: ((1 - next) / (1 - level)) * beta,
    large: beta,
  };
}

/** The estimate of the clean chunk at a row of the visited times. */
function cleanEstimate({ times, schedule, prediction = "epsilon", clipSample = true }: SamplingOptions) {
  const rows = times.map((t) => PREDICTIONS[prediction].clean(...signalAndSpread(schedule.alphaBar[t])));
  return (row: Tensor, noisy: Tensor, predicted: Tensor): Tensor => {
    const estimate = weighted(rows, row, [noisy, predicted]);
    return clipSample ? clip(estimate, -1, 1) : estimate;
  };
}
