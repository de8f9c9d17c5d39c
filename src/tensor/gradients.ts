/**
 * The gradient of every primitive: from the gradient of the result to the gradients of the operands, null for an
 * operand that has none. Read it beside a table of derivatives; shapes are brought back by `sumTo`.
 */
import { type Shape, sameShape } from "../base/index.ts";
import * as t from "./operations.ts";
import type { Node, Primitive, Tensor } from "./primitive.ts";
import { apply } from "./tensor.ts";

/** `g` is the gradient of the node's value, of the same shape. */
export type GradientRule<P extends Primitive> = (node: Node<P>, g: Tensor) => readonly (Tensor | null)[];

/** The gradient of a broadcast operand: summed over the axes along which it was repeated. */
export function sumTo(g: Tensor, shape: Shape): Tensor {
  if (sameShape(g.shape, shape)) return g;
  const extra = g.shape.length - shape.length;
  const axes = [...g.shape.keys()].filter((axis) => axis < extra || (shape[axis - extra] === 1 && g.shape[axis] !== 1));
  return t.reshape(t.sum(g, { axes }), shape);
}

const none = (): readonly null[] => [null, null, null];

/** Gradient of a reduction over `axes`, repeated to the operand's shape. */
function spread(g: Tensor, x: Tensor, axes: readonly number[]): Tensor {
  return t.broadcastTo(t.reshape(g, t.keptShape(x.shape, axes)), x.shape);
}

/** Undoes `slice` with a step: `step - 1` zeros after each element. */
function spreadOut(g: Tensor, axis: number, step: number): Tensor {
  if (step === 1) return g;
  const apart = t.pad(t.expand(g, axis + 1), axis + 1, 0, step - 1);
  return t.reshape(
    apart,
    g.shape.map((length, other) => (other === axis ? length * step : length)),
  );
}

