/**
 * The vocabulary in which programs are written: each primitive as a function, and what is built from them. Numbers are
 * taken as scalars of the other operand's type; negative axes count from the end.
 */
import { type Shape, sizeOf } from "../base/index.ts";
import type { DType, Primitive, StatedGradient, Tensor } from "./primitive.ts";
import { requireAxis } from "./shapes.ts";
import { apply, broadcastTo, constant, full } from "./tensor.ts";

export type Operand = Tensor | number;

function lift(x: Operand, like: Operand): Tensor {
  if (typeof x !== "number") return x;
  return constant(x, [], typeof like === "number" ? "float32" : like.dtype);
}

function axisOf(x: Tensor, axis: number): number {
  return axis < 0 ? axis + x.shape.length : axis;
}

const unary = (primitive: Primitive) => (x: Tensor) => apply(primitive, [x], {} as never);
const binary = (primitive: Primitive) => (a: Operand, b: Operand) =>
  apply(primitive, [lift(a, b), lift(b, a)], {} as never);

export const neg = unary("neg");
export const abs = unary("abs");
export const sign = unary("sign");
export const exp = unary("exp");
export const log = unary("log");
export const sqrt = unary("sqrt");
export const tanh = unary("tanh");
export const sigmoid = unary("sigmoid");
export const erf = unary("erf");
export const softplus = unary("softplus");
export const relu = unary("relu");
export const sin = unary("sin");
export const cos = unary("cos");
export const floor = unary("floor");
export const not = unary("not");

export const add = binary("add");
export const sub = binary("sub");
export const mul = binary("mul");
export const div = binary("div");
export const pow = binary("pow");
export const maximum = binary("maximum");
export const minimum = binary("minimum");
export const equal = binary("equal");
export const less = binary("less");
export const greater = (a: Operand, b: Operand) => less(b, a);
/** False where one of them is NaN, as every comparison. */
export const lessEqual = (a: Operand, b: Operand) => or(less(a, b), equal(a, b));
export const greaterEqual = (a: Operand, b: Operand) => lessEqual(b, a);
export const and = binary("and");
export const or = binary("or");
export const xor = binary("xor");
export const shiftLeft = binary("shiftLeft");
export const shiftRight = binary("shiftRight");

export function cast(x: Tensor, dtype: DType): Tensor {
  return x.dtype === dtype ? x : apply("cast", [x], { dtype });
}

export function where(condition: Tensor, a: Operand, b: Operand): Tensor {
  return apply("where", [condition, lift(a, b), lift(b, a)], {});
}

/** x·x. */
export function square(x: Tensor): Tensor {
  return mul(x, x);
}

/** x limited to [low, high]. The gradient is 1 inside and on the bounds, 0 outside. */
export function clip(x: Tensor, low: number, high: number): Tensor {
  return minimum(maximum(x, low), high);
}

interface Reduction {
  /** The axes that go: one, several, or all when left out. */
  axes?: number | readonly number[];
  /** Whether the reduced axes stay with length 1. */
  keep?: boolean;
}

function reduce(primitive: "sum" | "max", x: Tensor, { axes, keep = false }: Reduction): Tensor {
  const listed = axes === undefined ? [...x.shape.keys()] : typeof axes === "number" ? [axes] : axes;
  const sorted = listed.map((axis) => axisOf(x, axis)).sort((a, b) => a - b);
  const reduced = sorted.length === 0 ? x : apply(primitive, [x], { axes: sorted });
  return keep ? reshape(reduced, keptShape(x.shape, sorted)) : reduced;
}

/** The shape with the given axes kept at length 1. */
export function keptShape(shape: Shape, axes: readonly number[]): Shape {
  return shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
}

export function sum(x: Tensor, options: Reduction = {}): Tensor {
  return reduce("sum", x, options);
}

export function max(x: Tensor, options: Reduction = {}): Tensor {
  return reduce("max", x, options);
}

export function min(x: Tensor, options: Reduction = {}): Tensor {
  return neg(max(neg(x), options));
}

export function mean(x: Tensor, options: Reduction = {}): Tensor {
  const total = sum(x, options);
  return mul(total, sizeOf(total.shape) / sizeOf(x.shape));
}

/** log Σ exp along one axis, which goes; stable for large magnitudes. */
export function logSumExp(x: Tensor, axis = -1): Tensor {
  return apply("logSumExp", [x], { axis: axisOf(x, axis) });
}

/** Index of the first largest element along one axis, int32. */
export function argMax(x: Tensor, axis = -1): Tensor {
  return apply("argMax", [x], { axis: axisOf(x, axis) });
}

export function softmax(x: Tensor, axis = -1): Tensor {
  return apply("softmax", [x], { axis: axisOf(x, axis) });
}

