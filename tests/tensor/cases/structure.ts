/** Cases of the primitives that reduce, multiply, move and repeat. */
import type { Primitive, Tensor } from "../../../src/tensor/index.ts";
import * as t from "../../../src/tensor/index.ts";
import {
  bools,
  type Case,
  floats,
  type GradientCheck,
  INFINITIES,
  integers,
  LIMIT,
  type Operand,
  spread,
  WORD,
  words,
} from "./case.ts";

type Build = (...operands: Tensor[]) => Tensor;

function one(label: string, operand: Operand, build: Build, gradient: GradientCheck = "differences"): Case {
  return { label, operands: [operand], build, gradient };
}

function two(label: string, a: Operand, b: Operand, build: Build, gradient: GradientCheck = "differences"): Case {
  return { label, operands: [a, b], build, gradient };
}

const WITH_NAN = floats([2, 5], [1, Number.NaN, 2, 3, 4, 5, 6, 7, 8, 9]);
const COLUMNS = floats([3, 4], [1, Number.NaN, INFINITIES[0], 1e30, 2, 3, 4, -1e30, 5, 6, 7, 1e30]);
const LARGE = floats([2, 3], [1e4, -1e4, 9999, 1e30, -1e30, 0]);

function alongEachAxis(build: (x: Tensor, axis: number) => Tensor, gradient: GradientCheck = "differences"): Case[] {
  return [
    one("[3] along 0", spread([3], { seed: 1 }), (x) => build(x, 0), gradient),
    one("[2, 3] along 0", spread([2, 3], { seed: 2 }), (x) => build(x, 0), gradient),
    one("[2, 3] along the last", spread([2, 3], { seed: 3 }), (x) => build(x, -1), gradient),
    one("[2, 3, 2] along 1", spread([2, 3, 2], { seed: 4 }), (x) => build(x, 1), gradient),
    one("[2, 1, 3, 2] along 2", spread([2, 1, 3, 2], { seed: 5 }), (x) => build(x, 2), gradient),
    one("[2, 1] along a length of 1", spread([2, 1], { seed: 6 }), (x) => build(x, 1), gradient),
    one("[0, 3] along 1", spread([0, 3]), (x) => build(x, 1), gradient),
  ];
}

function overAxes(build: (x: Tensor, axes?: number[]) => Tensor): Case[] {
  return [
    one("[3] to a scalar", spread([3], { seed: 1 }), (x) => build(x)),
    one("[2, 3] over 0", spread([2, 3], { seed: 2 }), (x) => build(x, [0])),
    one("[2, 3] over 1", spread([2, 3], { seed: 3 }), (x) => build(x, [1])),
    one("[2, 3, 2] over 0 and 2", spread([2, 3, 2], { seed: 4 }), (x) => build(x, [0, 2])),
    one("[2, 1, 3, 2] over 1 and 3", spread([2, 1, 3, 2], { seed: 5 }), (x) => build(x, [1, 3])),
    one("[0, 3] over 1", spread([0, 3]), (x) => build(x, [1])),
    one("[1, 1] over both", spread([1, 1]), (x) => build(x)),
  ];
}