export const gradientRules: { readonly [P in Primitive]: GradientRule<P> } = {
  input: () => [],
  constant: () => [],

  neg: (_, g) => [t.neg(g)],
  abs: ({ operands: [x] }, g) => [t.mul(g, t.sign(x))],
  sign: none,
  exp: (y, g) => [t.mul(g, y)],
  log: ({ operands: [x] }, g) => [t.div(g, x)],
  sqrt: (y, g) => [t.div(t.mul(g, 0.5), y)],
  tanh: (y, g) => [t.mul(g, t.sub(1, t.mul(y, y)))],
  sigmoid: (y, g) => [t.mul(g, t.mul(y, t.sub(1, y)))],
  erf: ({ operands: [x] }, g) => [t.mul(g, t.mul(2 / Math.sqrt(Math.PI), t.exp(t.neg(t.square(x)))))],
  softplus: ({ operands: [x] }, g) => [t.mul(g, t.sigmoid(x))],
  relu: (y, g) => [t.mul(g, t.sign(y))],
  sin: ({ operands: [x] }, g) => [t.mul(g, t.cos(x))],
  cos: ({ operands: [x] }, g) => [t.neg(t.mul(g, t.sin(x)))],
  floor: none,
  not: none,
  cast: ({ operands: [x], dtype }, g) => [x.dtype === "float32" && dtype === "float32" ? g : null],

  add: ({ operands: [a, b] }, g) => [sumTo(g, a.shape), sumTo(g, b.shape)],
  sub: ({ operands: [a, b] }, g) => [sumTo(g, a.shape), sumTo(t.neg(g), b.shape)],
  mul: ({ operands: [a, b] }, g) =>
    a === b ? [t.mul(t.mul(g, 2), a)] : [sumTo(t.mul(g, b), a.shape), sumTo(t.mul(g, a), b.shape)],
  div: (node, g) => {
    const [a, b] = node.operands;
    const overB = t.div(g, b);
    return [sumTo(overB, a.shape), sumTo(t.neg(t.mul(overB, node)), b.shape)];
  },
  // d/da a^b = b·a^(b-1), 0 where b is 0; d/db a^b = a^b·log a, taken as 0 where a is 0
  pow: (node, g) => {
    const [a, b] = node.operands;
    const slope = t.where(t.equal(b, 0), 0, t.mul(b, t.pow(a, t.sub(b, 1))));
    const logarithm = t.where(t.equal(a, 0), 0, t.log(t.where(t.equal(a, 0), 1, a)));
    return [sumTo(t.mul(g, slope), a.shape), sumTo(t.mul(g, t.mul(node, logarithm)), b.shape)];
  },
  // ties: all to the first operand
  maximum: ({ operands: [a, b] }, g) => {
    const second = t.less(a, b);
    return [sumTo(t.where(second, 0, g), a.shape), sumTo(t.where(second, g, 0), b.shape)];
  },
  minimum: ({ operands: [a, b] }, g) => {
    const second = t.less(b, a);
    return [sumTo(t.where(second, 0, g), a.shape), sumTo(t.where(second, g, 0), b.shape)];
  },
  equal: none,
  less: none,
  and: none,
  or: none,
  xor: none,
  shiftLeft: none,
  shiftRight: none,
  where: ({ operands: [condition, a, b] }, g) => [
    null,
    sumTo(t.where(condition, g, 0), a.shape),
    sumTo(t.where(condition, 0, g), b.shape),
  ],

  sum: ({ operands: [x], attributes }, g) => [spread(g, x, attributes.axes)],
  // ties: to every largest element, in equal shares
  max: (node, g) => {
    const [x] = node.operands;
    const { axes } = node.attributes;
    const largest = t.cast(t.equal(x, spread(node, x, axes)), "float32");
    const share = t.div(largest, t.sum(largest, { axes, keep: true }));
    return [t.mul(spread(g, x, axes), share)];
  },
  logSumExp: ({ operands: [x], attributes: { axis } }, g) => [t.mul(spread(g, x, [axis]), t.softmax(x, axis))],
  argMax: none,
  softmax: (y, g) => {
    const { axis } = y.attributes;
    const weighted = t.mul(g, y);
    return [t.sub(weighted, t.mul(y, t.sum(weighted, { axes: axis, keep: true })))];
  },
  cumulativeSum: ({ attributes: { axis, reverse } }, g) => [t.cumulativeSum(g, axis, { reverse: !reverse })],

  matmul: ({ operands: [a, b], attributes: { transposeA, transposeB } }, g) => {
    const forA = transposeA
      ? t.matmul(b, g, { transposeA: transposeB, transposeB: true })
      : t.matmul(g, b, { transposeB: !transposeB });
    // one matrix for a whole batch: one product over all rows instead of a sum of products
    if (b.shape.length === 2 && a.shape.length > 2 && !transposeA) {
      const rowsOfA = t.reshape(a, [-1, a.shape[a.shape.length - 1]]);
      const rowsOfG = t.reshape(g, [-1, g.shape[g.shape.length - 1]]);
      const [left, right] = transposeB ? [rowsOfG, rowsOfA] : [rowsOfA, rowsOfG];
      return [forA, t.matmul(left, right, { transposeA: true })];
    }
    const forB = transposeB
      ? t.matmul(g, a, { transposeA: true, transposeB: transposeA })
      : t.matmul(a, g, { transposeA: !transposeA });
    return [sumTo(forA, a.shape), sumTo(forB, b.shape)];
  },

  reshape: ({ operands: [x] }, g) => [t.reshape(g, x.shape)],
  transpose: ({ attributes: { permutation } }, g) => {
    const inverse = permutation.map((_, axis) => permutation.indexOf(axis));
    return [t.transpose(g, inverse)];
  },
  broadcast: ({ operands: [x] }, g) => [sumTo(g, x.shape)],
  slice: ({ operands: [x], attributes: { starts, steps } }, g) => {
    let result = g;
    for (const [axis, length] of x.shape.entries()) {
      result = spreadOut(result, axis, steps[axis]);
      const after = length - starts[axis] - result.shape[axis];
      if (after < 0) result = t.slice(result, axis, 0, length - starts[axis]);
      result = t.pad(result, axis, starts[axis], Math.max(after, 0));
    }
    return [result];
  },
  concat: ({ operands, attributes: { axis } }, g) =>
    t.splitAxis(
      g,
      axis,
      operands.map((operand) => operand.shape[axis]),
    ),
  pad: ({ operands: [x], attributes: { before } }, g) => [
    apply("slice", [g], {
      starts: before,
      ends: x.shape.map((length, axis) => before[axis] + length),
      steps: x.shape.map(() => 1),
    }),
  ],
  gather: ({ operands: [x, rows] }, g) => [t.scatterAdd(g, rows, x.shape[0]), null],
  scatterAdd: ({ operands: [, rows] }, g) => [t.gather(g, rows), null],

  withGradient: ({ operands: [, ...read], attributes }, g) => [null, ...attributes.rule(g, read)],

  loop: () => {
    throw new Error("loop: its gradient is taken from its items");
  },
  item: () => {
    throw new Error("item: gradients of loop items are gathered by gradient()");
  },
};
