/** Cases of the primitives that work element by element. */
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
  MAGNITUDES,
  type Operand,
  spread,
  WORD,
  words,
} from "./case.ts";

type Unary = (x: Tensor) => Tensor;
type Binary = (a: Tensor, b: Tensor) => Tensor;

interface Domain {
  low?: number;
  high?: number;
  /** Where not smooth or not differentiable anywhere. */
  gradient?: GradientCheck;
}

/** Every rank from 0 to 4, a single element and none at all. */
function ranks(build: Unary, { low = -2, high = 2, gradient = "differences" }: Domain = {}): Case[] {
  const shapes = [[], [1], [5], [2, 3], [2, 1, 3], [2, 1, 2, 2], [0, 3]];
  return shapes.map((shape, seed) => ({
    label: `[${shape}]`,
    operands: [spread(shape, { low, high, seed })],
    build,
    gradient,
  }));
}

function at(
  label: string,
  build: Unary,
  values: readonly number[],
  gradient: GradientCheck = "none",
  more: Partial<Case> = {},
): Case {
  return { label, operands: [floats([values.length], values)], build, gradient, ...more };
}

/** Long enough for vector instructions and what they leave over. */
const WITH_NAN = Array.from({ length: 19 }, (_, index) => (index % 9 === 0 ? Number.NaN : 0.25 + index / 10));
const nan = (build: Unary) => at("NaN stays NaN", build, WITH_NAN);
const nans = (build: Binary) => [
  two("NaN on the left stays NaN", build, floats([19], WITH_NAN), floats([], [0.75])),
  two("NaN on the right stays NaN", build, floats([], [0.75]), floats([19], WITH_NAN)),
];

const zeroAndOnes = (derivative: number) => [[derivative, derivative, derivative]];

/** Pairs of shapes that broadcast, from scalars to rank 4 and zero-size. */
const PAIRS: readonly (readonly [readonly number[], readonly number[]])[] = [
  [[], []],
  [[3], []],
  [[], [2, 2]],
  [[2, 3], [3]],
  [
    [2, 1],
    [1, 3],
  ],
  [
    [1, 2, 3],
    [2, 1, 3],
  ],
  [
    [2, 1, 2, 1],
    [3, 1, 2],
  ],
  [[0, 3], [3]],
];

function pairs(build: Binary, { low = -2, high = 2, gradient = "differences" }: Domain = {}): Case[] {
  return PAIRS.map(([a, b], seed) => ({
    label: `[${a}] and [${b}]`,
    operands: [spread(a, { low, high, seed: 2 * seed }), spread(b, { low, high, seed: 2 * seed + 1 })],
    build,
    gradient,
  }));
}

function two(label: string, build: Binary, a: Operand, b: Operand, gradient: GradientCheck = "none"): Case {
  return { label, operands: [a, b], build, gradient };
}

/** Each of `left` with each of `right`. */
function grid(label: string, build: Binary, left: readonly number[], right: readonly number[], make = floats): Case {
  return two(label, build, make([left.length, 1], left), make([1, right.length], right));
}

const EDGES = [0, 1, -1, 7, -7, LIMIT - 1, -LIMIT, 65536, -65537];
const WORDS = [0, 1, 7, 65535, 65537, LIMIT, WORD - 1];
const asInts = (shape: readonly number[], data: readonly number[]) => integers(shape, data);

