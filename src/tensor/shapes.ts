/**
 * Shape and dtype of every primitive. Rules run while the program is built; a mistake is reported there, with the
 * name of the operation and the shapes that did not fit.
 */
import { broadcastShapes, sameShape, showShape, sizeOf } from "../base/index.ts";
import type { Attributes, DType, Primitive, Signature, Tensor } from "./primitive.ts";

type ShapeRule<P extends Primitive> = (operands: readonly Tensor[], attributes: Attributes[P]) => Signature;

/** Stops the building of a program. */
function refuse(operation: string, problem: string): never {
  throw new Error(`${operation}: ${problem}`);
}

const show = (tensor: Tensor) => `${tensor.dtype}${showShape(tensor.shape)}`;

function requireDType(operation: string, tensor: Tensor, allowed: readonly DType[]): void {
  if (!allowed.includes(tensor.dtype)) refuse(operation, `found ${show(tensor)}, expected ${allowed.join(" or ")}`);
}

/** Throws where a tensor has no such axis. */
export function requireAxis(operation: string, tensor: Tensor, axis: number): void {
  if (!(Number.isInteger(axis) && axis >= 0 && axis < tensor.shape.length)) {
    refuse(operation, `axis ${axis} is outside ${show(tensor)}`);
  }
}

/** What takes the largest element, or divides by a total, needs at least one. */
function requireElements(operation: string, tensor: Tensor, axes: readonly number[]): void {
  for (const axis of axes) if (tensor.shape[axis] === 0) refuse(operation, `axis ${axis} of ${show(tensor)} is empty`);
}

const same = ([x]: readonly Tensor[]): Signature => ({ shape: x.shape, dtype: x.dtype });

const unary =
  (operation: string, allowed: readonly DType[] = ["float32"]) =>
  (operands: readonly Tensor[]): Signature => {
    requireDType(operation, operands[0], allowed);
    return same(operands);
  };

const binary =
  (operation: string, allowed: readonly DType[], result?: DType) =>
  ([a, b]: readonly Tensor[]): Signature => {
    requireDType(operation, a, allowed);
    if (a.dtype !== b.dtype) refuse(operation, `element types of ${show(a)} and ${show(b)} differ`);
    const shape = broadcastShapes(a.shape, b.shape);
    if (!shape) refuse(operation, `${show(a)} and ${show(b)} do not broadcast`);
    return { shape, dtype: result ?? a.dtype };
  };

const reduction =
  (operation: string) =>
  ([x]: readonly Tensor[], { axes }: { axes: readonly number[] }): Signature => {
    requireDType(operation, x, ["float32", "int32"]);
    for (const axis of axes) requireAxis(operation, x, axis);
    if (new Set(axes).size < axes.length) {
      refuse(operation, `axes ${showShape(axes)} of ${show(x)} are not all different`);
    }
    if (operation === "max") requireElements(operation, x, axes);
    return { shape: x.shape.filter((_, axis) => !axes.includes(axis)), dtype: x.dtype };
  };

const NUMBERS = ["float32", "int32", "uint32"] as const;
const BITS = ["uint32", "bool"] as const;

