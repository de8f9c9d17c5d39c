import { describe, expect, it } from "vitest";
import type { Tensor } from "../../src/tensor/index.ts";
import * as t from "../../src/tensor/index.ts";

const A = t.constant([1, -2, 3, -4, 5, -6], [2, 3]);
const B = t.constant([0.5, 2, -1], [3]);
const { NaN: nan, POSITIVE_INFINITY: infinity } = Number;

function values(x: Tensor): { shape: readonly number[]; numbers: number[]; dtype: string } {
  const { shape, data } = t.interpret(t.program([], { x }), {}).x;
  return { shape, numbers: Array.from(data, (value) => value + 0), dtype: x.dtype };
}

/** What is built from primitives: shape and numbers, found by hand from A = [[1, -2, 3], [-4, 5, -6]], B = [.5, 2, -1]. */
const OPERATIONS: readonly (readonly [name: string, value: Tensor, shape: number[], numbers: number[]])[] = [
  ["greater", t.greater(A, B), [2, 3], [1, 0, 1, 0, 1, 0]],
  ["lessEqual", t.lessEqual(t.constant([1, 2, 3, nan]), 2), [4], [1, 1, 0, 0]],
  ["greaterEqual", t.greaterEqual(t.constant([1, 2, 3, nan]), 2), [4], [0, 1, 1, 0]],
  ["square", t.square(B), [3], [0.25, 4, 1]],
  ["clip", t.clip(A, -3, 3), [2, 3], [1, -2, 3, -3, 3, -3]],
  ["a number first", t.sub(1, B), [3], [0.5, -1, 2]],
  ["two numbers", t.add(1, 2), [], [3]],
  ["where of numbers", t.where(t.less(B, 1), 1, -1), [3], [1, -1, 1]],
  ["an integer and a number", t.mul(t.range(3), 2), [3], [0, 2, 4]],
  ["sum", t.sum(A), [], [-3]],
  ["sum over a negative axis", t.sum(A, { axes: -1 }), [2], [2, -5]],
  ["sum over no axis", t.sum(A, { axes: [] }), [2, 3], [1, -2, 3, -4, 5, -6]],
  ["sum, axes kept", t.sum(A, { axes: 0, keep: true }), [1, 3], [-3, 3, -3]],
  ["max, all kept", t.max(A, { keep: true }), [1, 1], [5]],
  ["min", t.min(A, { axes: 1 }), [2], [-2, -6]],
  ["mean", t.mean(A), [], [-0.5]],
  ["mean along an axis", t.mean(A, { axes: 1, keep: true }), [2, 1], [2 / 3, -5 / 3]],
  ["logSoftmax, large", t.logSoftmax(t.constant([1e4, 0, 1e4, 0], [2, 2])), [2, 2], [0, -1e4, 0, -1e4]],
  ["logSoftmax along 0", t.logSoftmax(t.constant([0, 0], [2, 1]), 0), [2, 1], [-Math.LN2, -Math.LN2]],
  ["cumulativeSum, exclusive", t.cumulativeSum(A, 1, { exclusive: true }), [2, 3], [0, 1, -1, 0, -4, 1]],
  ["cumulativeSum, exclusive from the end", t.cumulativeSum(B, 0, { reverse: true, exclusive: true }), [3], [1, -1, 0]],
  ["expand before an axis", t.expand(A, 1), [2, 1, 3], [1, -2, 3, -4, 5, -6]],
  ["expand at the end", t.expand(B, -1), [3, 1], [0.5, 2, -1]],
  ["transpose of the last two", t.transpose(t.reshape(A, [1, 2, 3])), [1, 3, 2], [1, -4, -2, 5, 3, -6]],
  ["slice from the end", t.slice(A, -1, -2, -1), [2, 1], [-2, 5]],
  ["slice by steps", t.slice(A, 1, 0, 3, 2), [2, 2], [1, 3, -4, -6]],
  ["splitAxis", t.concat(t.splitAxis(A, 1, [1, 2]).reverse(), 1), [2, 3], [-2, 3, 1, 5, -6, -4]],
  ["concat of one", t.concat([B]), [3], [0.5, 2, -1]],
  ["stack", t.stack([B, t.neg(B)]), [2, 3], [0.5, 2, -1, -0.5, -2, 1]],
  ["stack along the last", t.stack([B, t.neg(B)], -1), [3, 2], [0.5, -0.5, 2, -2, -1, 1]],
  ["pad with a value", t.pad(B, -1, 1, 0, 7), [4], [7, 0.5, 2, -1]],
  ["range", t.range(4), [4], [0, 1, 2, 3]],
  ["range of nothing", t.range(0), [0], []],
  ["full", t.full(2.5, [2, 1]), [2, 1], [2.5, 2.5]],
  ["oneHot", t.oneHot(t.constant([2, 0], [2], "int32"), 3), [2, 3], [0, 0, 1, 1, 0, 0]],
  ["oneHot of a scalar outside", t.oneHot(t.constant(3, [], "int32"), 3), [3], [0, 0, 0]],
  ["infinite is not less than itself", t.less(t.constant([infinity]), infinity), [1], [0]],
];

