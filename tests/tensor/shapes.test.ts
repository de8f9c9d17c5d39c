import { describe, expect, it } from "vitest";
import type { Primitive, Tensor } from "../../src/tensor/index.ts";
import * as t from "../../src/tensor/index.ts";
import { PRIMITIVES } from "./cases/index.ts";

const f = (...shape: number[]) => t.input("f", shape);
const i = (...shape: number[]) => t.input("i", shape, "int32");
const b = (...shape: number[]) => t.input("b", shape, "bool");
const w = (...shape: number[]) => t.input("w", shape, "uint32");

const FLOAT_ONLY = [
  "sign",
  "exp",
  "log",
  "sqrt",
  "tanh",
  "sigmoid",
  "erf",
  "softplus",
  "relu",
  "sin",
  "cos",
  "floor",
] as const;
const BROADCASTING = ["add", "sub", "mul", "div", "pow", "maximum", "minimum", "equal", "less"] as const;

/** A mistake and the whole message. */
const MISTAKES: readonly (readonly [mistake: string, build: () => Tensor, message: string])[] = [
  ...FLOAT_ONLY.map(
    (name) =>
      [
        `${name} of integers`,
        () => t.apply(name, [i(2, 3)], {}),
        `${name}: found int32[2, 3], expected float32`,
      ] as const,
  ),
  ...BROADCASTING.map(
    (name) =>
      [
        `${name} of shapes that differ`,
        () => t.apply(name, [f(2, 3), f(2)], {}),
        `${name}: float32[2, 3] and float32[2] do not broadcast`,
      ] as const,
  ),
  ["neg of words", () => t.neg(w(2)), "neg: found uint32[2], expected float32 or int32"],
  ["abs of booleans", () => t.abs(b()), "abs: found bool[], expected float32 or int32"],
  ["not of floats", () => t.not(f(1)), "not: found float32[1], expected bool"],
  ["add of types that differ", () => t.add(f(2), i(2)), "add: element types of float32[2] and int32[2] differ"],
  ["less of booleans", () => t.less(b(2), b(2)), "less: found bool[2], expected float32 or int32 or uint32"],
  ["div of words", () => t.div(w(2), w(2)), "div: found uint32[2], expected float32 or int32"],
  ["and of floats", () => t.and(f(2), f(2)), "and: found float32[2], expected uint32 or bool"],
  ["or of shapes that differ", () => t.or(b(2), b(3)), "or: bool[2] and bool[3] do not broadcast"],
  ["xor of types that differ", () => t.xor(w(2), b(2)), "xor: element types of uint32[2] and bool[2] differ"],
  ["shiftLeft of integers", () => t.shiftLeft(i(2), 1), "shiftLeft: found int32[2], expected uint32"],
  ["shiftRight of integers", () => t.shiftRight(i(2), 1), "shiftRight: found int32[2], expected uint32"],
  ["where by floats", () => t.where(f(2), 1, 0), "where: found float32[2], expected bool"],
  [
    "where of types that differ",
    () => t.where(b(2), f(2), i(2)),
    "where: element types of float32[2] and int32[2] differ",
  ],
  [
    "where of three shapes",
    () => t.where(b(2), f(3), f(3)),
    "where: bool[2], float32[3] and float32[3] do not broadcast",
  ],
  ["sum along an axis that is not there", () => t.sum(f(2, 3), { axes: 2 }), "sum: axis 2 is outside float32[2, 3]"],
  [
    "sum along one axis twice",
    () => t.sum(f(2, 3), { axes: [1, -1] }),
    "sum: axes [1, 1] of float32[2, 3] are not all different",
  ],
  ["sum of booleans", () => t.sum(b(2)), "sum: found bool[2], expected float32 or int32"],
  ["max along an axis that is not there", () => t.max(f(2), { axes: -2 }), "max: axis -1 is outside float32[2]"],
  ["max of nothing", () => t.max(f(2, 0), { axes: 1 }), "max: axis 1 of float32[2, 0] is empty"],
  ["logSumExp of integers", () => t.logSumExp(i(2)), "logSumExp: found int32[2], expected float32"],
  ["logSumExp of a scalar", () => t.logSumExp(f()), "logSumExp: axis -1 is outside float32[]"],
  ["logSumExp of nothing", () => t.logSumExp(f(2, 0)), "logSumExp: axis 1 of float32[2, 0] is empty"],
  ["argMax of integers", () => t.argMax(i(2)), "argMax: found int32[2], expected float32"],
  ["argMax along an axis that is not there", () => t.argMax(f(2), 1), "argMax: axis 1 is outside float32[2]"],
  ["argMax of nothing", () => t.argMax(f(0)), "argMax: axis 0 of float32[0] is empty"],
  ["softmax of integers", () => t.softmax(i(2)), "softmax: found int32[2], expected float32"],
  ["softmax along an axis that is not there", () => t.softmax(f(2), 1), "softmax: axis 1 is outside float32[2]"],
  ["cumulativeSum of words", () => t.cumulativeSum(w(2)), "cumulativeSum: found uint32[2], expected float32 or int32"],
  ["cumulativeSum of a scalar", () => t.cumulativeSum(f(), 0), "cumulativeSum: axis 0 is outside float32[]"],
  ["matmul of lengths that differ", () => t.matmul(f(2, 3), f(4, 5)), "matmul: float32[2, 3] times float32[4, 5]"],
  [
    "matmul, transposed to lengths that differ",
    () => t.matmul(f(2, 3), f(3, 5), { transposeA: true }),
    "matmul: float32[2, 3] transposed times float32[3, 5]",
  ],
  ["matmul of a vector", () => t.matmul(f(3), f(3, 5)), "matmul: float32[3] times float32[3, 5]"],
  [
    "matmul of batches that differ",
    () => t.matmul(f(2, 4, 3), f(3, 3, 5)),
    "matmul: float32[2, 4, 3] times float32[3, 3, 5]",
  ],
  ["matmul of integers", () => t.matmul(i(2, 3), i(3, 2)), "matmul: found int32[2, 3], expected float32"],
  ["reshape to another size", () => t.reshape(f(2, 3), [4]), "reshape: float32[2, 3] does not fit into [4]"],
  [
    "reshape that does not come out even",
    () => t.reshape(f(2, 3), [4, -1]),
    "reshape: float32[2, 3] does not fit into [4, 1.5]",
  ],
  [
    "reshape with two free lengths",
    () => t.reshape(f(2, 3), [-1, -1]),
    "reshape: float32[2, 3] does not fit into [6, 6]",
  ],
  [
    "transpose by no permutation",
    () => t.transpose(f(2, 3), [0, 0]),
    "transpose: [0, 0] is no permutation of the axes of float32[2, 3]",
  ],
  ["transpose of a vector", () => t.transpose(f(3)), "transpose: [0, -1] is no permutation of the axes of float32[3]"],
  [
    "broadcast to a smaller shape",
    () => t.broadcastTo(f(2, 3), [3]),
    "broadcast: float32[2, 3] does not broadcast to [3]",
  ],
  [
    "broadcast to another shape",
    () => t.broadcastTo(f(2, 3), [4, 3]),
    "broadcast: float32[2, 3] does not broadcast to [4, 3]",
  ],
  ["slice past the end", () => t.slice(f(2, 3), 1, 1, 4), "slice: 1:4:1 of axis 1 of float32[2, 3]"],
  ["slice backwards", () => t.slice(f(5), 0, 3, 1), "slice: 3:1:1 of axis 0 of float32[5]"],
  ["slice by steps of 0", () => t.slice(f(5), 0, 0, 5, 0), "slice: 0:5:0 of axis 0 of float32[5]"],
  ["slice along an axis that is not there", () => t.slice(f(5), 1, 0, 1), "slice: axis 1 is outside float32[5]"],
  [
    "slice with too few positions",
    () => t.apply("slice", [f(2, 3)], { starts: [0], ends: [1], steps: [1] }),
    "slice: 1 starts, 1 ends and 1 steps for float32[2, 3]",
  ],
  [
    "concat of other lengths",
    () => t.concat([f(2, 3), f(3, 3)], 1),
    "concat: float32[2, 3] and float32[3, 3] along axis 1",
  ],
  ["concat of other ranks", () => t.concat([f(2, 3), f(2)], 0), "concat: float32[2, 3] and float32[2] along axis 0"],
  ["concat of other types", () => t.concat([f(2), i(2)], 0), "concat: float32[2] and int32[2] along axis 0"],
  ["concat along an axis that is not there", () => t.concat([f(2), f(2)], 1), "concat: axis 1 is outside float32[2]"],
  ["concat of nothing", () => t.concat([]), "concat: there is nothing to put together"],
  ["stack of other shapes", () => t.stack([f(2), f(3)]), "concat: float32[1, 2] and float32[1, 3] along axis 0"],
  ["pad by a negative length", () => t.pad(f(3), 0, -1, 0), "pad: [-1] before and [0] after float32[3]"],
  ["pad along an axis that is not there", () => t.pad(f(3), 1, 1, 0), "pad: axis 1 is outside float32[3]"],
  ["gather of a scalar", () => t.gather(f(), i(2)), "gather: axis 0 is outside float32[]"],
  ["gather by floats", () => t.gather(f(3), f(2)), "gather: found float32[2], expected int32"],
  ["scatterAdd of integers", () => t.scatterAdd(i(2), i(2), 3), "scatterAdd: found int32[2], expected float32"],
  ["scatterAdd by floats", () => t.scatterAdd(f(2), f(2), 3), "scatterAdd: found float32[2], expected int32"],
  [
    "scatterAdd with too few places",
    () => t.scatterAdd(f(3, 2), i(2), 4),
    "scatterAdd: float32[3, 2] does not begin with the shape of its row numbers int32[2]",
  ],
  ["an item of what is no loop", () => t.apply("item", [f(2)], { index: 0 }), "item: found input, expected a loop"],
  [
    "a constant that does not fill its shape",
    () => t.constant([1, 2, 3], [2, 2]),
    "constant: 3 numbers do not fill the shape [2, 2]",
  ],
  ["splitAxis past the end", () => t.splitAxis(f(4), 0, [3, 2])[1], "slice: 3:5:1 of axis 0 of float32[4]"],
];