export const reductionCases = {
  sum: [
    ...overAxes((x, axes) => t.sum(x, { axes })),
    one("[0, 3] over the empty axis", spread([0, 3]), (x) => t.sum(x, { axes: 0 })),
    one("large", LARGE, (x) => t.sum(x, { axes: 1 }), "none"),
    one("NaN stays NaN", WITH_NAN, (x) => t.sum(x, { axes: 1 }), "none"),
    one("NaN and infinity stay in their columns", COLUMNS, (x) => t.sum(x, { axes: 0 }), "none"),
    one("nine rows of seventeen", spread([9, 17], { seed: 9 }), (x) => t.sum(x, { axes: 0 })),
    one("rows of two leading axes", spread([2, 3, 5], { seed: 10 }), (x) => t.sum(x, { axes: [0, 1] })),
    one("int32, exact beyond 2^24", integers([3], [LIMIT - 2, 1, -5]), (x) => t.sum(x), "none"),
  ],
  max: [
    ...overAxes((x, axes) => t.max(x, { axes })),
    one(
      "large and infinite",
      floats([2, 3], [1e30, -1e30, 0, INFINITIES[1], -1e30, INFINITIES[1]]),
      (x) => t.max(x, { axes: 1 }),
      "none",
    ),
    one("ties: equal shares", floats([2, 4], [1, 3, 3, 0, 5, 5, 5, 5]), (x) => t.max(x, { axes: 1 }), [
      [0, 0.5, 0.5, 0, 0.25, 0.25, 0.25, 0.25],
    ]),
    one("int32, all negative", integers([2, 2], [-3, -2, -LIMIT, -7]), (x) => t.max(x, { axes: 1 }), "none"),
  ],
  logSumExp: [
    ...alongEachAxis(t.logSumExp),
    one("large", LARGE, (x) => t.logSumExp(x), "differences"),
    one(
      "infinite",
      floats([3, 2], [INFINITIES[1], 3, INFINITIES[1], -1e30, INFINITIES[1], INFINITIES[1]]),
      (x) => t.logSumExp(x),
      "none",
    ),
    one("NaN stays NaN", WITH_NAN, (x) => t.logSumExp(x), "none"),
    one("a first element of minus infinity", floats([3], [INFINITIES[1], -200, -201]), (x) => t.logSumExp(x), "none"),
  ],
  argMax: [
    ...alongEachAxis(t.argMax, "none"),
    one("ties: the first", floats([2, 3], [1, 4, 4, -2, -2, -2]), (x) => t.argMax(x), "none"),
    one(
      "large and infinite",
      floats([2, 3], [1e4, 1e30, -1e30, INFINITIES[1], INFINITIES[1], -1e30]),
      (x) => t.argMax(x),
      "none",
    ),
  ],
  softmax: [
    one("NaN stays NaN", WITH_NAN, (x) => t.softmax(x), "none"),
    ...alongEachAxis(t.softmax),
    one("large", LARGE, (x) => t.softmax(x), "differences"),
    one(
      "minus infinity is a weight of 0",
      floats([2, 2], [INFINITIES[1], 3, 0, INFINITIES[1]]),
      (x) => t.softmax(x),
      "none",
    ),
  ],
  cumulativeSum: [
    ...alongEachAxis((x, axis) => t.cumulativeSum(x, axis)),
    one("reverse along 0", spread([3, 2], { seed: 7 }), (x) => t.cumulativeSum(x, 0, { reverse: true })),
    one("reverse along the last", spread([2, 3], { seed: 8 }), (x) => t.cumulativeSum(x, -1, { reverse: true })),
    one("large", LARGE, (x) => t.cumulativeSum(x), "none"),
    one("int32 wraps", integers([3], [LIMIT - 1, 1, 5]), (x) => t.cumulativeSum(x), "none"),
  ],
} satisfies Partial<Record<Primitive, readonly Case[]>>;

const product =
  (transposeA: boolean, transposeB: boolean): Build =>
  (a, b) =>
    t.matmul(a, b, { transposeA, transposeB });

/** Left and right without their last two axes; the product's own are 2 x 3 times 3 x 4. */
const BATCHES: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[2], []],
  [[], [2]],
  [[2], [2]],
  [[2, 1], [3]],
  [[1], [2]],
];

const FLAGS = [false, true];
export const productCases: readonly Case[] = [
  ...BATCHES.flatMap(([a, b], seed) =>
    FLAGS.flatMap((transposeA) =>
      FLAGS.map((transposeB) =>
        two(
          `[${a}] and [${b}]${transposeA ? ", left transposed" : ""}${transposeB ? ", right transposed" : ""}`,
          spread([...a, ...(transposeA ? [3, 2] : [2, 3])], { seed: 20 + seed }),
          spread([...b, ...(transposeB ? [4, 3] : [3, 4])], { seed: 40 + seed }),
          product(transposeA, transposeB),
        ),
      ),
    ),
  ),
  two("lengths of 1", spread([1, 1], { seed: 1 }), spread([1, 1], { seed: 2 }), product(false, false)),
  two("no rows", spread([0, 3]), spread([3, 4], { seed: 2 }), product(false, false)),
  two("an empty batch", spread([0, 2, 3]), spread([3, 4], { seed: 2 }), product(false, false)),
  two("large", floats([1, 2], [1e4, -1e4]), floats([2, 2], [1e4, 1e30, -1e4, 1e30]), product(false, false), "none"),
];

