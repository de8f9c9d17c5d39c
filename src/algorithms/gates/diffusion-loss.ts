/**
 * Diffusion loss (Diff-DAgger: Lee, Kang and Kuo 2024): a diffusion policy's own plan, with noise added, is denoised by the
 * policy itself; where it was not trained, it does that badly.
 */
import { InputError } from "../../base/index.ts";
import { addNoise, diffusionTarget, squaredCosine } from "../../heads/index.ts";
import { parameterConstants } from "../../nn/index.ts";
import { modelOf, noisesOf, normalise, type Policy } from "../../policies/index.ts";
import type { GateMoments } from "../../rollouts/index.ts";
import { openRows, type Runtime } from "../../runtime/index.ts";
import {
  add,
  constant,
  full,
  gather,
  input,
  loop,
  mean,
  mul,
  type Program,
  program,
  reshape,
  square,
  sub,
  transpose,
} from "../../tensor/index.ts";
import { type OpenScore, remembering } from "./score.ts";

export interface DiffusionLossOptions {
  /** Noise levels that are tried, spread evenly over those of training; default all of them. */
  readonly levels?: number;
  /** Draws of noise at each of them; default 1. */
  readonly draws?: number;
  readonly batch?: number;
}

/**
 * Reads `loss`, the mean over noise levels and draws of the loss of training at the chunk that was planned, which holds until
 * the next. The network is the one that acts. Throws an InputError for a policy that is no diffusion.
 */
export async function diffusionLossScore(
  runtime: Runtime,
  policy: Policy,
  { levels, draws = 1, batch = 16 }: DiffusionLossOptions = {},
): Promise<OpenScore> {
  const times = timesOf(policy, levels, draws);
  const { predictionHorizon: Tp } = policy.spec.horizons;
  const noiseSize = times.length * Tp * policy.spec.action.names.length;
  const session = await openRows(runtime, lossProgram(policy, times, batch), batch);
  const judge = async ({ histories, chunks, keys }: GateMoments) => {
    const noise = noisesOf(keys, noiseSize);
    return (await session.run(keys.length, { histories, chunks, noise })).loss;
  };
  return {
    name: "diffusion-loss",
    readings: ["loss"],
    asksExpert: "never",
    ...remembering({ oncePerPlan: true, window: 1 }, judge),
    close: () => session.close(),
  };
}

/** The times t of training, from 0, that are tried, each as often as there are draws. */
function timesOf({ spec }: Policy, levels: number | undefined, draws: number): number[] {
  const { head } = spec.recipe;
  if (head.kind !== "diffusion") throw new InputError(`policy.head: found "${head.kind}", expected "diffusion"`);
  const count = levels ?? head.steps;
  if (!(Number.isInteger(count) && count >= 1 && count <= head.steps)) {
    throw new RangeError(`levels: found ${count}, expected 1 to ${head.steps}`);
  }
  if (!(Number.isInteger(draws) && draws >= 1)) throw new RangeError(`draws: found ${draws}, expected 1 or more`);
  const spread = Array.from({ length: count }, (_, i) => Math.floor(((i + 0.5) * head.steps) / count));
  return Array.from({ length: draws }, () => spread).flat();
}

/** From `histories`, `chunks`, both in the task's units, and `noise` `[batch, times · Tp · Da]` to `loss` `[batch]`. */
function lossProgram({ spec, parameters }: Policy, times: readonly number[], batch: number): Program {
  const { observation, action, horizons, recipe } = spec;
  const { denoising, parameters: specs } = modelOf(spec);
  if (!denoising || recipe.head.kind !== "diffusion") throw new Error("diffusion loss: the policy does not denoise");
  const { steps, prediction } = recipe.head;
  const size = horizons.predictionHorizon * action.names.length;
  const schedule = squaredCosine(steps);
  const histories = input("histories", [batch, horizons.observationHorizon, observation.names.length]);
  const chunks = input("chunks", [batch, horizons.predictionHorizon, action.names.length]);
  const noise = input("noise", [batch, times.length * size]);
  const constants = parameterConstants(specs, parameters);
  const denoise = denoising(constants, normalise(histories, observation.normaliser)).atTimes(times);
  const clean = reshape(normalise(chunks, action.normaliser), [batch, size]);
  const normals = transpose(reshape(noise, [batch, times.length, size]), [1, 0, 2]);
  const timeOf = constant(times, [times.length], "int32");
  const { carried } = loop(times.length, [full(0, [batch])], (pass, [sum]) => {
    const row = reshape(pass, [1]);
    const noising = { time: gather(timeOf, row), noise: reshape(gather(normals, row), [batch, size]), schedule };
    const target = diffusionTarget(clean, { ...noising, prediction });
    const found = denoise(addNoise(clean, noising), pass);
    return { carried: [add(sum, mean(square(sub(found, target)), { axes: 1 }))] };
  });
  return program([histories, chunks, noise], { loss: mul(1 / times.length, carried[0]) });
}
