import { describe, expect, it } from "vitest";
import { randomKey } from "../../src/base/index.ts";
import {
  attention,
  conv1d,
  conv2d,
  convTranspose1d,
  convTranspose2d,
  embedding,
  fromTorch,
  groupNorm,
  gru,
  initialise,
  type Layer,
  layerNorm,
  linear,
  lstm,
  parameterCount,
  parameterInputs,
  toTorch,
} from "../../src/nn/index.ts";
import { toOnnx } from "../../src/onnx/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { gradient, interpret, program } from "../../src/tensor/index.ts";
import { expectClose, type GoldenTensor, golden, inputsLike } from "./golden.ts";
import { wholeNetwork, wholeParameters } from "./whole-network.ts";

type Named = Readonly<Record<string, GoldenTensor>>;
const file = golden<{
  parameterCount: number;
  inputs: Named;
  parameters: Named;
  stages: Named;
  loss: number;
  gradients: Named;
}>("network");

/** Stages, loss and the gradients of all parameters as one program, and the golden numbers in our layout. */
function whole() {
  const data = inputsLike(file.inputs, ["tokens"]);
  const { parameters, inputs } = parameterInputs(wholeParameters);
  const { stages, loss } = wholeNetwork(parameters, data);
  const paths = Object.keys(parameters);
  const slopes = gradient(loss, Object.values(parameters));
  const outputs = Object.fromEntries(paths.map((path, index) => [`gradient ${path}`, slopes[index]]));
  const numbers = fromTorch(
    wholeParameters,
    Object.fromEntries(paths.map((path) => [path, Float32Array.from(file.parameters[path].data)])),
  );
  const fed = Object.fromEntries(Object.entries(file.inputs).map(([name, { data }]) => [name, data]));
  return {
    program: program([...Object.values(data), ...inputs], { ...stages, loss, ...outputs }),
    paths,
    feeds: { ...fed, ...numbers } as Record<string, ArrayLike<number>>,
  };
}

/** Compares the outputs of `whole` with the file. */
function compare(found: Readonly<Record<string, ArrayLike<number>>>, paths: readonly string[], relative: number) {
  expect(Math.abs(found.loss[0] - file.loss)).toBeLessThan(relative * file.loss);
  const value = (data: ArrayLike<number>, { shape }: GoldenTensor) => ({ shape, data: Float64Array.from(data) });
  for (const [name, stage] of Object.entries(file.stages))
    expectClose(value(found[name], stage), stage, relative, name);
  const gradients = Object.fromEntries(paths.map((path) => [path, Float32Array.from(found[`gradient ${path}`])]));
  for (const [path, data] of Object.entries(toTorch(wholeParameters, gradients))) {
    const expected = file.gradients[path];
    expectClose(value(data, expected), expected, relative, `gradient of ${path}`);
  }
}

describe("a network with every kind of layer", () => {
  const { program: built, paths, feeds } = whole();

  it("has PyTorch's parameters", () => {
    expect(parameterCount(wholeParameters)).toBe(file.parameterCount);
    expect(new Set(paths)).toEqual(new Set(Object.keys(file.parameters)));
  });

  // parameters, fed as float32, and constants differ from PyTorch's float64 by 6e-8
  it("equals PyTorch in the reference interpreter: stages, loss, all gradients", () => {
    const found = interpret(built, feeds);
    compare(Object.fromEntries(Object.entries(found).map(([name, { data }]) => [name, data])), paths, 2e-6);
  });

  it("equals PyTorch in ONNX Runtime", async () => {
    const session = await nodeRuntime().open(toOnnx(built));
    const arrays = Object.entries(feeds).map(
      ([name, data]) => [name, name === "tokens" ? Int32Array.from(data) : Float32Array.from(data)] as const,
    );
    const found = await session.run(Object.fromEntries(arrays));
    compare(found as Record<string, Float32Array>, paths, 1e-4);
  });
});

describe("initialisation, as PyTorch's", () => {
  interface Law {
    readonly distribution: "uniform" | "normal" | "constant";
    readonly bound?: number;
    readonly std?: number;
    readonly value?: number;
  }
  const { layers } = golden<{ layers: Record<string, Record<string, Law>> }>("initialisation");
  const made: Record<string, Pick<Layer, "parameters">> = {
    "linear [out 300, in 64]": linear(64, 300),
    "conv1d [out 200, in 16, k 5]": conv1d({ inputs: 16, outputs: 200, kernel: 5 }),
    "conv2d [out 200, in 8, k 3 3]": conv2d({ inputs: 8, outputs: 200, kernel: 3 }),
    "conv_transpose1d [in 16, out 200, k 4]": convTranspose1d({ inputs: 16, outputs: 200, kernel: 4 }),
    "conv_transpose2d [in 8, out 200, k 4 4]": convTranspose2d({ inputs: 8, outputs: 200, kernel: 4 }),
    "embedding [100, 64]": embedding(100, 64),
    "gru [in 48, hidden 100]": gru({ inputs: 48, hidden: 100 }),
    "lstm [in 48, hidden 100]": lstm({ inputs: 48, hidden: 100 }),
    "attention [96]": attention({ size: 96, heads: 4 }),
    layer_norm: layerNorm(32),
    group_norm: groupNorm(4, 32),
  };

  it.each(Object.entries(layers))("%s", (name, laws) => {
    const numbers = initialise(made[name].parameters, randomKey(5));
    expect(new Set(Object.keys(numbers))).toEqual(new Set(Object.keys(laws)));
    for (const [path, law] of Object.entries(laws)) {
      const data = numbers[path];
      if (law.distribution === "constant") {
        expect(data.every((number) => number === law.value)).toBe(true);
        continue;
      }
      const deviation = Math.sqrt(data.reduce((sum, number) => sum + number * number, 0) / data.length);
      // the standard error of a deviation is below 1/√(2 n); 5 of them
      expect(Math.abs(deviation / law.std! - 1)).toBeLessThan(5 / Math.sqrt(2 * data.length));
      if (law.distribution === "uniform") {
        const largest = data.reduce((most, number) => Math.max(most, Math.abs(number)), 0);
        expect(largest).toBeLessThanOrEqual(Math.fround(law.bound!) * (1 + 1e-6));
        expect(largest).toBeGreaterThan(law.bound! * (1 - 10 / data.length));
      }
    }
  });
});
