/**
 * tensor: the tensor program. A closed list of primitives, what is built from them, their shapes, gradients and
 * reference values, and the simplification of programs. Nothing here knows of ONNX, of files or of robots.
 *
 * Law: imports only base. Runs unchanged in Node and in the browser.
 */
export { gradient, type Seed, vectorJacobian } from "./gradient.ts";
export { type LoopBody, type LoopResult, loop } from "./loop.ts";
export * from "./operations.ts";
export type {
  Attributes,
  DType,
  Node,
  Primitive,
  Program,
  Signature,
  StatedGradient,
  Tensor,
  TypedArray,
} from "./primitive.ts";
export { program, topologicalOrder } from "./program.ts";
export {
  foldInKey,
  type RandomWords,
  randomBits,
  randomIntegers,
  randomNormal,
  randomUniform,
  randomWords,
} from "./random.ts";
export { interpret, type Value } from "./reference.ts";
export { simplify } from "./simplify.ts";
export { apply, input, typedArray } from "./tensor.ts";