describe("what is built from primitives", () => {
  it.each(OPERATIONS)("%s", (_, value, shape, numbers) => {
    const found = values(value);
    expect(found.shape).toEqual(shape);
    expect(found.numbers).toEqual(numbers.map((number) => expect.closeTo(number, 6)));
  });

  it("keeps types: numbers take the other operand's, comparisons give booleans", () => {
    expect(t.add(t.range(2), 1).dtype).toBe("int32");
    expect(t.xor(t.constant([1], [1], "uint32"), 3).dtype).toBe("uint32");
    expect(t.lessEqual(A, B).dtype).toBe("bool");
    expect(t.oneHot(t.range(2), 2).dtype).toBe("float32");
    expect(t.cast(A, "float32")).toBe(A);
  });
});

/** Gradients of Σ weight · value for weights 1, 2, 3 …, by hand. */
function slope(build: (x: Tensor) => Tensor, at: readonly number[], shape: readonly number[]): number[] {
  const x = t.input("x", shape);
  const value = build(x);
  const weights = t.reshape(t.add(t.cast(t.range(value.shape.reduce((a, b) => a * b, 1)), "float32"), 1), value.shape);
  const [dx] = t.gradient(t.sum(t.mul(value, weights)), [x]);
  return Array.from(t.interpret(t.program([x], { dx }), { x: at }).dx.data, (number) => number + 0);
}

describe("gradients of what is built from primitives", () => {
  it.each([
    // each of three takes a third of its row's weight
    ["mean", (x: Tensor) => t.mean(x, { axes: 1 }), [1 / 3, 1 / 3, 1 / 3, 2 / 3, 2 / 3, 2 / 3]],
    // weight 1 to the -2 of the first row, weight 2 shared by both -6 of the second
    ["min", (x: Tensor) => t.min(x, { axes: 1 }), [0, 1, 0, 1, 0, 1]],
    // weights 1 to 6: element j of a row reaches the exclusive sums after it
    ["cumulativeSum, exclusive", (x: Tensor) => t.cumulativeSum(x, 1, { exclusive: true }), [5, 3, 0, 11, 6, 0]],
    ["square", t.square, [2, -8, 18, -32, 50, -72]],
    ["clip", (x: Tensor) => t.clip(x, -2, 3), [1, 2, 3, 0, 0, 0]],
    ["stack of it and itself", (x: Tensor) => t.stack([x, x]), [8, 10, 12, 14, 16, 18]],
  ])("%s", (name, build, expected) => {
    const at = name === "min" ? [1, -2, 3, -6, 5, -6] : [1, -2, 3, -4, 5, -6];
    expect(slope(build, at, [2, 3])).toEqual(expected.map((number) => expect.closeTo(number, 6)));
  });

  it("logSoftmax: weight minus softmax times the sum of weights, also where exp overflows", () => {
    // weights 1, 2; softmax of (1e4, 1e4) is ½, ½: 1 - 3/2, 2 - 3/2
    expect(slope((x) => t.logSoftmax(x), [1e4, 1e4], [2])).toEqual([-0.5, 0.5]);
  });

  it("are zeros where nothing depends, and add up over all ways", () => {
    const [x, y] = [t.input("x", [2]), t.input("y", [2])];
    const [dx, dy] = t.gradient(t.sum(t.add(t.mul(x, x), x)), [x, y]);
    const found = t.interpret(t.program([x, y], { dx, dy }), { x: [3, -1], y: [1, 1] });
    // d(x² + x) = 2x + 1
    expect([...found.dx.data]).toEqual([7, -1]);
    expect([...found.dy.data]).toEqual([0, 0]);
  });

  it("are those of a value in the middle, of itself, and of a deep chain", () => {
    const x = t.input("x", []);
    const middle = t.mul(x, 3);
    const value = t.mul(middle, middle);
    const [dMiddle, dValue] = t.gradient(value, [middle, value]);
    const found = t.interpret(t.program([x], { dMiddle, dValue }), { x: [2] });
    expect([found.dMiddle.data[0], found.dValue.data[0]]).toEqual([12, 1]);
    let deep: Tensor = x;
    for (let depth = 0; depth < 20_000; depth++) deep = t.add(deep, x);
    const [slopeOfDeep] = t.gradient(deep, [x]);
    expect(t.interpret(t.simplify(t.program([x], { slopeOfDeep })), { x: [1] }).slopeOfDeep.data[0]).toBe(20_001);
  });
});