export const shapeRules: { readonly [P in Primitive]: ShapeRule<P> } = {
  input: () => refuse("input", "made by input(), not by a rule"),
  constant: () => refuse("constant", "made by constant(), not by a rule"),

  neg: unary("neg", ["float32", "int32"]),
  abs: unary("abs", ["float32", "int32"]),
  sign: unary("sign"),
  exp: unary("exp"),
  log: unary("log"),
  sqrt: unary("sqrt"),
  tanh: unary("tanh"),
  sigmoid: unary("sigmoid"),
  erf: unary("erf"),
  softplus: unary("softplus"),
  relu: unary("relu"),
  sin: unary("sin"),
  cos: unary("cos"),
  floor: unary("floor"),
  not: unary("not", ["bool"]),
  cast: ([x], { dtype }) => ({ shape: x.shape, dtype }),

  add: binary("add", NUMBERS),
  sub: binary("sub", NUMBERS),
  mul: binary("mul", NUMBERS),
  div: binary("div", ["float32", "int32"]),
  pow: binary("pow", ["float32"]),
  maximum: binary("maximum", ["float32", "int32"]),
  minimum: binary("minimum", ["float32", "int32"]),
  equal: binary("equal", NUMBERS, "bool"),
  less: binary("less", NUMBERS, "bool"),
  and: binary("and", BITS),
  or: binary("or", BITS),
  xor: binary("xor", BITS),
  shiftLeft: binary("shiftLeft", ["uint32"]),
  shiftRight: binary("shiftRight", ["uint32"]),

  where: ([condition, a, b]) => {
    requireDType("where", condition, ["bool"]);
    if (a.dtype !== b.dtype) refuse("where", `element types of ${show(a)} and ${show(b)} differ`);
    const both = broadcastShapes(a.shape, b.shape);
    const shape = both && broadcastShapes(condition.shape, both);
    if (!shape) refuse("where", `${show(condition)}, ${show(a)} and ${show(b)} do not broadcast`);
    return { shape, dtype: a.dtype };
  },

  sum: reduction("sum"),
  max: reduction("max"),
  logSumExp: ([x], { axis }) => {
    requireDType("logSumExp", x, ["float32"]);
    requireAxis("logSumExp", x, axis);
    requireElements("logSumExp", x, [axis]);
    return { shape: x.shape.filter((_, other) => other !== axis), dtype: x.dtype };
  },
  argMax: ([x], { axis }) => {
    requireDType("argMax", x, ["float32"]);
    requireAxis("argMax", x, axis);
    requireElements("argMax", x, [axis]);
    return { shape: x.shape.filter((_, other) => other !== axis), dtype: "int32" };
  },
  softmax: ([x], { axis }) => {
    requireDType("softmax", x, ["float32"]);
    requireAxis("softmax", x, axis);
    return same([x]);
  },
  cumulativeSum: ([x], { axis }) => {
    requireDType("cumulativeSum", x, ["float32", "int32"]);
    requireAxis("cumulativeSum", x, axis);
    return same([x]);
  },

  matmul: ([a, b], { transposeA, transposeB }) => {
    requireDType("matmul", a, ["float32"]);
    requireDType("matmul", b, ["float32"]);
    const problem = () =>
      refuse(
        "matmul",
        `${show(a)}${transposeA ? " transposed" : ""} times ${show(b)}${transposeB ? " transposed" : ""}`,
      );
    if (a.shape.length < 2 || b.shape.length < 2) problem();
    const [rowsA, columnsA] = a.shape.slice(-2);
    const [rowsB, columnsB] = b.shape.slice(-2);
    if ((transposeA ? rowsA : columnsA) !== (transposeB ? columnsB : rowsB)) problem();
    const batch = broadcastShapes(a.shape.slice(0, -2), b.shape.slice(0, -2));
    if (!batch) return problem();
    return { shape: [...batch, transposeA ? columnsA : rowsA, transposeB ? rowsB : columnsB], dtype: "float32" };
  },

  reshape: ([x], { shape }) => {
    const whole = shape.every((length) => Number.isInteger(length) && length >= 0);
    if (!whole || sizeOf(shape) !== sizeOf(x.shape))
      refuse("reshape", `${show(x)} does not fit into ${showShape(shape)}`);
    return { shape, dtype: x.dtype };
  },
  transpose: ([x], { permutation }) => {
    const sorted = [...permutation].sort((a, b) => a - b);
    if (!sameShape(sorted, [...x.shape.keys()])) {
      refuse("transpose", `${showShape(permutation)} is no permutation of the axes of ${show(x)}`);
    }
    return { shape: permutation.map((axis) => x.shape[axis]), dtype: x.dtype };
  },
  broadcast: ([x], { shape }) => {
    const common = broadcastShapes(x.shape, shape);
    if (!common || !sameShape(common, shape))
      refuse("broadcast", `${show(x)} does not broadcast to ${showShape(shape)}`);
    return { shape, dtype: x.dtype };
  },
  slice: ([x], { starts, ends, steps }) => {
    const rank = x.shape.length;
    if (starts.length !== rank || ends.length !== rank || steps.length !== rank) {
      refuse("slice", `${starts.length} starts, ${ends.length} ends and ${steps.length} steps for ${show(x)}`);
    }
    const shape = x.shape.map((length, axis) => {
      const [start, end, step] = [starts[axis], ends[axis], steps[axis]];
      if (!(start >= 0 && start <= end && end <= length && step >= 1)) {
        refuse("slice", `${start}:${end}:${step} of axis ${axis} of ${show(x)}`);
      }
      return Math.ceil((end - start) / step);
    });
    return { shape, dtype: x.dtype };
  },
  concat: (operands, { axis }) => {
    const [first] = operands;
    requireAxis("concat", first, axis);
    for (const other of operands) {
      const fits = other.shape.length === first.shape.length && other.dtype === first.dtype;
      if (!fits || other.shape.some((length, index) => index !== axis && length !== first.shape[index])) {
        refuse("concat", `${show(first)} and ${show(other)} along axis ${axis}`);
      }
    }
    const length = operands.reduce((total, operand) => total + operand.shape[axis], 0);
    return { shape: first.shape.map((old, index) => (index === axis ? length : old)), dtype: first.dtype };
  },
  pad: ([x], { before, after }) => {
    if (
      before.length !== x.shape.length ||
      after.length !== x.shape.length ||
      [...before, ...after].some((n) => n < 0)
    ) {
      refuse("pad", `${showShape(before)} before and ${showShape(after)} after ${show(x)}`);
    }
    return { shape: x.shape.map((length, axis) => before[axis] + length + after[axis]), dtype: x.dtype };
  },
  gather: ([x, rows]) => {
    requireAxis("gather", x, 0);
    requireDType("gather", rows, ["int32"]);
    return { shape: [...rows.shape, ...x.shape.slice(1)], dtype: x.dtype };
  },
  scatterAdd: ([x, rows], attributes) => {
    requireDType("scatterAdd", x, ["float32"]);
    requireDType("scatterAdd", rows, ["int32"]);
    if (!sameShape(x.shape.slice(0, rows.shape.length), rows.shape)) {
      refuse("scatterAdd", `${show(x)} does not begin with the shape of its row numbers ${show(rows)}`);
    }
    return { shape: [attributes.rows, ...x.shape.slice(rows.shape.length)], dtype: x.dtype };
  },

  withGradient: ([value]) => ({ shape: value.shape, dtype: value.dtype }),

  loop: (operands, { body, count, carried }) => {
    if (!(Number.isInteger(count) && count >= 0)) refuse("loop", `found ${count} passes, expected a whole number`);
    body.inputs.slice(1).forEach((parameter, index) => {
      const operand = operands[index];
      if (operand?.dtype !== parameter.dtype || !sameShape(operand.shape, parameter.shape)) {
        refuse(
          "loop",
          `"${parameter.attributes.name}" is ${show(parameter)} in the body, found ${operand && show(operand)}`,
        );
      }
    });
    body.outputs.slice(0, carried).forEach(({ name, value }, index) => {
      const start = operands[index];
      if (start.dtype !== value.dtype || !sameShape(start.shape, value.shape)) {
        refuse("loop", `the carried value "${name}" starts as ${show(start)} and comes back as ${show(value)}`);
      }
    });
    return { shape: [], dtype: "float32" };
  },
  item: ([tuple], { index }) => {
    if (tuple.primitive !== "loop") return refuse("item", `found ${tuple.primitive}, expected a loop`);
    const { body, count, carried } = tuple.attributes;
    const { value } = body.outputs[index];
    return { shape: index < carried ? value.shape : [count, ...value.shape], dtype: value.dtype };
  },
};
