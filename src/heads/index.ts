/**
 * heads: from the numbers of a network to actions. Each head has a training loss and a sampler; those with a density
 * have its logarithm. Networks arrive as arguments.
 *
 * Law: imports base, tensor and nn (for the masked network of the autoregressive head). Runs unchanged in Node and in
 * the browser.
 */
export {
  type Autoregression,
  type AutoregressiveOptions,
  autoregressiveHead,
} from "./autoregressive.ts";
export { type Bins, binCentre, binOf, binsBetween, quantileEdges, uniformBins } from "./bins.ts";
export { type Denoising, type DiffusionOptions, diffusionHead, type FlowOptions, flowHead } from "./denoised.ts";
export { type DdimOptions, type DdpmOptions, ddimSample, ddpmSample, type StepDenoiser } from "./denoising.ts";
export { addNoise, type Denoiser, diffusionLoss, diffusionTarget, type Prediction } from "./diffusion.ts";
export { flowLevels, flowLoss, flowSample, type LevelLaw, noiseLevel, type Velocity } from "./flow.ts";
export { type GaussianOptions, gaussianHead } from "./gaussian.ts";
export { type Head, isTractable, type LossContext, type TractableHead } from "./head.ts";
export { type MaskedOptions, maskedPerceptron } from "./masked.ts";
export { type MixtureOptions, mixtureHead } from "./mixture.ts";
export { type HuberOptions, huberHead, l1Head, l2Head, type RegressionOptions } from "./regression.ts";
export { leadingTimes, type NoiseSchedule, squaredCosine } from "./schedule.ts";
