import { describe, expect, it } from "vitest";
import {
  channelsFirst,
  embedding,
  film,
  groupNorm,
  layerNorm,
  mish,
  parameterCount,
  positionsFirst,
  sinusoidal,
  torchShape,
  uNet,
} from "../../src/nn/index.ts";
import { constant, interpret, program } from "../../src/tensor/index.ts";
import { checkCase, type GoldenCase, golden, stored } from "./golden.ts";

const { cases } = golden<{ cases: GoldenCase[] }>("layers");
const caseOf = (name: string) => cases.find((one) => one.name === name)!;

describe("parts equal PyTorch's, with all gradients", () => {
  it("layer norm", () => {
    checkCase(caseOf("layer_norm"), (parameters, { x }) => ({ output: layerNorm(6).apply(parameters, x) }));
  });

  it("group norm", () => {
    checkCase(caseOf("group_norm"), (parameters, { x }) => ({
      output: channelsFirst(groupNorm(2, 4).apply(parameters, positionsFirst(x))),
    }));
  });

  it("embedding", () => {
    const compute = (parameters: Record<string, never>, { indices }: Record<string, never>) => ({
      output: embedding(5, 3).apply(parameters, indices),
    });
    checkCase(caseOf("embedding"), compute as never, { integers: ["indices"] });
  });

  it("sinusoidal time embedding", () => {
    checkCase(caseOf("sinusoidal"), (_, { t }) => ({ output: sinusoidal(t, 8) }), { relative: 1e-5 });
  });

  it.each(["film", "film, bias only"])("%s", (name) => {
    const layer = film(3, 5, { scale: name === "film" });
    checkCase(caseOf(name), (parameters, { x, condition }) => {
      const own = { weight: parameters["linear.weight"], bias: parameters["linear.bias"] };
      return { output: channelsFirst(layer.apply(own, { x: positionsFirst(x), condition: mish(condition) })) };
    });
  });
});

// ALGORITHMS.md 11.6, ε = 1e-5, which like 1/12 is float32 in a program: 1e-7
describe("reference numbers", () => {
  const plain = (size: number) => ({
    weight: constant(new Array(size).fill(1)),
    bias: constant(new Array(size).fill(0)),
  });

  it("layer norm of [1, 2, 4, -1]", () => {
    const y = layerNorm(4).apply(plain(4), constant([1, 2, 4, -1], [1, 4]));
    const found = interpret(program([], { y }), {}).y.data;
    [-0.2773496714, 0.2773496714, 1.386748357, -1.386748357].forEach((number, index) => {
      expect(found[index]).toBeCloseTo(number, 6);
    });
  });

  it("group norm, 4 channels in 2 groups, 3 positions", () => {
    const rows = [1, 2, 3, 2, 0, 1, -1, 4, 2, 0, 0, 6];
    const y = groupNorm(2, 4).apply(plain(4), positionsFirst(constant(rows, [1, 4, 3])));
    const found = interpret(program([], { y: channelsFirst(y) }), {}).y.data;
    const expected = [
      [-0.5222301193, 0.5222301193, 1.566690358],
      [0.5222301193, -1.566690358, -0.5222301193],
      [-1.143542818, 0.87447392, 0.06726722461],
      [-0.7399394707, -0.7399394707, 1.681680615],
    ].flat();
    expected.forEach((number, index) => {
      expect(found[index]).toBeCloseTo(number, 6);
    });
  });
});

describe("U-Net", () => {
  interface GoldenUNet extends Omit<GoldenCase, "outputs" | "given"> {
    readonly output: GoldenCase["inputs"][string];
    readonly given: GoldenCase["inputs"][string];
    readonly inputGradients: GoldenCase["inputs"];
    readonly parameterCount: number;
  }

  it("equals PyTorch, with the gradients of all parameters and inputs", () => {
    const file = golden<unknown>("unet") as GoldenUNet;
    const options = file.options as unknown as Record<string, number>;
    const layer = uNet({ ...options, widths: file.options.dims as unknown as number[], action: 2, condition: 6 });
    expect(parameterCount(layer.parameters)).toBe(file.parameterCount);
    const shapes = Object.entries(layer.parameters).map(([path, spec]) => [path, torchShape(spec)]);
    const theirs = Object.entries(file.parameters).map(([path, { shape }]) => [path, shape]);
    expect(Object.fromEntries(shapes)).toEqual(Object.fromEntries(theirs));

    // the file has 5 digits of the parameters' gradients, 9 of the rest; frequencies are float32 here
    checkCase(
      {
        ...file,
        name: "unet",
        outputs: { output: file.output },
        given: { output: file.given },
        gradients: { ...file.gradients, ...file.inputGradients },
      },
      (parameters, { x, t, condition }) => ({
        output: layer.apply(stored(layer.parameters, parameters), { x, t, condition }),
      }),
      { relative: 6e-5 },
    );
  });

  // ALGORITHMS.md 4.2
  it.each([
    [65_353_218, { action: 2, condition: 10 }],
    [65_783_298, { action: 2, condition: 40 }],
    [65_763_591, { action: 7, condition: 38 }],
    [4_124_034, { action: 2, condition: 10, widths: [64, 128, 256], time: 64 }],
    [1_044_162, { action: 2, condition: 10, widths: [32, 64, 128], time: 32 }],
  ])("has %i parameters", (count, options) => {
    expect(parameterCount(uNet(options).parameters)).toBe(count);
  });
});
