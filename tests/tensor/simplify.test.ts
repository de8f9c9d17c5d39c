import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Shape, sizeOf } from "../../src/base/index.ts";
import type { Primitive, Program, Tensor } from "../../src/tensor/index.ts";
import * as t from "../../src/tensor/index.ts";
import { CASES, caseProgram, PRIMITIVES } from "./cases/index.ts";
import { LOOP_CASES, loopProgram } from "./cases/loops.ts";

/** How often each primitive stands in a program, the bodies of its loops included; sources are left out. */
function count(program: Program): Partial<Record<Primitive, number>> {
  const counts: Partial<Record<Primitive, number>> = {};
  for (const value of t.topologicalOrder(program.outputs.map((output) => output.value))) {
    if (value.primitive === "input" || value.primitive === "constant") continue;
    counts[value.primitive] = (counts[value.primitive] ?? 0) + 1;
    if (value.primitive !== "loop") continue;
    for (const [primitive, times] of Object.entries(count(value.attributes.body)) as [Primitive, number][]) {
      counts[primitive] = (counts[primitive] ?? 0) + times;
    }
  }
  return counts;
}

const simplified = (inputs: readonly t.Node<"input">[], y: Tensor) => count(t.simplify(t.program(inputs, { y })));

function expectSame(original: Program, feeds: Readonly<Record<string, ArrayLike<number>>>, tolerance = 1e-6): void {
  const simple = t.simplify(original);
  const [expected, found] = [original, simple].map((program) => t.interpret(program, feeds));
  for (const [name, { shape, data }] of Object.entries(expected)) {
    expect(found[name].shape).toEqual(shape);
    const wrong = data.findIndex((value: number, index: number) => {
      const other = found[name].data[index];
      return !(Object.is(value + 0, other + 0) || Math.abs(value - other) <= tolerance * (1 + Math.abs(value)));
    });
    if (wrong >= 0) expect.fail(`${name}[${wrong}]: ${found[name].data[wrong]} instead of ${data[wrong]}`);
  }
  expect(count(t.simplify(simple))).toEqual(count(simple));
}

// Random programs: a pool of values that grows by operations on what is in it.

type Step = (pool: readonly Tensor[], choose: (count: number) => number) => Tensor | null;
const SHAPES: readonly Shape[] = [[], [3], [2, 3], [1, 3], [3, 2], [2, 1], [2, 2, 3]];

const unary =
  (operation: (x: Tensor) => Tensor): Step =>
  (pool, choose) =>
    operation(pool[choose(pool.length)]);

const binary =
  (operation: (a: Tensor, b: Tensor) => Tensor): Step =>
  (pool, choose) => {
    const [a, b] = [pool[choose(pool.length)], pool[choose(pool.length)]];
    try {
      return operation(a, b);
    } catch {
      return null;
    }
  };

const shapeless =
  (operation: (x: Tensor, choose: (count: number) => number) => Tensor): Step =>
  (pool, choose) => {
    const candidates = pool.filter((value) => value.shape.length > 0 && sizeOf(value.shape) > 0);
    return candidates.length === 0 ? null : operation(candidates[choose(candidates.length)], choose);
  };

const STEPS: readonly Step[] = [
  unary(t.tanh),
  unary(t.neg),
  unary((x) => t.add(x, 0)),
  unary((x) => t.mul(1, x)),
  unary((x) => t.sub(x, 0)),
  unary((x) => t.div(x, 1)),
  unary((x) => t.mul(x, 0.5)),
  unary((x) => t.reshape(x, [sizeOf(x.shape)])),
  unary((x) => t.reshape(x, [...x.shape])),
  unary((x) => t.where(t.less(x, 0.25), x, t.mul(x, 2))),
  unary((x) => t.where(t.constant(1, [], "bool"), x, 0)),
  binary(t.add),
  binary(t.mul),
  binary(t.maximum),
  binary((a, b) => t.minimum(a, t.broadcastTo(b, a.shape))),
  binary((a, b) => t.where(t.less(a, b), a, b)),
  binary((a, b) => t.matmul(a, t.transpose(b))),
  binary((a, b) => t.matmul(t.transpose(a), b)),
  binary((a, b) => t.concat([a, b], 0)),
  shapeless((x, choose) => {
    const turn = choose(x.shape.length);
    const axes = [...x.shape.keys()];
    return t.transpose(x, [...axes.slice(turn), ...axes.slice(0, turn)]);
  }),
  shapeless((x) => t.transpose(x, [...x.shape.keys()].reverse())),
  shapeless((x, choose) => t.sum(x, { axes: choose(x.shape.length), keep: choose(2) === 0 })),
  shapeless((x) => t.softmax(x)),
  shapeless((x, choose) => t.pad(x, choose(x.shape.length), choose(2), 1, [0, -0, 1, -2][choose(4)])),
  shapeless((x, choose) => t.slice(x, 0, choose(x.shape[0]), x.shape[0])),
  shapeless((x) => t.loop(2, [x], (_, [y]) => ({ carried: [t.add(t.mul(y, 0.5), t.tanh(x))] })).carried[0]),
];