export const unaryCases = {
  neg: [
    ...ranks(t.neg),
    nan(t.neg),
    at("large and infinite", t.neg, [...MAGNITUDES, ...INFINITIES]),
    {
      label: "int32, -2^31 wraps",
      operands: [integers([5], [0, 1, -1, LIMIT - 1, -LIMIT])],
      build: t.neg,
      gradient: "none",
    },
  ],
  abs: [
    ...ranks(t.abs),
    nan(t.abs),
    at("0 and ±1: subgradient 0 at 0", t.abs, [0, 1, -1], [[0, 1, -1]]),
    at("large and infinite", t.abs, [...MAGNITUDES, ...INFINITIES]),
    { label: "int32", operands: [integers([4], [0, 5, -5, LIMIT - 1])], build: t.abs, gradient: "none" },
  ],
  sign: [
    ...ranks(t.sign),
    nan(t.sign),
    at("0 and ±1: no gradient", t.sign, [0, 1, -1], zeroAndOnes(0)),
    at("large and infinite", t.sign, [...MAGNITUDES, ...INFINITIES]),
  ],
  exp: [
    ...ranks(t.exp),
    nan(t.exp),
    at("0 and ±", t.exp, [0, 1, -1, 10, -10, 80, -80], "differences"),
    at("overflow and underflow", t.exp, [...MAGNITUDES, ...INFINITIES, 89, -110]),
  ],
  log: [
    ...ranks(t.log, { low: 0.1, high: 3 }),
    nan(t.log),
    at("small and large", t.log, [1e-30, 1e-4, 1, 30, 1e4, 1e30], "differences"),
    at("0 and infinity", t.log, [0, INFINITIES[0]]),
  ],
  sqrt: [
    ...ranks(t.sqrt, { low: 0.1, high: 3 }),
    nan(t.sqrt),
    at("small and large", t.sqrt, [1e-4, 1, 30, 1e4, 1e30], "differences"),
    at("0 and infinity", t.sqrt, [0, INFINITIES[0]]),
  ],
  tanh: [
    ...ranks(t.tanh),
    nan(t.tanh),
    at("0 and ±, saturated", t.tanh, [0, 1, -1, 5, -5, 30, -30, 1e4, -1e4], "differences"),
    at("large and infinite", t.tanh, [...MAGNITUDES, ...INFINITIES]),
  ],
  sigmoid: [
    ...ranks(t.sigmoid),
    nan(t.sigmoid),
    at("0 and ±, saturated", t.sigmoid, [0, 1, -1, 5, -5, 30, -30, 1e4, -1e4], "differences"),
    at("large and infinite", t.sigmoid, [...MAGNITUDES, ...INFINITIES]),
  ],
  erf: [
    ...ranks(t.erf),
    nan(t.erf),
    at("0 and ±, saturated", t.erf, [0, 1, -1, 2.45, 2.55, -3, 5, -5, 1e4, -1e4], "differences"),
    at("large and infinite", t.erf, [...MAGNITUDES, ...INFINITIES]),
  ],
  softplus: [
    ...ranks(t.softplus),
    nan(t.softplus),
    at("0 and ±, saturated", t.softplus, [0, 1, -1, 5, -5, 30, -30, 1e4, -1e4], "differences"),
    at("large and infinite", t.softplus, [...MAGNITUDES, ...INFINITIES]),
  ],
  relu: [
    ...ranks(t.relu),
    nan(t.relu),
    at("0 and ±1: subgradient 0 at 0", t.relu, [0, 1, -1], [[0, 1, 0]]),
    at("large and infinite", t.relu, [...MAGNITUDES, ...INFINITIES]),
  ],
  sin: [
    ...ranks(t.sin),
    nan(t.sin),
    at("0 and ±, many turns", t.sin, [0, 1, -1, 30, -30, 1e4, -1e4], "differences"),
    at("large", t.sin, MAGNITUDES),
  ],
  cos: [
    ...ranks(t.cos),
    nan(t.cos),
    at("0 and ±, many turns", t.cos, [0, 1, -1, 30, -30, 1e4, -1e4], "differences"),
    at("large", t.cos, MAGNITUDES),
  ],
  floor: [
    ...ranks(t.floor),
    nan(t.floor),
    at("whole numbers and their neighbours", t.floor, [0, 1, -1, 0.5, -0.5, 1.75, -1.75], [[0, 0, 0, 0, 0, 0, 0]]),
    at("large and infinite", t.floor, [...MAGNITUDES, ...INFINITIES]),
  ],
  not: [
    { label: "[2]", operands: [bools([2], [0, 1])], build: t.not, gradient: "none" },
    { label: "[]", operands: [bools([], [1])], build: t.not, gradient: "none" },
    { label: "[0]", operands: [bools([0], [])], build: t.not, gradient: "none" },
  ],
  cast: [
    at("float32 to int32 cuts towards 0", (x) => t.cast(x, "int32"), [0, 1.75, -1.75, 2e9, -2e9]),
    at("float32 to uint32", (x) => t.cast(x, "uint32"), [0, 1.75, 4e9]),
    at("float32 to uint8", (x) => t.cast(x, "uint8"), [0, 1.75, 255]),
    at("float32 to bool", (x) => t.cast(x, "bool"), [0, 0.5, -3]),
    {
      label: "int32 to float32",
      operands: [integers([4], [0, 1, -1, 1 << 24])],
      build: (x) => t.cast(x, "float32"),
      gradient: "none",
    },
    {
      label: "int32 to uint32 wraps",
      operands: [integers([3], [0, -1, -LIMIT])],
      build: (x) => t.cast(x, "uint32"),
      gradient: "none",
    },
    {
      label: "uint32 to int32 wraps",
      operands: [words([3], [0, LIMIT, WORD - 1])],
      build: (x) => t.cast(x, "int32"),
      gradient: "none",
    },
    {
      label: "uint32 to float32",
      operands: [words([3], [0, 1 << 24, 2 ** 31])],
      build: (x) => t.cast(x, "float32"),
      gradient: "none",
    },
    {
      label: "int32 to bool",
      operands: [integers([3], [0, 2, -1])],
      build: (x) => t.cast(x, "bool"),
      gradient: "none",
    },
    {
      label: "bool to float32",
      operands: [bools([2, 2], [0, 1, 1, 0])],
      build: (x) => t.cast(x, "float32"),
      gradient: "none",
    },
    { label: "bool to int32", operands: [bools([2], [0, 1])], build: (x) => t.cast(x, "int32"), gradient: "none" },
    {
      label: "uint8 to float32",
      operands: [integers([3], [0, 7, 255], "uint8")],
      build: (x) => t.cast(x, "float32"),
      gradient: "none",
    },
    {
      label: "uint8 to int32, none",
      operands: [integers([0], [], "uint8")],
      build: (x) => t.cast(x, "int32"),
      gradient: "none",
    },
  ],
} satisfies Partial<Record<Primitive, readonly Case[]>>;

