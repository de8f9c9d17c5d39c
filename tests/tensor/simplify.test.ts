import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Primitive, Program, Tensor } from "../../src/tensor/index.ts";
import * as t from "../../src/tensor/index.ts";
import { CASES, caseProgram, PRIMITIVES } from "./cases/index.ts";
import { LOOP_CASES, loopProgram } from "./cases/loops.ts";
import { randomPrograms } from "./cases/random-programs.ts";

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

describe("a simplified program", () => {
  it("gives what the original gives, and is as simple as it gets in one pass", () => {
    fc.assert(
      fc.property(randomPrograms({ gradients: false }), ({ program, feeds }) => expectSame(program, feeds)),
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