const FLAT = spread([2, 3, 2], { seed: 3 });
export const structureCases = {
  // x² with its gradient 2x stated; a statement that differs from what derivation would give (3x) is what counts
  withGradient: [
    {
      ...one("square", floats([3], [-2, 0, 3]), (x) =>
        t.withGradient(t.mul(x, x), [x], (g, [read]) => [t.mul(g, t.mul(read, 2))]),
      ),
      expected: [4, 0, 9],
    },
    {
      ...one("stated", floats([2], [-2, 3]), (x) => t.withGradient(t.mul(x, 2), [x], (g) => [t.mul(g, 3)]), [[3, 3]]),
      expected: [-4, 6],
    },
  ],
  reshape: [
    one("[2, 3, 2] to [4, -1]", FLAT, (x) => t.reshape(x, [4, -1])),
    one("[1, 1] to []", spread([1, 1]), (x) => t.reshape(x, [])),
    one("[] to [1, 1, 1]", spread([]), (x) => t.reshape(x, [1, 1, 1])),
    one("[0, 3] to [3, 0]", spread([0, 3]), (x) => t.reshape(x, [3, 0])),
    one("uint32", words([2, 2], [0, 1, LIMIT, WORD - 1]), (x) => t.reshape(x, [4]), "none"),
  ],
  transpose: [
    one("[2, 3]", spread([2, 3], { seed: 4 }), (x) => t.transpose(x)),
    one("[2, 3, 2] by [2, 0, 1]", FLAT, (x) => t.transpose(x, [2, 0, 1])),
    one("[2, 1, 3, 2] by [3, 1, 0, 2]", spread([2, 1, 3, 2], { seed: 5 }), (x) => t.transpose(x, [3, 1, 0, 2])),
    one("[0, 3]", spread([0, 3]), (x) => t.transpose(x)),
    one("bool", bools([2, 2], [0, 1, 0, 0]), (x) => t.transpose(x), "none"),
  ],
  broadcast: [
    one("[] to [2, 2]", spread([], { seed: 6 }), (x) => t.broadcastTo(x, [2, 2])),
    one("[2, 1] to [3, 2, 2]", spread([2, 1], { seed: 7 }), (x) => t.broadcastTo(x, [3, 2, 2])),
    one("[1, 3] to [0, 3]", spread([1, 3]), (x) => t.broadcastTo(x, [0, 3])),
    one("uint8", integers([1, 2], [0, 255], "uint8"), (x) => t.broadcastTo(x, [2, 2]), "none"),
  ],
  slice: [
    one("[5] 1:4", spread([5], { seed: 8 }), (x) => t.slice(x, 0, 1, 4)),
    one("[5] 0:5:2", spread([5], { seed: 8 }), (x) => t.slice(x, 0, 0, 5, 2)),
    one("[6] 1:6:3", spread([6], { seed: 9 }), (x) => t.slice(x, 0, 1, 6, 3)),
    one("[7] 2:4:3, one element", spread([7], { seed: 9 }), (x) => t.slice(x, 0, 2, 4, 3)),
    one("[2, 5] along the last, from the end", spread([2, 5], { seed: 10 }), (x) => t.slice(x, -1, -3, -1)),
    one("[3, 4] along both", spread([3, 4], { seed: 11 }), (x) =>
      t.apply("slice", [x], { starts: [1, 0], ends: [3, 4], steps: [1, 3] }),
    ),
    one("nothing", spread([3, 2], { seed: 12 }), (x) => t.slice(x, 0, 2, 2)),
    one("everything", spread([3, 2], { seed: 13 }), (x) => t.slice(x, 0, 0, 3)),
    one("bool", bools([4], [0, 1, 1, 0]), (x) => t.slice(x, 0, 1, 4, 2), "none"),
  ],
  concat: [
    two("[2] and [3]", spread([2], { seed: 1 }), spread([3], { seed: 2 }), (a, b) => t.concat([a, b])),
    two("[2, 1] and [2, 2] along 1", spread([2, 1], { seed: 1 }), spread([2, 2], { seed: 2 }), (a, b) =>
      t.concat([a, b], 1),
    ),
    two("one of them twice, along 0", spread([1, 2], { seed: 3 }), spread([2, 2], { seed: 4 }), (a, b) =>
      t.concat([a, b, a], 0),
    ),
    two("with nothing", spread([0, 2]), spread([2, 2], { seed: 4 }), (a, b) => t.concat([a, b], 0)),
    two("uint32", words([1], [WORD - 1]), words([2], [0, LIMIT]), (a, b) => t.concat([a, b], 0), "none"),
  ],
  pad: [
    one("[3] by 1 and 2", spread([3], { seed: 1 }), (x) => t.pad(x, 0, 1, 2)),
    one("[2, 2] along both, with a value", spread([2, 2], { seed: 2 }), (x) =>
      t.apply("pad", [x], { before: [1, 0], after: [0, 2], value: -1.5 }),
    ),
    one("with minus infinity", spread([2, 1], { seed: 3 }), (x) => t.pad(x, 1, 0, 1, INFINITIES[1]), "none"),
    one("[0, 2] to [1, 2]", spread([0, 2]), (x) => t.pad(x, 0, 1, 0, 4)),
    one("int32", integers([2], [-LIMIT, 3]), (x) => t.pad(x, 0, 1, 1, -7), "none"),
  ],
  gather: [
    two("rows of a matrix, one twice", spread([3, 2], { seed: 1 }), integers([4], [2, 0, 2, 1]), t.gather),
    two("elements of a vector", spread([4], { seed: 2 }), integers([3], [3, 3, 0]), t.gather),
    two("one row by a scalar", spread([3, 2, 2], { seed: 3 }), integers([], [1]), t.gather),
    two("rows by a matrix", spread([3, 2], { seed: 4 }), integers([2, 2], [0, 1, 2, 0]), t.gather),
    two("no rows", spread([3, 2], { seed: 5 }), integers([0], []), t.gather),
    two("uint32", words([3], [WORD - 1, 5, LIMIT]), integers([2], [2, 0]), t.gather, "none"),
  ],
  scatterAdd: [
    two("places named twice add up", spread([4, 2], { seed: 1 }), integers([4], [2, 0, 2, 1]), (x, at) =>
      t.scatterAdd(x, at, 5),
    ),
    two("into a vector", spread([3], { seed: 2 }), integers([3], [3, 3, 0]), (x, at) => t.scatterAdd(x, at, 4)),
    two("one row by a scalar", spread([2, 2], { seed: 3 }), integers([], [1]), (x, at) => t.scatterAdd(x, at, 3)),
    two("rows by a matrix", spread([2, 2, 3], { seed: 4 }), integers([2, 2], [0, 1, 1, 0]), (x, at) =>
      t.scatterAdd(x, at, 2),
    ),
    two("nothing to add", spread([0, 2]), integers([0], []), (x, at) => t.scatterAdd(x, at, 2)),
  ],
} satisfies Partial<Record<Primitive, readonly Case[]>>;

