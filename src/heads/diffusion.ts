/**
 * Denoising diffusion over action chunks (Ho et al. 2020; Chi et al. 2023, "Diffusion Policy"), noise prediction. The
 * network arrives as an argument. Steps count N … 1 from noise to action; ALGORITHMS.md's t is n - 1.
 */
import { sizeOf } from "../base/index.ts";
import {
  add,
  cast,
  clip,
  constant,
  gather,
  loop,
  mean,
  mul,
  randomIntegers,
  randomNormal,
  randomWords,
  reshape,
  splitAxis,
  square,
  sub,
  type Tensor,
} from "../tensor/index.ts";

/** ᾱ by t = 0 … T-1, float64 (`squaredcos_cap_v2`, Nichol and Dhariwal 2021). */
export interface NoiseSchedule {
  readonly beta: Float64Array;
  readonly alphaBar: Float64Array;
}

/** The squared-cosine schedule of `steps` steps, β capped at 0.999. */
export function squaredCosine(steps: number): NoiseSchedule {
  const level = (u: number) => Math.cos(((u + 0.008) / 1.008) * (Math.PI / 2)) ** 2;
  const beta = Float64Array.from({ length: steps }, (_, t) =>
    Math.min(1 - level((t + 1) / steps) / level(t / steps), 0.999),
  );
  let product = 1;
  const alphaBar = beta.map((value) => {
    product *= 1 - value;
    return product;
  });
  return { beta, alphaBar };
}

/** Predicts the noise in noisy chunks `[B, D]` at the times t `[B]` (float32, 0 … T-1). */
export type Denoiser = (noisy: Tensor, time: Tensor) => Tensor;

/** Mean squared error of the predicted noise, one random time for each chunk (Ho et al. 2020, Algorithm 1). */
export function diffusionLoss(
  denoise: Denoiser,
  { chunk, key, schedule }: { chunk: Tensor; key: Tensor; schedule: NoiseSchedule },
): Tensor {
  const [batch] = chunk.shape;
  const [forTime, forNoise] = randomWords(key, [batch, sizeOf(chunk.shape)]);
  const time = randomIntegers(forTime, [batch], schedule.alphaBar.length);
  const noise = randomNormal(forNoise, chunk.shape);
  return mean(square(sub(denoise(addNoise(chunk, { time, noise, schedule }), cast(time, "float32")), noise)));
}

/** √ᾱ · chunk + √(1 - ᾱ) · noise for chunks and noise `[B, D]`, with ᾱ at the times `[B]` (int32, 0 … T-1). */
export function addNoise(
  chunk: Tensor,
  { time, noise, schedule }: { time: Tensor; noise: Tensor; schedule: NoiseSchedule },
): Tensor {
  const factor = (values: Float64Array) => reshape(gather(constant(values), time), [time.shape[0], 1]);
  const signal = factor(schedule.alphaBar.map((level) => Math.sqrt(level)));
  const spread = factor(schedule.alphaBar.map((level) => Math.sqrt(1 - level)));
  return add(mul(signal, chunk), mul(spread, noise));
}

/** The times t that `steps` DDIM steps visit, "leading": k·⌊T/steps⌋, from the noisiest. Throws for 1 step. */
export function leadingTimes(steps: number, total: number): number[] {
  if (!(Number.isInteger(steps) && steps >= 2 && steps <= total)) {
    throw new RangeError(`DDIM steps: found ${steps}, expected 2 to ${total}`);
  }
  const stride = Math.floor(total / steps);
  return Array.from({ length: steps }, (_, k) => (steps - 1 - k) * stride);
}

/**
 * DDIM (Song et al. 2020, eq. 12, η = 0): chunks `[B, D]` from standard normals `[B, D]`, the estimate of the clean
 * chunk clipped to [-1, 1], the predicted noise kept (diffusers' default). All steps are one loop in the graph.
 *
 * @param denoiseAt the denoiser at step k of the visited times; `times` are given so that what depends on them alone
 *   can be computed once for all steps
 */
export function ddimSample(
  denoiseAt: (noisy: Tensor, step: Tensor) => Tensor,
  {
    noise,
    times,
    schedule,
    clipSample = true,
  }: { noise: Tensor; times: readonly number[]; schedule: NoiseSchedule; clipSample?: boolean },
): Tensor {
  const coefficients = times.flatMap((t, k) => {
    const level = schedule.alphaBar[t];
    const next = k + 1 < times.length ? schedule.alphaBar[times[k + 1]] : 1;
    return [1 / Math.sqrt(level), Math.sqrt(1 - level) / Math.sqrt(level), Math.sqrt(next), Math.sqrt(1 - next)];
  });
  const table = constant(coefficients, [times.length, 4]);
  const { carried } = loop(times.length, [noise], (step, [noisy]) => {
    const row = gather(table, reshape(step, [1]));
    const [inverseSignal, ratio, nextSignal, nextSpread] = splitAxis(row, 1, [1, 1, 1, 1]);
    const predicted = denoiseAt(noisy, step);
    const estimate = sub(mul(inverseSignal, noisy), mul(ratio, predicted));
    const clean = clipSample ? clip(estimate, -1, 1) : estimate;
    return { carried: [add(mul(nextSignal, clean), mul(nextSpread, predicted))] };
  });
  return carried[0];
}
