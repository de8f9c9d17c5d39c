/**
 * world: the nouns of acting, and nothing that acts: spaces with units, Environment and World, Actor, Step, Episode.
 *
 * Law: imports `base` only; never hears of tensors, files or a particular task. Observations and actions are plain
 * `Float32Array`s. Runs unchanged in Node and in the browser.
 */
export type { Actor, BatchActor, Controller, Horizons } from "./actor.ts";
export { checkHorizons } from "./actor.ts";
export type { Environment, EnvironmentSpec, Info, Snapshot, StepResult, World } from "./environment.ts";
export { type Episode, episodeOf, hasLabel, observationAt, type Step } from "./episode.ts";
export { actorKey, choiceKey, episodeSeeds, worldKey } from "./seeds.ts";
export {
  type Box,
  box,
  clampTo,
  findOutside,
  type Observation,
  type ObservationSpace,
  observationNames,
  observationSize,
  packObservation,
} from "./space.ts";
