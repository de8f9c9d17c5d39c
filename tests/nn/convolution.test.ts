import { describe, expect, it } from "vitest";
import {
  type ConvolutionOptions,
  channelsFirst,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  fromTorch,
  type Layer,
  positionsFirst,
  torchShape,
  toTorch,
} from "../../src/nn/index.ts";
import { constant, input, interpret, program } from "../../src/tensor/index.ts";
import { checkCase, type GoldenCase, golden, stored } from "./golden.ts";

const { cases } = golden<{ cases: GoldenCase[] }>("layers");
const kinds = {
  conv1d,
  conv2d,
  conv_transpose1d: convTranspose1d,
  conv_transpose2d: convTranspose2d,
} as const;

function layerOf({ name, parameters, options }: GoldenCase): Layer {
  const kind = name.split(" ")[0] as keyof typeof kinds;
  const [first, second] = parameters.weight.shape;
  const [inputs, outputs] = kind.startsWith("conv_transpose") ? [first, second] : [second, first];
  return kinds[kind]({ ...(options as unknown as ConvolutionOptions), inputs, outputs });
}

describe("convolutions equal PyTorch's, with all gradients", () => {
  const mine = cases.filter(({ name }) => name.startsWith("conv"));
  it.each(mine.map((one) => [one.name, one] as const))("%s", (_, one) => {
    const layer = layerOf(one);
    expect(torchShape(layer.parameters.weight)).toEqual(one.parameters.weight.shape);
    checkCase(one, (parameters, { x }) => ({
      output: channelsFirst(layer.apply(stored(layer.parameters, parameters), positionsFirst(x))),
    }));
  });
});

// ALGORITHMS.md 11.6
describe("reference numbers", () => {
  const line = (layer: Layer, x: number[], weight: number[], bias: number) => {
    const parameters = { weight: constant(weight, layer.parameters.weight.shape), bias: constant([bias]) };
    const y = layer.apply(parameters, constant(x, [x.length, 1, 1]));
    return [...interpret(program([], { y }), {}).y.data];
  };

  it("convolution, kernel 3, stride 2, padding 1", () => {
    const layer = conv1d({ inputs: 1, outputs: 1, kernel: 3, stride: 2, padding: 1 });
    const found = line(layer, [1, 2, 3, 4], [0.5, -1, 0.25], 0.1);
    // 0·.5 - 1·1 + .25·2 + .1 = -.4; .5·2 - 3 + .25·4 + .1 = -.9; .1 is float32 here
    expect(found[0]).toBeCloseTo(-0.4, 7);
    expect(found[1]).toBeCloseTo(-0.9, 7);
  });

  it("transposed convolution, kernel 4, stride 2, padding 1", () => {
    const layer = convTranspose1d({ inputs: 1, outputs: 1, kernel: 4, stride: 2, padding: 1 });
    expect(line(layer, [1, 2, 3], [1, 0.5, -0.5, 2], 0)).toEqual([0.5, 1.5, 3, 2, 5.5, -1.5]);
  });
});

describe("layouts", () => {
  it("go to PyTorch's and back", () => {
    const specs = {
      ...conv2d({ inputs: 2, outputs: 3, kernel: 2 }).parameters,
      up: convTranspose1d({ inputs: 2, outputs: 3, kernel: 2 }).parameters.weight,
    };
    const numbers = {
      weight: Float32Array.from({ length: 24 }, (_, index) => index),
      bias: Float32Array.of(1, 2, 3),
      up: Float32Array.from({ length: 12 }, (_, index) => index),
    };
    const torch = toTorch(specs, numbers);
    // ours [kh, kw, in, out], PyTorch's [out, in, kh, kw]: (out 1, in 0, 1, 0) is (1, 0, 0, 1) = 12 + 1
    expect(torch.weight[1 * 8 + 0 * 4 + 1 * 2 + 0]).toBe(13);
    // ours [k, in, out], PyTorch's [in, out, k]: (in 1, out 2, k 0) is (0, 1, 2) = 3 + 2
    expect(torch.up[1 * 6 + 2 * 2 + 0]).toBe(5);
    expect(torch.bias).toEqual(numbers.bias);
    expect(fromTorch(specs, torch)).toEqual(numbers);
  });
});

describe("mistakes", () => {
  it("name what was found", () => {
    const layer = conv1d({ inputs: 3, outputs: 2, kernel: 5 });
    const parameters = { weight: input("weight", [5, 3, 2]), bias: input("bias", [2]) };
    expect(() => layer.apply(parameters, input("x", [8, 2, 4]))).toThrow(/found \[8, 2, 4\], expected 3 axes.*of 3/);
    expect(() => layer.apply(parameters, input("x", [4, 2, 3]))).toThrow(/4 positions are too few for a kernel of 5/);
  });
});