// x₁ = 2x₀ + y three times from x₀ = (1, -1), y = (0.5, 0.25): (2.5, -1.75), (5.5, -3.25), (11.5, -6.25)
const threeTimes = (x: Tensor, y: Tensor) =>
  t.loop(3, [x], (_, [carried]) => {
    const next = t.add(t.mul(carried, 2), y);
    return { carried: [next], stacked: [next] };
  });
const LOOP_OPERANDS = [floats([2], [1, -1]), floats([2], [0.5, 0.25])] as const;

export const loopCases = {
  loop: [
    {
      ...two("carried value after three passes", ...LOOP_OPERANDS, (x, y) => threeTimes(x, y).carried[0]),
      expected: [11.5, -6.25],
    },
    {
      ...one(
        "no pass leaves the start",
        spread([2], { seed: 3 }),
        (x) => t.loop(0, [x], (_, [c]) => ({ carried: [t.mul(c, 2)] })).carried[0],
      ),
      expected: spread([2], { seed: 3 }).data,
    },
    // 10 + 0 + 1 + 2 + 3
    {
      ...one(
        "the number of the pass",
        floats([], [10]),
        (x) => t.loop(4, [x], (pass, [c]) => ({ carried: [t.add(c, t.cast(pass, "float32"))] })).carried[0],
      ),
      expected: [16],
    },
    // 3·2^2 wraps nothing, 2^31·2 wraps to 0
    {
      ...one(
        "uint32 state",
        words([2], [3, LIMIT]),
        (x) => t.loop(2, [x], (_, [c]) => ({ carried: [t.mul(c, 2)] })).carried[0],
        "none",
      ),
      expected: [12, 0],
    },
  ],
  item: [
    {
      ...two("stacked values of all passes", ...LOOP_OPERANDS, (x, y) => threeTimes(x, y).stacked[0]),
      expected: [2.5, -1.75, 5.5, -3.25, 11.5, -6.25],
    },
    {
      ...one(
        "stacked values of no pass",
        spread([2], { seed: 3 }),
        (x) => t.loop(0, [x], (_, [c]) => ({ carried: [c], stacked: [c] })).stacked[0],
      ),
      expected: [],
    },
  ],
} satisfies Partial<Record<Primitive, readonly Case[]>>;

export const sourceCases = {
  input: [
    { ...one("[2]", floats([2], [1, -2]), (x) => x), expected: [1, -2] },
    { ...one("[]", words([], [WORD - 1]), (x) => x, "none"), expected: [WORD - 1] },
    { ...one("[0, 2]", floats([0, 2], []), (x) => x), expected: [] },
  ],
  constant: [
    { label: "[2]", operands: [], build: () => t.constant([1.5, -2]), gradient: "none", expected: [1.5, -2] },
    { label: "[]", operands: [], build: () => t.constant(-1, [], "int32"), gradient: "none", expected: [-1] },
    {
      label: "bool",
      operands: [],
      build: () => t.constant([1, 0], [2, 1], "bool"),
      gradient: "none",
      expected: [1, 0],
    },
    {
      label: "uint32",
      operands: [],
      build: () => t.constant([WORD - 1], [1], "uint32"),
      gradient: "none",
      expected: [WORD - 1],
    },
    { label: "[0]", operands: [], build: () => t.constant([]), gradient: "none", expected: [] },
    {
      label: "infinite",
      operands: [],
      build: () => t.constant([...INFINITIES]),
      gradient: "none",
      expected: [...INFINITIES],
    },
  ],
} satisfies Partial<Record<Primitive, readonly Case[]>>;
