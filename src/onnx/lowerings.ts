/** Every primitive as standard ONNX operators (opset 20). */
import { sizeOf } from "../base/index.ts";
import type { DType, Node, Primitive, Tensor } from "../tensor/index.ts";

/** What a lowering may do: add operators and constants to the graph. */
export interface Emitter {
  /** Adds an operator with one result; returns the result's name. */
  operator(type: string, operands: readonly string[], attributes?: Readonly<Record<string, AttributeValue>>): string;
  /** Adds a constant list of int64. */
  int64(values: readonly number[]): string;
  /** Adds a constant scalar of the tensor's type. */
  scalar(value: number, dtype: DType): string;
}

/** Plain numbers are integers. */
export type AttributeValue = number | string | readonly number[] | { readonly float: number };

/** ONNX TensorProto.DataType. */
export const ELEMENT_TYPES = {
  float32: 1,
  uint8: 2,
  int32: 6,
  bool: 9,
  uint32: 12,
} as const satisfies Record<DType, number>;
export const INT64 = 7;

export type Lowering<P extends Primitive> = (emit: Emitter, operands: readonly string[], node: Node<P>) => string;

const direct =
  (type: string) =>
  (emit: Emitter, operands: readonly string[]): string =>
    emit.operator(type, operands);

/** Booleans and words have operators of their own. */
const bitwise = (forBool: string, forWords: string) => (emit: Emitter, operands: readonly string[], node: Tensor) =>
  emit.operator(node.dtype === "bool" ? forBool : forWords, operands);

const elsewhere = (): never => {
  throw new Error("sources and loops are lowered by lower()");
};

/** `allowzero`: a length of 0 means 0, not the operand's. */
const reshapeTo = (emit: Emitter, name: string, shape: readonly number[]) =>
  emit.operator("Reshape", [name, emit.int64(shape)], shape.includes(0) ? { allowzero: 1 } : {});

/**
 * Products of matrices are Gemm, whose operands may be read transposed; a stack of matrices times one matrix is one
 * product over all rows; what remains is MatMul.
 */
export function lowerMatmul(emit: Emitter, operands: readonly string[], node: Node<"matmul">): string {
  const [a, b] = node.operands;
  const { transposeA, transposeB } = node.attributes;
  const flags = { transA: Number(transposeA), transB: Number(transposeB) };
  if (a.shape.length === 2 && b.shape.length === 2) return emit.operator("Gemm", operands, flags);
  if (b.shape.length === 2 && !transposeA) {
    const columns = a.shape[a.shape.length - 1];
    const rows = reshapeTo(emit, operands[0], [sizeOf(a.shape) / columns, columns]);
    return reshapeTo(emit, emit.operator("Gemm", [rows, ...operands.slice(1)], flags), node.shape);
  }
  const straight = [a, b].map((operand, index) => {
    if (!(index === 0 ? transposeA : transposeB)) return operands[index];
    const rank = operand.shape.length;
    const perm = [...operand.shape.keys()].slice(0, -2).concat(rank - 1, rank - 2);
    return emit.operator("Transpose", [operands[index]], { perm });
  });
  return emit.operator("MatMul", straight);
}

/**
 * max + log Σ exp(x - max) with the maximum held finite. ONNX Runtime's ReduceLogSumExp takes 0 for the maximum where the
 * first element is -∞ (exp underflows beside large negative ones), and is six times slower on long axes.
 */
function lowerLogSumExp(emit: Emitter, [x]: readonly string[], { attributes, shape }: Node<"logSumExp">): string {
  const axes = emit.int64([attributes.axis]);
  const largest = emit.operator("ReduceMax", [x, axes], { keepdims: 1 });
  const bounds = [-LARGEST_FLOAT32, LARGEST_FLOAT32].map((bound) => emit.scalar(bound, "float32"));
  const finite = emit.operator("Clip", [largest, ...bounds]);
  const weights = emit.operator("Exp", [emit.operator("Sub", [x, finite])]);
  const total = emit.operator("ReduceSum", [weights, axes], { keepdims: 1 });
  return reshapeTo(emit, emit.operator("Add", [emit.operator("Log", [total]), finite]), shape);
}

const LARGEST_FLOAT32 = (2 - 2 ** -23) * 2 ** 127;

/** ONNX Runtime chooses among no uint32 and no booleans: they go through a type of the same width. */
function lowerWhere(emit: Emitter, [condition, ...values]: readonly string[], { dtype }: Node<"where">): string {
  const through = dtype === "uint32" ? ELEMENT_TYPES.int32 : dtype === "bool" ? ELEMENT_TYPES.uint8 : null;
  if (through === null) return emit.operator("Where", [condition, ...values]);
  const cast = values.map((value) => emit.operator("Cast", [value], { to: through }));
  return emit.operator("Cast", [emit.operator("Where", [condition, ...cast])], { to: ELEMENT_TYPES[dtype] });
}

/** Above this many rows a sum of rows is left to ReduceSum: the ones would be a large constant. */
const MOST_ROWS = 4096;

/**
 * A sum of rows is a product with a row of ones: 12 us where ReduceSum takes 79 for [16, 4096], 15 and 60 for [256, 256],
 * and with two threads the difference is larger. What remains is ReduceSum.
 */
