/**
 * Denoising diffusion over action chunks (Ho et al. 2020; Chi et al. 2023, "Diffusion Policy"): what is predicted, and
 * the loss. The network arrives as an argument. Steps count N … 1 from noise to action; ALGORITHMS.md's t is n - 1.
 */
import { sizeOf } from "../base/index.ts";
import {
  add,
  cast,
  constant,
  gather,
  mul,
  randomIntegers,
  randomNormal,
  randomWords,
  square,
  sub,
  type Tensor,
} from "../tensor/index.ts";
import { type LossContext, meanOfNumbers } from "./head.ts";
import type { NoiseSchedule } from "./schedule.ts";

/** Predicts from noisy chunks `[B, D]` at the times t `[B]` (float32, 0 … T-1) what `Prediction` names. */
export type Denoiser = (noisy: Tensor, time: Tensor) => Tensor;

/** What the network predicts: the noise, the clean chunk ("sample"), or v (Salimans and Ho 2022). */
export type Prediction = "epsilon" | "sample" | "v";

/** Factors of two tensors whose weighted sum is meant. */
export type Pair = readonly [number, number];

/** Weights as functions of signal √ᾱ and spread √(1 - ᾱ), where noisy = signal · clean + spread · noise. */
interface PredictionRule {
  /** What is predicted, from (clean, noise). */
  readonly target: (signal: number, spread: number) => Pair;
  /** The clean chunk, from (noisy, predicted). */
  readonly clean: (signal: number, spread: number) => Pair;
  /** The noise, from (noisy, predicted). */
  readonly noise: (signal: number, spread: number) => Pair;
}

export const PREDICTIONS: { readonly [Kind in Prediction]: PredictionRule } = {
  epsilon: {
    target: () => [0, 1],
    clean: (signal, spread) => [1 / signal, -spread / signal],
    noise: () => [0, 1],
  },
  sample: {
    target: () => [1, 0],
    clean: () => [0, 1],
    noise: (signal, spread) => [1 / spread, -signal / spread],
  },
  v: {
    target: (signal, spread) => [-spread, signal],
    clean: (signal, spread) => [signal, -spread],
    noise: (signal, spread) => [spread, signal],
  },
};

/**
 * The weighted sum of two tensors `[B, D]`, with the weights of row `index` (int32, `[B]` or `[1]`) of `rows`. A weight
 * that is 0 or 1 in every row costs nothing.
 */
export function weighted(rows: readonly Pair[], index: Tensor, terms: readonly [Tensor, Tensor]): Tensor {
  const [first, second] = terms.map((term, column) => {
    const factors = rows.map((row) => row[column]);
    if (factors.every((factor) => factor === 0)) return null;
    if (factors.every((factor) => factor === 1)) return term;
    return mul(gather(constant(factors, [factors.length, 1]), index), term);
  });
  if (first && second) return add(first, second);
  return first ?? second ?? mul(0, terms[0]);
}

/** √ᾱ and √(1 - ᾱ). */
export function signalAndSpread(alphaBar: number): Pair {
  return [Math.sqrt(alphaBar), Math.sqrt(1 - alphaBar)];
}

/**
 * Mean squared error of what is predicted, one random time for each chunk `[B, D]` (Ho et al. 2020, Algorithm 1;
 * docs/algorithms/diffusion.md, lines 1 to 3).
 *
 * @param prediction what the network predicts; default "epsilon"
 */
export function diffusionLoss(
  denoise: Denoiser,
  {
    chunk,
    key,
    schedule,
    prediction = "epsilon",
    ...context
  }: { chunk: Tensor; key: Tensor; schedule: NoiseSchedule; prediction?: Prediction } & Omit<LossContext, "key">,
): Tensor {
  const [batch] = chunk.shape;
  const [forTime, forNoise] = randomWords(key, [batch, sizeOf(chunk.shape)]);
  const time = randomIntegers(forTime, [batch], schedule.alphaBar.length);
  const noise = randomNormal(forNoise, chunk.shape);
  const target = diffusionTarget(chunk, { time, noise, schedule, prediction });
  const predicted = denoise(addNoise(chunk, { time, noise, schedule }), cast(time, "float32"));
  return meanOfNumbers(square(sub(predicted, target)), context);
}

interface Noising {
  /** `[B]`, int32, 0 … T-1. */
  readonly time: Tensor;
  /** Standard normals `[B, D]`. */
  readonly noise: Tensor;
  readonly schedule: NoiseSchedule;
}

/** √ᾱ · chunk + √(1 - ᾱ) · noise for chunks `[B, D]`, with ᾱ at the times. */
export function addNoise(chunk: Tensor, { time, noise, schedule }: Noising): Tensor {
  return weighted(Array.from(schedule.alphaBar, signalAndSpread), time, [chunk, noise]);
}

/** What the network should predict at the chunk with noise added. */
export function diffusionTarget(
  chunk: Tensor,
  { time, noise, schedule, prediction }: Noising & { prediction: Prediction },
): Tensor {
  const { target } = PREDICTIONS[prediction];
  const rows = Array.from(schedule.alphaBar, (level) => target(...signalAndSpread(level)));
  return weighted(rows, time, [chunk, noise]);
}
