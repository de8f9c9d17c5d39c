/** push-t-human: policies from 206 real human demonstrations, and how each is trained. */
import { type PolicyRecipe, policyRecipe, type SamplingChoice } from "../../policies/index.ts";
import type { RecipePart } from "../../recipes/index.ts";

export const METHODS = [
  "diffusion-u-net",
  "l2",
  "l1",
  "gaussian",
  "gmm",
  "autoregressive",
  "diffusion-mlp",
  "flow-mlp",
] as const;
export type Method = (typeof METHODS)[number];

export const SEEDS = [0, 1, 2] as const;
/** Starts that judge the finished policy, and of the last checkpoints. */
export const STARTS = 500;
export const CHECKPOINT_STARTS = 50;
export const LAST_CHECKPOINTS = 10;
/** The seed of the starts: the same for all. Checkpoints are judged on starts of another purpose ("selection"). */
export const EVALUATION_SEED = 0;

/** A type alias, so that it can be cloned into a thread as data. */
export type Cell = {
  readonly method: Method;
  readonly seed: number;
  /** The Push-T zarr. */
  readonly data: string;
  /** Folder of the cell's run, which goes on where it was stopped. */
  readonly run: string;
  readonly threads: number;
};

const DENOISER = { kind: "mlp" as const, hidden: [512, 512, 512] as [number, ...number[]], residual: true };

const POLICIES: Readonly<Record<Method, PolicyRecipe>> = {
  "diffusion-u-net": policyRecipe("diffusion", {
    network: { kind: "u-net", widths: [32, 64, 128], kernel: 5, time: 32 },
  }),
  l2: policyRecipe("l2", { hidden: [512, 512, 512] }),
  l1: policyRecipe("l1", { hidden: [512, 512, 512] }),
  gaussian: policyRecipe("gaussian", { hidden: [512, 512, 512] }),
  gmm: policyRecipe("gmm", { hidden: [512, 512, 512] }),
  autoregressive: policyRecipe("autoregressive", { hidden: [256, 256] }),
  "diffusion-mlp": policyRecipe("diffusion", { network: DENOISER }),
  "flow-mlp": policyRecipe("flow", { network: DENOISER }),
};

/** At most an hour for the U-Net, ten minutes for the others, on 2 cores. */
const UPDATES: Readonly<Record<Method, number>> = {
  "diffusion-u-net": 40_000,
  l2: 10_000,
  l1: 10_000,
  gaussian: 10_000,
  gmm: 10_000,
  autoregressive: 5_000,
  "diffusion-mlp": 20_000,
  "flow-mlp": 20_000,
};

/** The recipe of a cell: diffusion_policy's, with a higher learning rate for smaller networks and fewer updates. */
export function recipeOf({ method, seed }: Pick<Cell, "method" | "seed">): RecipePart {
  const large = method === "diffusion-u-net";
  return {
    policy: POLICIES[method],
    horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 },
    batchSize: large ? 128 : 256,
    updates: UPDATES[method],
    learningRate: 1e-3,
    warmup: 500,
    beta1: 0.95,
    validationFraction: 0.02,
    seed,
  };
}

/** Updates between two of the checkpoints that are judged. */
export const checkpointEvery = (method: Method) => UPDATES[method] / (2 * LAST_CHECKPOINTS);
export const updatesOf = (method: Method) => UPDATES[method];

/** How a method is asked: with how many steps, where it takes any. */
export function samplingsOf(method: Method): { readonly name: string; readonly options: SamplingChoice }[] {
  if (method.startsWith("diffusion")) {
    return [
      { name: "ddim-16", options: { sampler: "ddim", samplingSteps: 16 } },
      { name: "ddpm-100", options: { sampler: "ddpm", samplingSteps: 100 } },
    ];
  }
  if (method.startsWith("flow")) {
    return [
      { name: "euler-16", options: { samplingSteps: 16 } },
      { name: "euler-100", options: { samplingSteps: 100 } },
    ];
  }
  return [{ name: "default", options: {} }];
}