/** log softmax, stable for large magnitudes. */
export function logSoftmax(x: Tensor, axis = -1): Tensor {
  const kept = keptShape(x.shape, [axisOf(x, axis)]);
  return sub(x, reshape(logSumExp(x, axis), kept));
}

/** Running sum along one axis; `reverse` runs from the end, `exclusive` leaves the element itself out. */
export function cumulativeSum(x: Tensor, axis = -1, { reverse = false, exclusive = false } = {}): Tensor {
  const inclusive = apply("cumulativeSum", [x], { axis: axisOf(x, axis), reverse });
  return exclusive ? sub(inclusive, x) : inclusive;
}

/** Matrix product over the last two axes; the leading axes broadcast. */
export function matmul(a: Tensor, b: Tensor, { transposeA = false, transposeB = false } = {}): Tensor {
  return apply("matmul", [a, b], { transposeA, transposeB });
}

/** A new shape with the same elements; one length may be -1. */
export function reshape(x: Tensor, shape: Shape): Tensor {
  const known = shape.reduce((product, length) => (length === -1 ? product : product * length), 1);
  const complete = shape.map((length) => (length === -1 ? sizeOf(x.shape) / known : length));
  return apply("reshape", [x], { shape: complete });
}

/** Axes in a new order; without one, the last two are exchanged. */
export function transpose(x: Tensor, permutation?: readonly number[]): Tensor {
  const rank = x.shape.length;
  const swapped = [...x.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2);
  return apply("transpose", [x], { permutation: permutation ?? swapped });
}

/** A new axis of length 1 before `axis`. */
export function expand(x: Tensor, axis: number): Tensor {
  const at = axis < 0 ? axis + x.shape.length + 1 : axis;
  return reshape(x, [...x.shape.slice(0, at), 1, ...x.shape.slice(at)]);
}

/** start:end:step of one axis; negative positions count from the end. */
export function slice(x: Tensor, axis: number, start: number, end: number, step = 1): Tensor {
  const at = axisOf(x, axis);
  requireAxis("slice", x, at);
  const position = (value: number) => (value < 0 ? value + x.shape[at] : value);
  return apply("slice", [x], {
    starts: x.shape.map((_, other) => (other === at ? position(start) : 0)),
    ends: x.shape.map((length, other) => (other === at ? position(end) : length)),
    steps: x.shape.map((_, other) => (other === at ? step : 1)),
  });
}

/** The pieces of `lengths` along one axis. */
export function splitAxis(x: Tensor, axis: number, lengths: readonly number[]): Tensor[] {
  let start = 0;
  return lengths.map((length) => {
    start += length;
    return slice(x, axis, start - length, start);
  });
}

export function concat(parts: readonly Tensor[], axis = -1): Tensor {
  if (parts.length === 0) throw new Error("concat: there is nothing to put together");
  return parts.length === 1 ? parts[0] : apply("concat", parts, { axis: axisOf(parts[0], axis) });
}

/** Equal tensors one after another along a new axis. */
export function stack(parts: readonly Tensor[], axis = 0): Tensor {
  return concat(
    parts.map((part) => expand(part, axis)),
    axis < 0 ? axis + parts[0].shape.length + 1 : axis,
  );
}

/** `before` and `after` elements of `value` added to one axis. */
export function pad(x: Tensor, axis: number, before: number, after: number, value = 0): Tensor {
  if (before === 0 && after === 0) return x;
  const at = axisOf(x, axis);
  requireAxis("pad", x, at);
  const lengths = (count: number) => x.shape.map((_, other) => (other === at ? count : 0));
  return apply("pad", [x], { before: lengths(before), after: lengths(after), value });
}

/** Rows of `x` along axis 0 by number, int32: shape `[...rows.shape, ...x.shape.slice(1)]`. */
export function gather(x: Tensor, rows: Tensor): Tensor {
  return apply("gather", [x, rows], {});
}

/** Zeros of `rows` rows with the rows of `x` added at `places`; the gradient of `gather`. */
export function scatterAdd(x: Tensor, places: Tensor, rows: number): Tensor {
  return apply("scatterAdd", [x, places], { rows });
}

/**
 * `value`, whose gradient with respect to `operands` is stated by `rule` and not derived from how it was made. The rule
 * may use nothing but its arguments: a value inside a loop is made again with other operands.
 */
export function withGradient(value: Tensor, operands: readonly Tensor[], rule: StatedGradient): Tensor {
  return apply("withGradient", [value, ...operands], { rule });
}

/** 0, 1 … count - 1 as a constant. */
export function range(count: number, dtype: DType = "int32"): Tensor {
  return constant(
    Array.from({ length: count }, (_, index) => index),
    [count],
    dtype,
  );
}

/** One-hot vectors of length `depth` along a new last axis, float32. */
export function oneHot(index: Tensor, depth: number): Tensor {
  return cast(equal(expand(index, -1), range(depth)), "float32");
}

export { broadcastTo, constant, full };
