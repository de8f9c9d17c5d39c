import { describe, expect, it } from "vitest";
import {
  add,
  constant,
  full,
  gradient,
  input,
  interpret,
  loop,
  matmul,
  mul,
  program,
  sum,
  tanh,
  topologicalOrder,
} from "../../src/tensor/index.ts";
import { LOOP_CASES, loopProgram, unrolled } from "./cases/loops.ts";

function expectClose(found: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(found.length).toBe(expected.length);
  const distances = Array.from(found, (value, at) => Math.abs(value - expected[at]) / (1 + Math.abs(expected[at])));
  expect(Math.max(0, ...distances)).toBeLessThanOrEqual(tolerance);
}

describe.each(LOOP_CASES)("$label", (each) => {
  const { program: looped, feeds } = loopProgram(each, loop);
  const found = interpret(looped, feeds);

  it("gives what the passes give one after another, values and gradients", () => {
    const { program: plain } = loopProgram(each, unrolled);
    const expected = interpret(plain, feeds);
    for (const [name, { shape, data }] of Object.entries(expected)) {
      expect(found[name].shape, name).toEqual(shape);
      expectClose(found[name].data, data, 1e-12);
    }
  });

  it.each(["x", "w"])("has the gradient of central differences in %s", (name) => {
    const h = 1e-6;
    const moved = (index: number, by: number) =>
      interpret(looped, { ...feeds, [name]: feeds[name].with(index, feeds[name][index] + by) }).loss.data[0];
    const differences = feeds[name].map((_, index) => (moved(index, h) - moved(index, -h)) / (2 * h));
    expectClose(found[`d${name}`].data, differences, 1e-6);
  });
});

describe("a loop", () => {
  it("of no passes hands its start on, gradients too, and keeps nothing", () => {
    const x = input("x", [2]);
    const w = input("w", [2]);
    const { carried, stacked } = loop(0, [x], (_, [y]) => ({ carried: [mul(y, w)], stacked: [y] }));
    const value = add(sum(mul(carried[0], constant([3, 4]))), sum(stacked[0]));
    const [dx, dw] = gradient(value, [x, w]);
    const results = interpret(program([x, w], { y: carried[0], kept: stacked[0], dx, dw }), { x: [1, 2], w: [5, 6] });
    expect([...results.y.data]).toEqual([1, 2]);
    expect(results.kept.shape).toEqual([0, 2]);
    // d(3x₀ + 4x₁)
    expect([...results.dx.data]).toEqual([3, 4]);
    expect([...results.dw.data]).toEqual([0, 0]);
  });

  it("has a second derivative", () => {
    // y = x·w³ by three passes; dy/dw = 3xw², d²y/dw² = 6xw = 6·2·5
    const x = input("x", []);
    const w = input("w", []);
    const y = loop(3, [x], (_, [carried]) => ({ carried: [mul(carried, w)] })).carried[0];
    const [first] = gradient(y, [w]);
    const [second] = gradient(first, [w]);
    const results = interpret(program([x, w], { first, second }), { x: [2], w: [5] });
    expect(results.first.data[0]).toBeCloseTo(3 * 2 * 25, 10);
    expect(results.second.data[0]).toBeCloseTo(60, 10);
  });

  it("computes what does not depend on it once, outside", () => {
    const x = input("x", [2, 2]);
    const w = input("w", [2, 2]);
    const { carried } = loop(4, [x], (_, [y]) => ({ carried: [add(y, tanh(matmul(w, w)))] }));
    const [item] = carried;
    const [tuple] = item.operands;
    if (tuple.primitive !== "loop") return expect.fail("no loop");
    const inside = topologicalOrder(tuple.attributes.body.outputs.map((output) => output.value));
    expect(inside.map((value) => value.primitive).sort()).toEqual(["add", "input", "input"]);
    expect(tuple.operands.map((operand) => operand.primitive)).toEqual(["input", "tanh"]);
  });

  it("refuses carried values that come back otherwise, and a count that is no whole number", () => {
    const x = full(0, [2]);
    expect(() => loop(2, [x], () => ({ carried: [full(0, [3])] }))).toThrow(
      'loop: the carried value "carried0" starts as float32[2] and comes back as float32[3]',
    );
    expect(() => loop(2, [x], (pass) => ({ carried: [pass] }))).toThrow(
      "starts as float32[2] and comes back as int32[]",
    );
    expect(() => loop(2, [x], () => ({ carried: [] }))).toThrow("loop: 1 carried values go in, 0 come back");
    expect(() => loop(1.5, [x], (_, carried) => ({ carried }))).toThrow("loop: found 1.5 passes");
  });
});
