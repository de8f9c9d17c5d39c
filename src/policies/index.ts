/**
 * policies: network x head x horizons, with normalisation, as one file that can be run anywhere; and the actor that
 * runs it.
 *
 * Law: imports base, tensor, world, onnx, nn, datasets (the types of normalisers), heads and runtime.
 */
export { openPolicy, type PolicyActor } from "./actor.ts";
export { exportPolicy, horizonsSchema, metadataOf, type PolicyMetadata, policyMetadata } from "./export.ts";
export { logProbabilities } from "./likelihood.ts";
export { modelOf, normalise, type Policy, type PolicyModel, type PolicyRecipe, type PolicySpec } from "./policy.ts";