function lowerSum(emit: Emitter, [x]: readonly string[], node: Node<"sum">): string {
  const { axes } = node.attributes;
  const { shape, dtype } = node.operands[0];
  const rows = sizeOf(shape.slice(0, axes.length));
  const columns = sizeOf(node.shape);
  const ofRows = axes.every((axis, index) => axis === index) && rows <= MOST_ROWS && columns > 1 && rows > 1;
  if (dtype !== "float32" || !ofRows) {
    return emit.operator("ReduceSum", [x, emit.int64(axes)], { keepdims: 0 });
  }
  const ones = emit.operator("Expand", [emit.scalar(1, "float32"), emit.int64([1, rows])]);
  const matrix = shape.length === 2 ? x : reshapeTo(emit, x, [rows, columns]);
  return reshapeTo(emit, emit.operator("Gemm", [ones, matrix]), node.shape);
}

export const lowerings: { readonly [P in Primitive]: Lowering<P> } = {
  input: elsewhere,
  constant: elsewhere,

  neg: direct("Neg"),
  abs: direct("Abs"),
  // the slope of relu, from its result y: min(1, y · 3.4e38), vectorised where Sign is not
  sign: (emit, operands, { operands: [x] }) =>
    x.primitive === "relu"
      ? emit.operator("HardSigmoid", operands, { alpha: { float: LARGEST_FLOAT32 }, beta: { float: 0 } })
      : emit.operator("Sign", operands),
  exp: direct("Exp"),
  log: direct("Log"),
  sqrt: direct("Sqrt"),
  tanh: direct("Tanh"),
  sigmoid: direct("Sigmoid"),
  erf: direct("Erf"),
  // ONNX Runtime's Softplus is a scalar loop: 840 us for 65,536 numbers where these four take 70
  softplus: (emit, [x]) => {
    const small = emit.operator("Exp", [emit.operator("Neg", [emit.operator("Abs", [x])])]);
    const logarithm = emit.operator("Log", [emit.operator("Add", [small, emit.scalar(1, "float32")])]);
    return emit.operator("Add", [emit.operator("Relu", [x]), logarithm]);
  },
  relu: direct("Relu"),
  sin: direct("Sin"),
  cos: direct("Cos"),
  floor: direct("Floor"),
  not: direct("Not"),
  cast: (emit, operands, { attributes }) => emit.operator("Cast", operands, { to: ELEMENT_TYPES[attributes.dtype] }),

  add: direct("Add"),
  sub: direct("Sub"),
  mul: direct("Mul"),
  div: direct("Div"),
  pow: direct("Pow"),
  maximum: direct("Max"),
  minimum: direct("Min"),
  equal: direct("Equal"),
  less: direct("Less"),
  and: bitwise("And", "BitwiseAnd"),
  or: bitwise("Or", "BitwiseOr"),
  xor: bitwise("Xor", "BitwiseXor"),
  shiftLeft: (emit, operands) => emit.operator("BitShift", operands, { direction: "LEFT" }),
  shiftRight: (emit, operands) => emit.operator("BitShift", operands, { direction: "RIGHT" }),
  where: lowerWhere,

  sum: lowerSum,
  max: (emit, [x], { attributes }) => emit.operator("ReduceMax", [x, emit.int64(attributes.axes)], { keepdims: 0 }),
  logSumExp: lowerLogSumExp,
  argMax: (emit, [x], { attributes }) => {
    const index = emit.operator("ArgMax", [x], { axis: attributes.axis, keepdims: 0 });
    return emit.operator("Cast", [index], { to: ELEMENT_TYPES.int32 });
  },
  softmax: (emit, operands, { attributes }) => emit.operator("Softmax", operands, { axis: attributes.axis }),
  cumulativeSum: (emit, [x], { attributes }) =>
    emit.operator("CumSum", [x, emit.int64([attributes.axis])], { reverse: Number(attributes.reverse) }),

  matmul: lowerMatmul,

  reshape: (emit, [x], { shape }) => reshapeTo(emit, x, shape),
  transpose: (emit, operands, { attributes }) => emit.operator("Transpose", operands, { perm: attributes.permutation }),
  broadcast: (emit, [x], { shape }) => emit.operator("Expand", [x, emit.int64(shape)]),
  slice: (emit, [x], { operands: [whole], attributes: { starts, ends, steps } }) => {
    const axes = [...starts.keys()].filter(
      (axis) => starts[axis] !== 0 || ends[axis] !== whole.shape[axis] || steps[axis] !== 1,
    );
    const pick = (values: readonly number[]) => emit.int64(axes.map((axis) => values[axis]));
    return emit.operator("Slice", [x, pick(starts), pick(ends), emit.int64(axes), pick(steps)]);
  },
  concat: (emit, operands, { attributes }) => emit.operator("Concat", operands, { axis: attributes.axis }),
  pad: (emit, [x], { attributes: { before, after, value }, dtype }) =>
    emit.operator("Pad", [x, emit.int64([...before, ...after]), emit.scalar(value, dtype)]),
  gather: (emit, operands) => emit.operator("Gather", operands, { axis: 0 }),
  scatterAdd: (emit, [x, rows], { shape, operands: [, places] }) => {
    const zeros = emit.operator("Expand", [emit.scalar(0, "float32"), emit.int64(shape)]);
    const wide = emit.operator("Cast", [rows], { to: INT64 });
    return emit.operator("ScatterND", [zeros, reshapeTo(emit, wide, [...places.shape, 1]), x], { reduction: "add" });
  },

  withGradient: (_, [value]) => value,

  loop: elsewhere,
  item: elsewhere,
};
