/** Making values: inputs, constants, and the one function through which every other value is made. */
import { type Shape, showShape, sizeOf } from "../base/index.ts";
import type { Attributes, DType, Node, Primitive, Signature, Tensor, TypedArray } from "./primitive.ts";
import { shapeRules } from "./shapes.ts";

/** Applies a primitive. Throws where its shape rule refuses the operands. */
export function apply<P extends Primitive>(
  primitive: P,
  operands: readonly Tensor[],
  attributes: Attributes[P],
): Tensor {
  const rule = shapeRules[primitive] as (operands: readonly Tensor[], attributes: Attributes[P]) => Signature;
  return { primitive, operands, attributes, ...rule(operands, attributes) } as Tensor;
}

/** A named input of a program. */
export function input(name: string, shape: Shape, dtype: DType = "float32"): Node<"input"> {
  return { primitive: "input", operands: [], attributes: { name }, shape, dtype };
}

const ARRAYS = {
  float32: Float32Array,
  int32: Int32Array,
  uint32: Uint32Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const satisfies Record<DType, unknown>;

/** A new zero-filled array that holds `size` elements of `dtype`. */
export function typedArray(dtype: DType, size: number): TypedArray {
  return new ARRAYS[dtype](size);
}

/**
 * A constant. Numbers are converted to the storage of `dtype`; without a shape, a number is a scalar and a list is a
 * vector. Throws where the count of numbers and the shape disagree.
 */
export function constant(values: number | ArrayLike<number>, shape?: Shape, dtype: DType = "float32"): Tensor {
  const list = typeof values === "number" ? [values] : values;
  const data = ARRAYS[dtype].from(list);
  const constantShape = shape ?? (typeof values === "number" ? [] : [data.length]);
  if (sizeOf(constantShape) !== data.length) {
    throw new Error(`constant: ${data.length} numbers do not fill the shape ${showShape(constantShape)}`);
  }
  return { primitive: "constant", operands: [], attributes: { data }, shape: constantShape, dtype };
}

/** A constant of one repeated number. */
export function full(value: number, shape: Shape, dtype: DType = "float32"): Tensor {
  return broadcastTo(constant(value, [], dtype), shape);
}

/** The tensor at a larger shape (NumPy's rule). */
export function broadcastTo(x: Tensor, shape: Shape): Tensor {
  return x.shape.length === shape.length && x.shape.every((length, axis) => length === shape[axis])
    ? x
    : apply("broadcast", [x], { shape });
}
