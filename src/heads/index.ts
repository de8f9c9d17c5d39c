/**
 * heads: from the numbers of a network to actions. Each head has a training loss and a sampler; those with a density
 * have its logarithm. Networks arrive as arguments.
 *
 * Law: imports base and tensor. Runs unchanged in Node and in the browser.
 */
export {
  addNoise,
  type Denoiser,
  ddimSample,
  diffusionLoss,
  leadingTimes,
  type NoiseSchedule,
  squaredCosine,
} from "./diffusion.ts";
export { type Head, isTractable, type TractableHead } from "./head.ts";
export { type MixtureOptions, mixtureHead } from "./mixture.ts";
export { l2Head } from "./regression.ts";
