/**
 * Diffusion and flow matching as action heads: the output is a network under its condition, the loss draws its noise from
 * the key of the update, and a chunk is made by a loop in the graph.
 */
import { full, mul, type Tensor } from "../tensor/index.ts";
import { ddimSample, ddpmSample, type StepDenoiser } from "./denoising.ts";
import { type Denoiser, diffusionLoss, type Prediction } from "./diffusion.ts";
import { flowLevels, flowLoss, flowSample, type LevelLaw } from "./flow.ts";
import type { Head, LossContext } from "./head.ts";
import { leadingTimes, squaredCosine } from "./schedule.ts";

/** A network over noisy chunks, under its condition: what a denoising head reads. Times run from 0, nearly the action. */
export interface Denoising {
  /** What is predicted at chunks `[B, D]` and times `[B]`. */
  readonly at: Denoiser;
  /** The same at the k-th of some times, what depends on times alone computed once for all steps. */
  readonly atTimes: (times: readonly number[]) => StepDenoiser;
}

export interface DiffusionOptions {
  /** D: numbers of a chunk. */
  readonly actionSize: number;
  /** T: noise levels of training, squared-cosine; default 100. */
  readonly steps?: number;
  /** What the network predicts; default "epsilon". */
  readonly prediction?: Prediction;
  /** Default "ddim". "ddpm" draws new noise in every step. */
  readonly sampler?: "ddim" | "ddpm";
  /** Steps of sampling, 2 to T; default 16. */
  readonly samplingSteps?: number;
  /** Whether sampling starts from zeros instead of noise: the same chunk every time, near the middle of a mode. */
  readonly deterministic?: boolean;
}

/** Denoising diffusion (Chi et al. 2023). Throws a RangeError for steps that are none. */
export function diffusionHead(options: DiffusionOptions): Head<Denoising> {
  const { actionSize, steps = 100, prediction = "epsilon", sampler = "ddim" } = options;
  const { samplingSteps = 16, deterministic = false } = options;
  if (!(Number.isInteger(steps) && steps >= 2))
    throw new RangeError(`diffusion steps: found ${steps}, expected 2 or more`);
  const schedule = squaredCosine(steps);
  const times = leadingTimes(samplingSteps, steps);
  const draws = sampler === "ddpm" && !deterministic;
  return {
    name: "diffusion",
    outputSize: actionSize,
    noiseSize: deterministic ? 0 : actionSize * (draws ? samplingSteps : 1),
    loss: ({ at }, chunk, context) =>
      diffusionLoss(at, { ...context, chunk, key: keyOf(context), schedule, prediction }),
    sample({ atTimes }, normals) {
      const shared = { times, schedule, prediction, noise: deterministic ? zeros(normals, actionSize) : normals };
      return draws ? ddpmSample(atTimes(times), shared) : ddimSample(atTimes(times), { ...shared, deriveNoise: true });
    },
  };
}

export interface FlowOptions {
  /** D: numbers of a chunk. */
  readonly actionSize: number;
  /** Euler steps of sampling; default 10. */
  readonly samplingSteps?: number;
  /** How noise levels are drawn in training; default "beta" (π0). */
  readonly levels?: LevelLaw;
  /** Whether sampling starts from zeros instead of noise. */
  readonly deterministic?: boolean;
}

/** The network's time at noise level 1, so that one embedding serves diffusion and flow. */
const TIMES_PER_LEVEL = 100;

/** Flow matching (Lipman et al. 2022; Black et al. 2024). */
export function flowHead(options: FlowOptions): Head<Denoising> {
  const { actionSize, samplingSteps = 10, levels = "beta", deterministic = false } = options;
  const times = flowLevels(samplingSteps).map((level) => level * TIMES_PER_LEVEL);
  return {
    name: "flow",
    outputSize: actionSize,
    noiseSize: deterministic ? 0 : actionSize,
    loss: ({ at }, chunk, context) =>
      flowLoss((noisy, level) => at(noisy, mul(TIMES_PER_LEVEL, level)), {
        ...context,
        chunk,
        key: keyOf(context),
        levels,
      }),
    sample: ({ atTimes }, normals) => {
      const noise = deterministic ? zeros(normals, actionSize) : normals;
      return flowSample(atTimes(times), { noise, steps: samplingSteps });
    },
  };
}

function zeros({ shape: [batch] }: Tensor, actionSize: number): Tensor {
  return full(0, [batch, actionSize]);
}

function keyOf(context: LossContext | undefined): Tensor {
  if (context?.key) return context.key;
  throw new Error("a denoising head draws noise in training: its loss needs a key");
}
