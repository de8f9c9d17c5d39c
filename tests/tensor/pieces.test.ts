import { describe, expect, it } from "vitest";
import * as t from "../../src/tensor/index.ts";

const NUMBERS = Float32Array.from({ length: 60 }, (_, index) => Math.sin(index + 1));
const feed = (node: t.Node<"input">, from: number) => NUMBERS.slice(from, from + node.shape.reduce((a, b) => a * b, 1));

/** The primitives of the simplified program; its value is compared with the original's. */
function simplified(inputs: readonly t.Node<"input">[], y: t.Tensor): string[] {
  const original = t.program(inputs, { y });
  const simple = t.simplify(original);
  const feeds = Object.fromEntries(inputs.map((node, index) => [node.attributes.name, feed(node, 7 * index)]));
  const [expected, found] = [original, simple].map((program) => t.interpret(program, feeds).y);
  expect(found.shape).toEqual(expected.shape);
  expect(Array.from(found.data)).toEqual(Array.from(expected.data));
  return t.topologicalOrder(simple.outputs.map(({ value }) => value)).map(({ primitive }) => primitive);
}

describe("columns of a product", () => {
  const a = t.input("a", [2, 3]);
  const [b, turned] = [t.input("b", [3, 5]), t.input("b", [5, 3])];

  it("are the product with these columns, however the matrix is stored", () => {
    const one = ["input", "input", "slice", "matmul"];
    expect(simplified([a, b], t.slice(t.matmul(a, b), 1, 1, 3))).toEqual(one);
    expect(simplified([a, turned], t.slice(t.matmul(a, turned, { transposeB: true }), 1, 2, 5))).toEqual(one);
  });

  it("are cut out of the product where it is needed whole, or where rows or every other column are meant", () => {
    const product = t.matmul(a, b);
    const both = t.add(t.slice(product, 1, 0, 1), t.sum(product));
    expect(simplified([a, b], both)).toEqual(["input", "input", "matmul", "slice", "sum", "add"]);
    expect(simplified([a, b], t.slice(product, 0, 0, 1))).toEqual(["input", "input", "matmul", "slice"]);
    expect(simplified([a, b], t.slice(product, 1, 0, 5, 2))).toEqual(["input", "input", "matmul", "slice"]);
  });
});

describe("pieces put beside each other by zeros", () => {
  const [a, b, c] = ["a", "b", "c"].map((name, index) => t.input(name, [2, 1 + index]));

  it("become one concatenation, padded where the whole is larger", () => {
    const whole = t.add(t.add(t.pad(a, 1, 0, 5), t.pad(b, 1, 1, 3)), t.pad(c, 1, 3, 0));
    expect(simplified([a, b, c], whole)).toEqual(["input", "input", "input", "concat"]);
    const part = t.add(t.pad(b, 1, 2, 2), t.pad(a, 1, 1, 4));
    expect(simplified([a, b], part)).toEqual(["input", "input", "concat", "pad"]);
  });

  it("stay as they are where they overlap, leave a gap, or are filled with something else", () => {
    for (const sum of [
      t.add(t.pad(a, 1, 0, 2), t.pad(b, 1, 0, 1)),
      t.add(t.pad(a, 1, 0, 3), t.pad(b, 1, 2, 0)),
      t.add(t.pad(a, 1, 0, 2, 1), t.pad(b, 1, 1, 0, 1)),
    ]) {
      expect(simplified([a, b], sum)).toEqual(["input", "pad", "input", "pad", "add"]);
    }
  });

  it("are how the gradient of a split comes", () => {
    const x = t.input("x", [2, 6]);
    const [first, second] = t.splitAxis(x, 1, [2, 4]);
    const value = t.add(t.sum(t.exp(first)), t.sum(t.square(second)));
    const [gradient] = t.gradient(value, [x]);
    expect(simplified([x], gradient)).not.toContain("pad");
  });
});
