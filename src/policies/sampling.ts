/** How a policy samples can be chosen anew when its training is over: the parameters stay, the recipe of the head changes. */
import { InputError } from "../base/index.ts";
import type { HeadRecipe, PolicyRecipe, SAMPLING } from "./recipe.ts";

/** How much of chance is left: all of the distribution, its choice of a mode alone, or none. */
export type Sampling = (typeof SAMPLING)[number];

/** What is chosen over the head's own recipe. */
export interface SamplingChoice {
  readonly sampling?: Sampling;
  /** Diffusion, 2 to its noise levels; flow, 1 or more. */
  readonly samplingSteps?: number;
  /** Diffusion. */
  readonly sampler?: "ddim" | "ddpm";
  /** Autoregressive: 0 takes the likeliest bin each time. */
  readonly temperature?: number;
}

/**
 * The recipe with another sampling. For regression, which has none, every `sampling` is the same; for the autoregressive
 * head "deterministic" is temperature 0, and the others are 1 where its own is 0. Throws an InputError, named after
 * `where`, for what a head does not have, and for numbers out of bounds.
 */
export function withSampling(recipe: PolicyRecipe, choice: SamplingChoice, where = "sampling"): PolicyRecipe {
  const { head } = recipe;
  for (const [name, value] of Object.entries(choice)) {
    if (value === undefined || name === "sampling" || name in head) continue;
    throw new InputError(`${where}: ${name} is not for the head "${head.kind}", expected it for ${OWNERS[name]} alone`);
  }
  checkNumbers(head, choice, where);
  return { ...recipe, head: sampled(head, choice) };
}

const OWNERS: Readonly<Record<string, string>> = {
  samplingSteps: "diffusion and flow",
  sampler: "diffusion",
  temperature: "autoregressive",
};

function sampled(head: HeadRecipe, { sampling, samplingSteps, sampler, temperature }: SamplingChoice): HeadRecipe {
  switch (head.kind) {
    case "l2":
    case "l1":
    case "huber":
      return head;
    case "gaussian":
    case "gmm":
      return { ...head, sampling: sampling ?? head.sampling };
    case "autoregressive": {
      const meant = { full: head.temperature || 1, "low-noise": head.temperature || 1, deterministic: 0 };
      return { ...head, temperature: temperature ?? (sampling ? meant[sampling] : head.temperature) };
    }
    case "diffusion": {
      const steps = samplingSteps ?? head.samplingSteps;
      return {
        ...head,
        sampling: sampling ?? head.sampling,
        samplingSteps: steps,
        sampler: sampler ?? head.sampler,
      };
    }
    case "flow":
      return { ...head, sampling: sampling ?? head.sampling, samplingSteps: samplingSteps ?? head.samplingSteps };
    default:
      return head satisfies never;
  }
}

function checkNumbers(head: HeadRecipe, { samplingSteps, temperature }: SamplingChoice, where: string): void {
  if (samplingSteps !== undefined) {
    const [least, most] = head.kind === "diffusion" ? [2, head.steps] : [1, Number.MAX_SAFE_INTEGER];
    if (!(Number.isInteger(samplingSteps) && samplingSteps >= least && samplingSteps <= most)) {
      const expected = head.kind === "diffusion" ? `2 to its ${most} noise levels` : "a whole number from 1";
      throw new InputError(`${where}: samplingSteps ${samplingSteps}, expected ${expected}`);
    }
  }
  if (temperature !== undefined && !(temperature >= 0 && temperature < Infinity)) {
    throw new InputError(`${where}: temperature ${temperature}, expected a number from 0`);
  }
}
