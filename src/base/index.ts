/**
 * base: what every other room stands on, and nothing that belongs to one of them: random keys, trees of tensors, shapes,
 * checks, statistics of plain numbers.
 *
 * Law: imports no other room and no package. Runs unchanged in Node and in the browser.
 */
export { InputError } from "./check.ts";
export { arctangent, circle, cosine, direction, logarithm, sine } from "./elementary.ts";
export { joined, pickRows } from "./joined.ts";
export { type Mean, meanOfValues, studentQuantile } from "./mean.ts";
export { nearestName } from "./nearest.ts";
export { preciseCosine, preciseSine } from "./precise.ts";
export {
  foldIn,
  type Key,
  type RandomStream,
  randomKey,
  randomStream,
  split,
  THREEFRY_PARITY,
  THREEFRY_ROTATIONS,
  threefry,
} from "./random.ts";
export { broadcastShapes, type Shape, sameShape, showShape, sizeOf, stridesOf } from "./shape.ts";
export {
  mcnemarExact,
  newcombe,
  newcombePaired,
  type PairedCounts,
  quantile,
  type Rate,
  wilson,
} from "./statistics.ts";
export { branch, type Leaves, mapLeaves, prefixed } from "./tree.ts";
export { isFull, unusable } from "./unusable.ts";
