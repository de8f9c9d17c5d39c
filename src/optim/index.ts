/**
 * optim: optimizers as data (SGD, Adam, AdamW; clipping, schedules, averaging of parameters) and what interprets them:
 * a plain loop that defines them and a WebAssembly SIMD kernel that is fast.
 *
 * Law: imports base and tensor only. Knows no network, loss or runtime: parameters and gradients are arrays. Runs
 * unchanged in Node and in the browser.
 */
export { type Arena, type CopyName, createArena } from "./arena.ts";
export { type EmaRecipe, emaDecay, powerEma } from "./ema.ts";
export { type GraphState, graphUpdate } from "./graph.ts";
export { arenaCopies, createKernel, kernelModule, type UpdateKernel } from "./kernel.ts";
export {
  initialState,
  type Numbers,
  type PlainState,
  plainAccumulate,
  plainUpdate,
  sumOfSquares,
  type UpdateReport,
} from "./plain.ts";
export {
  adam,
  adamw,
  checkOptimizer,
  clipFactor,
  exactScalars,
  type OptimizerRecipe,
  SCALAR_COUNT,
  SCALARS,
  type StateName,
  sgd,
  stateNames,
  stepScalars,
} from "./recipe.ts";
export { learningRate, type Schedule } from "./schedule.ts";