/** A program of up to `length` random operations on two inputs and two constants; everything it made is an output. */
function randomProgram(choices: readonly number[], length: number): Program {
  let next = 0;
  const choose = (count: number) => choices[next++ % choices.length] % count;
  const x = t.input("x", SHAPES[choose(SHAPES.length)]);
  const z = t.input("z", SHAPES[choose(SHAPES.length)]);
  const shape = SHAPES[choose(SHAPES.length)];
  const numbers = Array.from({ length: sizeOf(shape) }, () => choose(5) - 2);
  const pool: Tensor[] = [x, z, t.constant(numbers, shape), t.full(choose(3), SHAPES[choose(SHAPES.length)])];
  for (let made = 0; made < length; made++) {
    const value = STEPS[choose(STEPS.length)](pool, choose);
    if (value && sizeOf(value.shape) <= 64) pool.push(value);
  }
  return t.program([x, z], Object.fromEntries(pool.slice(2).map((value, index) => [`y${index}`, value])));
}

describe("a simplified program", () => {
  it("gives what the original gives, and is as simple as it gets in one pass", () => {
    const choices = fc.array(fc.nat(1000), { minLength: 50, maxLength: 150 });
    fc.assert(
      fc.property(choices, fc.integer({ min: 1, max: 25 }), (chosen, length) => {
        const original = randomProgram(chosen, length);
        const [x, z] = original.inputs.map(({ shape }, input) =>
          Array.from({ length: sizeOf(shape) }, (_, index) => Math.sin(index * 1.7 + input) * 1.5),
        );
        expectSame(original, { x, z });
      }),
      { numRuns: 300 },
    );
  });

  it.each(PRIMITIVES)("gives what the original gives: %s and its gradient", (primitive) => {
    const { program, feeds } = caseProgram(primitive);
    expectSame(program, feeds);
  });

  // constants are folded in float32
  it.each(LOOP_CASES)("gives what the original gives: $label", (each) => {
    const { program, feeds } = loopProgram(each, t.loop);
    expectSame(program, feeds, 1e-6);
  });

  it("stays one where every operand of every primitive is a constant", () => {
    for (const primitive of PRIMITIVES) {
      for (const { label, operands, build } of CASES[primitive]) {
        const value = build(...operands.map(({ data, shape, dtype }) => t.constant(data, shape, dtype)));
        const original = t.program([], { y: value });
        const [expected, found] = [original, t.simplify(original)].map((each) => t.interpret(each, {}).y.data);
        const rounded = (data: t.TypedArray) =>
          value.dtype === "float32" ? Float32Array.from(data, (x) => Math.fround(x) + 0) : data;
        expect(rounded(found), `${primitive}: ${label}`).toEqual(rounded(expected));
      }
    }
  });
});