export const binaryCases = {
  add: [
    ...pairs(t.add),
    ...nans(t.add),
    grid("large and infinite", t.add, [...MAGNITUDES, INFINITIES[0]], [...MAGNITUDES, INFINITIES[0]]),
    grid("int32 wraps", t.add, EDGES, EDGES, asInts),
    grid("uint32 wraps", t.add, WORDS, WORDS, words),
  ],
  sub: [
    ...pairs(t.sub),
    ...nans(t.sub),
    grid("large and infinite", t.sub, [...MAGNITUDES, INFINITIES[0]], [...MAGNITUDES, INFINITIES[1]]),
    grid("int32 wraps", t.sub, EDGES, EDGES, asInts),
    grid("uint32 wraps", t.sub, WORDS, WORDS, words),
  ],
  mul: [
    ...pairs(t.mul),
    ...nans(t.mul),
    grid("overflow", t.mul, MAGNITUDES, MAGNITUDES),
    grid("int32 wraps", t.mul, EDGES, EDGES, asInts),
    grid("uint32 wraps", t.mul, WORDS, WORDS, words),
  ],
  div: [
    ...pairs(t.div, { low: 0.5, high: 3 }),
    ...nans(t.div),
    two("negative divisors", t.div, spread([3], { seed: 1 }), floats([3], [-1, -0.5, -4]), "differences"),
    grid("overflow and division by 0", t.div, [1, -1, 1e30, -1e30], [...MAGNITUDES, ...INFINITIES]),
    grid("int32 cuts towards 0", t.div, [7, -7, 0, LIMIT - 1, -LIMIT], [1, 2, -2, 3, LIMIT - 1], asInts),
  ],
  pow: [
    ...pairs(t.pow, { low: 0.5, high: 3 }),
    grid("whole exponents of both signs", t.pow, [-2, -1, 0.5, 3], [-2, -1, 0, 1, 2, 3]),
    grid("0 and large", t.pow, [0, 1e4, 1e30], [0, 0.5, 1, 2]),
    // d/da a^b = b·a^(b-1): 0·, 1·1, 2·0 at a = 0; d/db = a^b·log a, taken as 0 at a = 0
    two("base 0", t.pow, floats([3], [0, 0, 0]), floats([3], [0, 1, 2]), [
      [0, 1, 0],
      [0, 0, 0],
    ]),
  ],
  maximum: [
    ...pairs(t.maximum),
    ...nans(t.maximum),
    two("ties: gradient to the first", t.maximum, floats([3], [1, 2, 0]), floats([3], [1, -2, 3]), [
      [1, 1, 0],
      [0, 0, 1],
    ]),
    grid("large and infinite", t.maximum, [...MAGNITUDES, ...INFINITIES], MAGNITUDES),
    grid("int32", t.maximum, EDGES, EDGES, asInts),
  ],
  minimum: [
    ...pairs(t.minimum),
    ...nans(t.minimum),
    two("ties: gradient to the first", t.minimum, floats([3], [1, 2, 0]), floats([3], [1, -2, 3]), [
      [1, 0, 1],
      [0, 1, 0],
    ]),
    // clip is a minimum of a maximum: its gradient is 1 inside and on both bounds, 0 outside
    at("clip on its bounds", (x) => t.clip(x, -1, 2), [-3, -1, 0, 2, 5], [[0, 1, 1, 1, 0]], {
      expected: [-1, -1, 0, 2, 2],
    }),
    grid("large and infinite", t.minimum, [...MAGNITUDES, ...INFINITIES], MAGNITUDES),
    grid("int32", t.minimum, EDGES, EDGES, asInts),
  ],
  equal: [
    ...pairs(t.equal, { gradient: "none" }),
    two("NaN is in no order", t.equal, floats([19], WITH_NAN), floats([19], WITH_NAN)),
    grid("float32", t.equal, [...MAGNITUDES, ...INFINITIES], [...MAGNITUDES, ...INFINITIES]),
    grid("int32", t.equal, EDGES, EDGES, asInts),
    grid("uint32", t.equal, WORDS, WORDS, words),
  ],
  less: [
    ...pairs(t.less, { gradient: "none" }),
    two("NaN is in no order", t.less, floats([19], WITH_NAN), floats([19], WITH_NAN)),
    grid("float32", t.less, [...MAGNITUDES, ...INFINITIES], [...MAGNITUDES, ...INFINITIES]),
    grid("int32", t.less, EDGES, EDGES, asInts),
    grid("uint32", t.less, WORDS, WORDS, words),
  ],
  and: [grid("uint32", t.and, WORDS, WORDS, words), grid("bool", t.and, [0, 1], [0, 1], bools)],
  or: [grid("uint32", t.or, WORDS, WORDS, words), grid("bool", t.or, [0, 1], [0, 1], bools)],
  xor: [grid("uint32", t.xor, WORDS, WORDS, words), grid("bool", t.xor, [0, 1], [0, 1], bools)],
  shiftLeft: [
    grid("uint32", t.shiftLeft, WORDS, [0, 1, 13, 31], words),
    two("[0]", t.shiftLeft, words([0], []), words([], [3])),
  ],
  shiftRight: [
    grid("uint32", t.shiftRight, WORDS, [0, 1, 13, 31], words),
    two("[0]", t.shiftRight, words([0], []), words([], [3])),
  ],
} satisfies Partial<Record<Primitive, readonly Case[]>>;