describe("a mistake is reported while the program is built", () => {
  it.each(MISTAKES)("%s", (_, build, message) => {
    expect(build).toThrow(new Error(message));
  });

  it("by every primitive that can be given what it does not take", () => {
    const takesAll: Primitive[] = ["input", "constant", "cast", "loop", "withGradient"];
    const named = new Set(MISTAKES.map(([, , message]) => message.split(":")[0]));
    expect(PRIMITIVES.filter((primitive) => !named.has(primitive) && !takesAll.includes(primitive))).toEqual([]);
  });
});

describe("a program", () => {
  it("refuses inputs of one name, outputs of an input's name, and inputs that are not listed", () => {
    const [x, y] = [t.input("x", [2]), t.input("y", [3])];
    expect(() => t.program([x, t.input("x", [3])], {})).toThrow('program: two inputs are named "x"');
    expect(() => t.program([x], { x: t.neg(x) })).toThrow('program: an input and an output are both named "x"');
    expect(() => t.program([x], { z: t.neg(y) })).toThrow(
      'program: an output depends on the input "y", which is not listed',
    );
  });

  it("refuses the gradient of what is no float32 scalar", () => {
    const x = t.input("x", [2]);
    expect(() => t.gradient(x, [x])).toThrow("gradient: found float32[2], expected a float32 scalar");
    expect(() => t.gradient(t.cast(t.sum(x), "int32"), [x])).toThrow(
      "gradient: found int32[], expected a float32 scalar",
    );
  });
});
