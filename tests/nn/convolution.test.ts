import { describe, expect, it } from "vitest";
import { randomKey, randomStream, sizeOf } from "../../src/base/index.ts";
import {
  type ConvolutionOptions,
  channelsFirst,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  fromTorch,
  type Layer,
  parameterInputs,
  positionsFirst,
  torchShape,
  toTorch,
} from "../../src/nn/index.ts";
import { constant, gradient, input, interpret, mul, program, sum, topologicalOrder } from "../../src/tensor/index.ts";
import { checkCase, type GoldenCase, golden, stored } from "./golden.ts";

const { cases } = golden<{ cases: GoldenCase[] }>("layers");
const kinds = {
  conv1d,
  conv2d,
  conv_transpose1d: convTranspose1d,
  conv_transpose2d: convTranspose2d,
} as const;

function layerOf({ name, parameters, options }: GoldenCase, divideFrom?: number): Layer {
  const kind = name.split(" ")[0] as keyof typeof kinds;
  const [first, second] = parameters.weight.shape;
  const [inputs, outputs] = kind.startsWith("conv_transpose") ? [first, second] : [second, first];
  return kinds[kind]({ ...(options as unknown as ConvolutionOptions), inputs, outputs, divideFrom });
}

describe("convolutions equal PyTorch's, with all gradients", () => {
  const mine = cases.filter(({ name }) => name.startsWith("conv"));
  const ways = [undefined, 1].flatMap((divideFrom) => mine.map((one) => ({ one, divideFrom })));
  it.each(
    ways.map(({ one, divideFrom }) => [one.name, divideFrom ? "divided" : "in one product", one, divideFrom] as const),
  )("%s, %s", (_, _way, one, divideFrom) => {
    const layer = layerOf(one, divideFrom);
    expect(torchShape(layer.parameters.weight)).toEqual(one.parameters.weight.shape);
    checkCase(one, (parameters, { x }) => ({
      output: channelsFirst(layer.apply(stored(layer.parameters, parameters), positionsFirst(x))),
    }));
  });
});

describe("products that are divided", () => {
  const built = (layer: Layer, shape: readonly number[]) => {
    const x = input("x", shape);
    const { parameters, inputs } = parameterInputs(layer.parameters);
    const y = layer.apply(parameters, x);
    const w = input("w", y.shape);
    const [dx, dw, db] = gradient(sum(mul(y, w)), [x, parameters.weight, parameters.bias]);
    return program([x, w, ...inputs], { y, dx, dw, db });
  };
  const shapes: [string, (divideFrom: number) => Layer, number[]][] = [
    [
      "kernel 5 over 4",
      (divideFrom) => conv1d({ inputs: 2, outputs: 3, kernel: 5, padding: 2, divideFrom }),
      [4, 2, 2],
    ],
    [
      "kernel 5 over 2",
      (divideFrom) => conv1d({ inputs: 2, outputs: 3, kernel: 5, padding: 2, divideFrom }),
      [2, 2, 2],
    ],
    [
      "kernel 7 over 4",
      (divideFrom) => conv1d({ inputs: 2, outputs: 3, kernel: 7, padding: 3, divideFrom }),
      [4, 2, 2],
    ],
    [
      "transposed, kernel 5, stride 3",
      (divideFrom) => convTranspose1d({ inputs: 2, outputs: 3, kernel: 5, stride: 3, padding: 1, divideFrom }),
      [4, 2, 2],
    ],
    [
      "two axes, kernel 3, stride 2",
      (divideFrom) => conv2d({ inputs: 2, outputs: 3, kernel: 3, stride: 2, padding: 1, divideFrom }),
      [4, 5, 2, 2],
    ],
  ];

  it.each(shapes)("give what one product gives, gradients too: %s", (_, make, shape) => {
    const [one, many] = [make(Number.POSITIVE_INFINITY), make(1)].map((layer) => built(layer, shape));
    const feeds = Object.fromEntries(
      one.inputs.map((node) => {
        const stream = randomStream(randomKey(node.attributes.name.length));
        return [node.attributes.name, Float64Array.from({ length: sizeOf(node.shape) }, () => stream.normal())];
      }),
    );
    expect(topologicalOrder(many.outputs.map(({ value }) => value)).length).not.toBe(
      topologicalOrder(one.outputs.map(({ value }) => value)).length,
    );
    const [expected, found] = [one, many].map((each) => interpret(each, feeds));
    for (const name of ["y", "dx", "dw", "db"]) {
      expected[name].data.forEach((number, index) => {
        expect(found[name].data[index]).toBeCloseTo(number, 10);
      });
    }
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
