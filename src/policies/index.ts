/**
 * policies: encoder x network x head x horizons, with normalisation, as one file that can be run anywhere; and the actor that
 * runs it.
 *
 * Law: imports base, tensor, world, onnx, nn, datasets (the types of normalisers), heads and runtime.
 */
export { noiseOf, noisesOf, openPolicy, type PolicyActor } from "./actor.ts";
export { type Ensemble, type EnsembleActor, memberOf, openEnsemble } from "./ensemble.ts";
export {
  actionScale,
  chunksOf,
  exportPolicy,
  horizonsSchema,
  metadataOf,
  type PolicyMetadata,
  policyMetadata,
  policyProgram,
} from "./export.ts";
export { logProbabilities } from "./likelihood.ts";
export { modelOf, normalise, type Policy, type PolicyModel, type PolicySpace, type PolicySpec } from "./policy.ts";
export {
  denoises,
  encoderSchema,
  HEADS,
  type HeadName,
  type HeadRecipe,
  headSchema,
  networkSchema,
  type PolicyChoice,
  type PolicyRecipe,
  policyRecipe,
  policyRecipeSchema,
  SAMPLING,
} from "./recipe.ts";
export { type Sampling, type SamplingChoice, withSampling } from "./sampling.ts";
