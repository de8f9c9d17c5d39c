/** Simplifications of what is cut into pieces and put together again; gradients of `splitAxis` and `concat` are such. */
import { sameShape } from "../base/index.ts";
import type { Node, Tensor } from "./primitive.ts";
import { apply } from "./tensor.ts";

/**
 * Columns of a product are the product with these columns. Worth it only where nothing else needs the product.
 * `simplest` is applied to the columns.
 */
export function productOfSlice(value: Node<"slice">, simplest: (value: Tensor) => Tensor): Tensor {
  const [product] = value.operands;
  const { starts, ends, steps } = value.attributes;
  if (product.primitive !== "matmul" || steps.some((step) => step !== 1)) return value as Tensor;
  const last = product.shape.length - 1;
  if (product.shape.some((length, axis) => axis !== last && value.shape[axis] !== length)) return value as Tensor;
  const [a, b] = product.operands;
  if (b.primitive === "matmul") return value as Tensor;
  const columns = b.shape.length - (product.attributes.transposeB ? 2 : 1);
  const picked = apply("slice", [b], {
    starts: b.shape.map((_, axis) => (axis === columns ? starts[last] : 0)),
    ends: b.shape.map((length, axis) => (axis === columns ? ends[last] : length)),
    steps: b.shape.map(() => 1),
  });
  return apply("matmul", [a, simplest(picked)], product.attributes);
}

/** The sum of two neighbours, each with zeros where the other one lies, is both side by side. */
export function sumOfNeighbours(value: Node<"add">): Tensor {
  const [first, second] = value.operands;
  return joined(first, second) ?? joined(second, first) ?? (value as Tensor);
}

function joined(left: Tensor, right: Tensor): Tensor | null {
  if (left.primitive !== "pad" || right.primitive !== "pad" || !sameShape(left.shape, right.shape)) return null;
  if (left.attributes.value !== 0 || right.attributes.value !== 0) return null;
  const axis = left.shape.findIndex((length, index) => length !== left.operands[0].shape[index]);
  const [x, y] = [left.operands[0], right.operands[0]];
  const others = (shape: readonly number[]) =>
    shape.every((length, index) => index === axis || length === left.shape[index]);
  if (axis < 0 || !others(x.shape) || !others(y.shape)) return null;
  if (right.attributes.before[axis] !== left.attributes.before[axis] + x.shape[axis]) return null;
  const both = apply("concat", [...partsOf(x, axis), ...partsOf(y, axis)], { axis });
  const [before, after] = [left.attributes.before, right.attributes.after];
  return sameShape(both.shape, left.shape) ? both : apply("pad", [both], { before, after, value: 0 });
}

const partsOf = (x: Tensor, axis: number): readonly Tensor[] =>
  x.primitive === "concat" && x.attributes.axis === axis ? x.operands : [x];
