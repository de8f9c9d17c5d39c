import { describe, expect, it } from "vitest";
import { randomKey } from "../../src/base/index.ts";
import {
  type Activation,
  type ActivationName,
  activations,
  initialise,
  linear,
  mlp,
  parameterCount,
  parameterInputs,
  residualMlp,
} from "../../src/nn/index.ts";
import { constant, input, interpret, program, type Tensor } from "../../src/tensor/index.ts";
import { checkCase, type GoldenCase, golden } from "./golden.ts";

const { cases } = golden<{ cases: GoldenCase[] }>("layers");
const caseOf = (name: string) => cases.find((one) => one.name === name)!;
const evaluate = (x: Tensor) => interpret(program([], { x }), {}).x.data;

describe("linear", () => {
  it.each(["linear", "linear, rank 3"])("equals PyTorch: %s", (name) => {
    const outputs = caseOf(name).parameters.weight.shape[0];
    const inputs = caseOf(name).parameters.weight.shape[1];
    checkCase(caseOf(name), (parameters, { x }) => ({ output: linear(inputs, outputs).apply(parameters, x) }));
  });
});

describe("activations", () => {
  const names: Record<string, ActivationName> = { "gelu, tanh": "geluTanh" };

  it.each(["mish", "silu", "gelu", "gelu, tanh", "softplus", "sigmoid", "tanh"])("equals PyTorch: %s", (name) => {
    const activation: Activation = activations[names[name] ?? (name as ActivationName)];
    checkCase(caseOf(name), (_, { x }) => ({ output: activation(x) }));
  });

  // ALGORITHMS.md 11.6, at -3, -1, 0, .5, 1, 3; constants such as sqrt(1/2) are float32 in a program: 1e-8
  const points = [-3, -1, 0, 0.5, 1, 3];
  it.each([
    ["mish", [-0.1456474613, -0.3034014614, 0, 0.3752452113, 0.8650983883, 2.986535005]],
    ["silu", [-0.1422776195, -0.2689414214, 0, 0.3112296656, 0.7310585786, 2.85772238]],
    ["gelu", [-0.004049694095, -0.1586552539, 0, 0.3457312306, 0.8413447461, 2.995950306]],
    ["geluTanh", [-0.003637392082, -0.1588080094, 0, 0.3457140098, 0.8411919906, 2.996362608]],
    // biome-ignore lint/suspicious/noApproximativeNumericConstant: the table is quoted as it is
    ["softplus", [0.04858735157, 0.3132616875, 0.6931471806, 0.9740769842, 1.313261688, 3.048587352]],
  ] as const)("reference numbers: %s", (name, expected) => {
    const found = evaluate(activations[name](constant(points)));
    expected.forEach((number, index) => {
      expect(found[index]).toBeCloseTo(number, 7);
    });
  });

  it("stay finite at large magnitudes", () => {
    const large = constant([-1e30, -1e4, -100, 100, 1e4, 1e30]);
    for (const activation of Object.values(activations)) {
      for (const value of evaluate(activation(large))) expect(Number.isFinite(value)).toBe(true);
    }
    expect(evaluate(activations.mish(constant([-1e30, 1e30])))[1]).toBe(Math.fround(1e30));
  });
});

describe("mlp", () => {
  it("has PyTorch's paths and parameters", () => {
    const { parameters } = mlp({ sizes: [14, 64, 64, 7], activation: "relu" });
    expect(Object.keys(parameters)).toEqual(["0.weight", "0.bias", "2.weight", "2.bias", "4.weight", "4.bias"]);
    // 14·64 + 64 + 64·64 + 64 + 64·7 + 7
    expect(parameterCount(parameters)).toBe(5575);
  });

  it("is linear layers with the activation between them", () => {
    const layer = mlp({ sizes: [2, 2, 1], activation: "relu" });
    const parameters = {
      "0.weight": constant([1, -1, 2, 0.5], [2, 2]),
      "0.bias": constant([0, -10]),
      "2.weight": constant([3, 4], [1, 2]),
      "2.bias": constant([0.5]),
    };
    // relu([5 - 2, 10 + 1 - 10]) = [3, 1]; 3·3 + 4·1 + 0.5 = 13.5. relu([-1, …]) = [0, 0]: 0.5
    const output = layer.apply(parameters, constant([5, 2, 0, 1], [2, 2]));
    expect([...evaluate(output)]).toEqual([13.5, 0.5]);
  });

  it("refuses sizes that make no network", () => {
    expect(() => mlp({ sizes: [3], activation: "relu" })).toThrow(/sizes \[3\], expected at least 2/);
    expect(() => residualMlp({ sizes: [3, 4, 4, 2], activation: "mish" })).toThrow(/hidden sizes \[4, 4\]/);
  });
});

describe("residual mlp", () => {
  it("adds a block's pre-activated pair of layers to its input", () => {
    const layer = residualMlp({ sizes: [1, 1, 1, 1, 1], activation: "relu" });
    const one = (value: number) => constant([value], [1, 1]);
    const parameters = {
      "layers.0.weight": one(2),
      "layers.0.bias": constant([1]),
      "layers.1.l1.weight": one(3),
      "layers.1.l1.bias": constant([-1]),
      "layers.1.l2.weight": one(0.5),
      "layers.1.l2.bias": constant([0]),
      "layers.2.weight": one(10),
      "layers.2.bias": constant([4]),
    };
    // x = 1: h = 3; block 3 + 0.5·relu(3·relu(3) - 1) = 3 + 4 = 7; 10·7 + 4 = 74
    expect(evaluate(layer.apply(parameters, one(1)))[0]).toBe(74);
  });
});

describe("initialisation", () => {
  const specs = mlp({ sizes: [16, 100, 3], activation: "relu" }).parameters;

  it("is uniform within 1/sqrt(fan in), weight and bias", () => {
    const numbers = initialise(specs, randomKey(1));
    for (const [path, bound] of [
      ["0.weight", 0.25],
      ["0.bias", 0.25],
      ["2.weight", 0.1],
    ] as const) {
      const largest = numbers[path].reduce((most, number) => Math.max(most, Math.abs(number)), 0);
      expect(largest).toBeLessThanOrEqual(bound);
      expect(largest).toBeGreaterThan(0.9 * bound);
    }
  });

  it("depends on the key and the path, not on the other parameters", () => {
    const first = initialise(specs, randomKey(1));
    expect(initialise(specs, randomKey(1))).toEqual(first);
    expect(initialise(specs, randomKey(2))["0.weight"]).not.toEqual(first["0.weight"]);
    const { "2.weight": alone } = initialise({ "2.weight": specs["2.weight"] }, randomKey(1));
    expect(alone).toEqual(first["2.weight"]);
  });
});

describe("parameter inputs", () => {
  it("are named by path, in the order of the specs", () => {
    const layer = linear(3, 2);
    const { parameters, inputs } = parameterInputs(layer.parameters, "net.");
    expect(inputs.map((node) => node.attributes.name)).toEqual(["net.weight", "net.bias"]);
    expect(layer.apply(parameters, input("x", [5, 3])).shape).toEqual([5, 2]);
  });
});
