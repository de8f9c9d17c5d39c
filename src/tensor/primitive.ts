/**
 * The closed list of primitives. Every meaning of a primitive (its shape, gradient, ONNX lowering, reference value) is
 * one total table over this list: a primitive without its rule does not compile.
 */
import type { Shape } from "../base/index.ts";

/** Element types of tensors. Booleans are stored as bytes 0 and 1. */
export type DType = "float32" | "int32" | "uint32" | "uint8" | "bool";

/** Storage of a constant or an array that is fed to a program. */
export type TypedArray = Float32Array | Float64Array | Int32Array | Uint32Array | Uint8Array;

type None = Record<never, never>;
/** One axis, counted from 0. */
type Axis = { readonly axis: number };

/** What each primitive carries besides its operands. */
export interface Attributes {
  // sources
  input: { readonly name: string };
  constant: { readonly data: TypedArray };
  // one operand, element by element
  neg: None;
  abs: None;
  sign: None;
  exp: None;
  log: None;
  sqrt: None;
  tanh: None;
  sigmoid: None;
  erf: None;
  softplus: None;
  relu: None;
  sin: None;
  cos: None;
  floor: None;
  not: None;
  cast: { readonly dtype: DType };
  // two operands that broadcast, element by element
  add: None;
  sub: None;
  mul: None;
  div: None;
  pow: None;
  maximum: None;
  minimum: None;
  equal: None;
  less: None;
  and: None;
  or: None;
  xor: None;
  shiftLeft: None;
  shiftRight: None;
  // three operands that broadcast: condition, value where true, value where false
  where: None;
  // reductions; not defined are int32 sums that leave int32 (ONNX Runtime saturates), and max and argMax among
  // elements of which one is NaN (ONNX Runtime may pass over it); everything else hands NaN on
  sum: { readonly axes: readonly number[] };
  max: { readonly axes: readonly number[] };
  logSumExp: Axis;
  argMax: Axis;
  // along one axis, shape kept
  softmax: Axis;
  cumulativeSum: Axis & { readonly reverse: boolean };
  // products
  matmul: { readonly transposeA: boolean; readonly transposeB: boolean };
  // structure
  reshape: { readonly shape: Shape };
  transpose: { readonly permutation: readonly number[] };
  broadcast: { readonly shape: Shape };
  slice: { readonly starts: readonly number[]; readonly ends: readonly number[]; readonly steps: readonly number[] };
  concat: Axis;
  pad: { readonly before: readonly number[]; readonly after: readonly number[]; readonly value: number };
  /** Rows of the first operand along axis 0, chosen by the int32 second. */
  gather: None;
  /** Zeros of `rows` rows, plus the rows of the first operand at the places that the int32 second names. */
  scatterAdd: { readonly rows: number };
  /**
   * The first operand, with a gradient that is stated instead of derived; what the statement reads are the other operands.
   * For results whose gradient is known in a cheaper form than the chain of rules gives.
   */
  withGradient: { readonly rule: StatedGradient };
  // loops
  /** Carried values first, then what the body reads but does not change. See `loop.ts`. */
  loop: { readonly body: Program; readonly count: number; readonly carried: number };
  /** One of the values that a loop returns. */
  item: { readonly index: number };
}

/**
 * Gradients of the operands of a `withGradient` value, without its first: from the gradient `g` of the value and those
 * operands alone. Null for an operand through which none flows.
 */
export type StatedGradient = (g: Tensor, operands: readonly Tensor[]) => readonly (Tensor | null)[];

export type Primitive = keyof Attributes;

/** A value that a program computes: an expression, immutable, built from other values. */
export interface Node<P extends Primitive> {
  readonly primitive: P;
  readonly operands: readonly Tensor[];
  readonly attributes: Attributes[P];
  readonly shape: Shape;
  readonly dtype: DType;
}

export type Tensor = { [P in Primitive]: Node<P> }[Primitive];

/** Named inputs and named outputs: what is computed from what. */
export interface Program {
  readonly inputs: readonly Node<"input">[];
  readonly outputs: readonly { readonly name: string; readonly value: Tensor }[];
}

/** What a shape rule finds out. */
export interface Signature {
  readonly shape: Shape;
  readonly dtype: DType;
}