const CONDITION = bools([2, 1], [1, 0]);
export const whereCases: readonly Case[] = [
  {
    label: "all three broadcast",
    operands: [CONDITION, spread([3], { seed: 1 }), spread([2, 2, 1], { seed: 2 })],
    build: t.where,
    gradient: "differences",
  },
  {
    label: "scalars",
    operands: [bools([], [0]), floats([], [3]), floats([], [-4])],
    build: t.where,
    gradient: "differences",
  },
  {
    label: "what is not chosen does not matter",
    operands: [CONDITION, floats([2, 1], [1e30, INFINITIES[0]]), floats([2, 1], [INFINITIES[1], -1e30])],
    build: t.where,
    gradient: [
      [1, 0],
      [0, 1],
    ],
  },
  {
    label: "int32",
    operands: [CONDITION, integers([2], [LIMIT - 1, 3]), integers([2], [-LIMIT, 4])],
    build: t.where,
    gradient: "none",
  },
  {
    label: "uint32",
    operands: [CONDITION, words([2], [WORD - 1, 3]), words([2], [LIMIT, 4])],
    build: t.where,
    gradient: "none",
  },
  { label: "bool", operands: [CONDITION, bools([2], [1, 0]), bools([2], [0, 1])], build: t.where, gradient: "none" },
  {
    label: "zero-size",
    operands: [bools([0, 1], []), spread([3]), spread([0, 3])],
    build: t.where,
    gradient: "differences",
  },
];