describe("simplification", () => {
  const x = t.input("x", [2, 3]);
  const w = t.input("w", [4, 3]);

  it("folds what constants alone decide", () => {
    expect(simplified([x], t.mul(x, t.exp(t.add(t.constant(1), t.constant(2)))))).toEqual({ mul: 1 });
    // not into constants of more than 1024 numbers, which would be stored in the file
    expect(simplified([], t.exp(t.full(1, [2000])))).toEqual({ broadcast: 1, exp: 1 });
    expect(simplified([], t.add(t.full(1, [2000]), t.constant(2)))).toEqual({ broadcast: 1, add: 1 });
  });

  it("shares what is written twice", () => {
    const twice = () => t.tanh(t.matmul(x, t.transpose(w)));
    expect(simplified([x, w], t.add(twice(), twice()))).toEqual({ matmul: 1, tanh: 1, add: 1 });
    expect(simplified([x], t.add(t.mul(x, t.constant([1, 2, 3])), t.mul(x, t.constant([1, 2, 3]))))).toEqual({
      mul: 1,
      add: 1,
    });
  });

  it("shares nothing that only looks alike", () => {
    const padded = (value: number) => t.pad(x, 0, 1, 0, value);
    const { POSITIVE_INFINITY, NEGATIVE_INFINITY, NaN: nan } = Number;
    expect(simplified([x], t.concat([padded(POSITIVE_INFINITY), padded(NEGATIVE_INFINITY), padded(nan)], 0))).toEqual({
      pad: 3,
      concat: 1,
    });
    expect(simplified([x], t.concat([t.div(x, t.constant(0)), t.div(x, t.constant(-0))]))).toEqual({
      div: 2,
      concat: 1,
    });
    // 1 as a float, as an integer and as a word
    const ones = [t.cast(t.equal(t.cast(x, "int32"), 1), "float32"), t.cast(t.equal(x, 1), "float32")];
    expect(simplified([x], t.concat(ones))).toEqual({ cast: 3, equal: 2, concat: 1 });
  });

  it("absorbs transposes into products, also those of gradients", () => {
    expect(simplified([x, w], t.matmul(x, t.transpose(w)))).toEqual({ matmul: 1 });
    expect(simplified([x, w], t.matmul(t.transpose(t.transpose(x)), t.transpose(w)))).toEqual({ matmul: 1 });
    expect(simplified([x, w], t.transpose(t.transpose(x)))).toEqual({});
    const [dx, dw] = t.gradient(t.sum(t.matmul(x, t.transpose(w))), [x, w]);
    const counts = count(t.simplify(t.program([x, w], { dx, dw })));
    expect(counts.matmul).toBe(2);
    // ∂/∂w is a product whose result is transposed once more: that one remains
    expect(counts.transpose ?? 0).toBeLessThanOrEqual(1);
  });

  it("absorbs no transpose that moves other axes", () => {
    const a = t.input("a", [2, 3, 4]);
    const b = t.input("b", [2, 3, 5]);
    expect(simplified([a, b], t.matmul(t.transpose(a), b))).toEqual({ matmul: 1 });
    const moved = t.transpose(t.input("c", [3, 2, 4]), [1, 0, 2]);
    expect(simplified([moved.operands[0] as t.Node<"input">, b], t.matmul(t.transpose(moved), b))).toEqual({
      transpose: 1,
      matmul: 1,
    });
  });

  it("drops what changes nothing, and keeps it where the shape changes", () => {
    expect(simplified([x], t.div(t.sub(t.mul(t.add(0, x), 1), 0), 1))).toEqual({});
    expect(simplified([x], t.reshape(t.reshape(x, [6]), [2, 3]))).toEqual({});
    expect(simplified([x], t.reshape(t.reshape(x, [6]), [3, 2]))).toEqual({ reshape: 1 });
    expect(simplified([x], t.where(t.constant(1, [], "bool"), x, 0))).toEqual({});
    expect(simplified([x], t.add(x, t.full(0, [4, 2, 3])))).toEqual({ broadcast: 1, add: 1 });
    expect(simplified([x], t.mul(x, t.full(2, [2, 3])))).toEqual({ mul: 1 });
  });

  it("works inside loops too, and keeps the names of inputs and outputs", () => {
    const { carried } = t.loop(2, [x], (_, [y]) => ({
      carried: [t.add(t.mul(y, 1), t.reshape(t.reshape(y, [6]), [2, 3]))],
    }));
    const simple = t.simplify(t.program([x, w], { y: carried[0] }));
    expect(count(simple)).toEqual({ loop: 1, item: 1, add: 1 });
    expect(simple.inputs).toEqual([x, w]);
    expect(simple.outputs.map((output) => output.name)).toEqual(["y"]);
  });
});
