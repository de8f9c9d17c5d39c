import { describe, expect, it } from "vitest";
import { decodeModel, toOnnx } from "../../src/onnx/index.ts";
import type { Node, Tensor } from "../../src/tensor/index.ts";
import * as t from "../../src/tensor/index.ts";

/** The operators of a program, in order. */
function operators(inputs: readonly Node<"input">[], y: Tensor): string[] {
  return decodeModel(toOnnx(t.program(inputs, { y }))).graph.node.map((node) => node.opType);
}

const x = t.input("x", [5, 3]);
const w = t.input("w", [4, 3]);
const b = t.input("b", [4]);
const steps = t.input("steps", [2, 5, 3]);

describe("products", () => {
  it("of two matrices read transposed operands in place", () => {
    expect(operators([x, w], t.matmul(x, t.transpose(w)))).toEqual(["Gemm"]);
    expect(operators([x, w], t.matmul(x, w, { transposeB: true }))).toEqual(["Gemm"]);
  });

  it("take a bias along, on either side", () => {
    const product = t.matmul(x, w, { transposeB: true });
    expect(operators([x, w, b], t.add(product, b))).toEqual(["Gemm"]);
    expect(operators([x, w, b], t.add(b, product))).toEqual(["Gemm"]);
    expect(operators([steps, w, b], t.add(t.matmul(steps, w, { transposeB: true }), b))).toEqual([
      "Reshape",
      "Gemm",
      "Reshape",
    ]);
  });

  it("that are needed themselves keep their bias apart", () => {
    const product = t.matmul(x, w, { transposeB: true });
    const model = decodeModel(toOnnx(t.program([x, w, b], { product, sum: t.add(product, b) })));
    expect(model.graph.node.map((node) => node.opType)).toEqual(["Gemm", "Add"]);
  });

  it("take no column for a bias", () => {
    const column = t.input("column", [5, 1]);
    expect(operators([x, w, column], t.add(t.matmul(x, w, { transposeB: true }), column))).toEqual(["Gemm", "Add"]);
  });
});

describe("a graph", () => {
  it("stores a constant once, whatever it is used for", () => {
    const y = t.mul(t.add(t.mul(x, 3), 3), t.constant(3));
    const { graph } = decodeModel(toOnnx(t.program([x], { y })));
    expect(graph.initializer).toHaveLength(1);
    expect(new Float32Array(graph.initializer[0].rawData.slice().buffer)).toEqual(Float32Array.of(3));
  });

  it("holds nothing that no output needs", () => {
    t.tanh(x);
    expect(operators([x, w], t.relu(x))).toEqual(["Relu"]);
  });

  it("is the same bytes every time", () => {
    const build = () => t.program([x, w], { y: t.gradient(t.sum(t.tanh(t.matmul(x, t.transpose(w)))), [w])[0] });
    expect(toOnnx(build())).toEqual(toOnnx(build()));
  });
});
