import { describe, expect, it } from "vitest";
import * as t from "../../src/tensor/index.ts";

const x = t.input("x", [3, 2]);
const rows = t.input("rows", [2], "int32");

describe("the reference interpreter", () => {
  it("refuses inputs that are missing or of another size, by name", () => {
    const doubled = t.program([x], { y: t.mul(x, 2) });
    expect(() => t.interpret(doubled, {})).toThrow('interpret: input "x" has no numbers, expected 6');
    expect(() => t.interpret(doubled, { x: [1, 2] })).toThrow('interpret: input "x" has 2 numbers, expected 6');
  });

  it("refuses rows that are not there", () => {
    const feeds = { x: [1, 2, 3, 4, 5, 6], rows: [0, 3] };
    const gathered = t.program([x, rows], { y: t.gather(x, rows) });
    expect(() => t.interpret(gathered, feeds)).toThrow(new RangeError("gather: row 3 of 3"));
    expect(() => t.interpret(gathered, { ...feeds, rows: [-1, 0] })).toThrow(new RangeError("gather: row -1 of 3"));
    const scattered = t.program([x, rows], { y: t.scatterAdd(t.slice(x, 0, 0, 2), rows, 3) });
    expect(() => t.interpret(scattered, feeds)).toThrow(new RangeError("scatterAdd: row 3 of 3"));
  });

  it("computes float32 in float64, from constants that are rounded to float32", () => {
    const { y } = t.interpret(t.program([], { y: t.add(t.constant(0.1), t.constant(1e-12)) }), {});
    expect(y.data[0]).toBe(Math.fround(0.1) + Math.fround(1e-12));
  });

  it("computes a deep program without running out of stack", () => {
    let deep: t.Tensor = t.constant(0);
    for (let depth = 0; depth < 50_000; depth++) deep = t.add(deep, 1);
    expect(t.interpret(t.program([], { deep }), {}).deep.data[0]).toBe(50_000);
  });
});
