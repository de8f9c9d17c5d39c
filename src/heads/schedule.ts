/** How much noise a diffusion has at which time, and which times a sampler visits. Times are t = 0 … T-1. */

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

/** The times t that `steps` sampling steps visit, "leading": k·⌊T/steps⌋, from the noisiest. Throws for 1 step. */
export function leadingTimes(steps: number, total: number): number[] {
  if (!(Number.isInteger(steps) && steps >= 2 && steps <= total)) {
    throw new RangeError(`sampling steps: found ${steps}, expected 2 to ${total}`);
  }
  const stride = Math.floor(total / steps);
  return Array.from({ length: steps }, (_, k) => (steps - 1 - k) * stride);
}

/** ᾱ at every visited time and at the one after it, which after the last is the action's 1. */
export function visited(times: readonly number[], { alphaBar }: NoiseSchedule): { level: number; next: number }[] {
  return times.map((t, k) => ({ level: alphaBar[t], next: k + 1 < times.length ? alphaBar[times[k + 1]] : 1 }));
}
