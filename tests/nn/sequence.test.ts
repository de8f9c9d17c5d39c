import { describe, expect, it } from "vitest";
import { randomKey } from "../../src/base/index.ts";
import {
  attention,
  causalMask,
  dropout,
  gru,
  imageEncoder,
  initialise,
  type Layer,
  lstm,
  parameterInputs,
  positionsFirst,
  type RecurrentInput,
  type RecurrentOutput,
  spatialSoftmax,
} from "../../src/nn/index.ts";
import { constant, input, interpret, program, type Tensor } from "../../src/tensor/index.ts";
import { checkCase, type GoldenCase, golden } from "./golden.ts";

const { cases } = golden<{ cases: GoldenCase[] }>("layers");
const caseOf = (name: string) => cases.find((one) => one.name === name)!;
const evaluate = (x: Tensor) => [...interpret(program([], { x }), {}).x.data];

function expectNear(found: readonly number[], expected: readonly number[], digits = 7): void {
  expect(found.length).toBe(expected.length);
  expected.forEach((number, index) => {
    expect(found[index]).toBeCloseTo(number, digits);
  });
}

describe("attention", () => {
  it.each(["attention", "attention, causal"])("equals PyTorch: %s", (name) => {
    const layer = attention({ size: 8, heads: 2 });
    const mask = name === "attention" ? undefined : causalMask(4);
    checkCase(caseOf(name), (parameters, { x }) => ({ output: layer.apply(parameters, { x, mask }) }));
  });

  it("reference numbers, one head, with a memory of its own", () => {
    // ALGORITHMS.md 11.6: Q, K, V as given; query 0 masked from key 2. Projections: q and k are the identity;
    // v = k A + b with A = [[a, c], [b, d]] fitted to rows [.2, .1] -> [1, 2], [-.4, .3] -> [3, 4], [1, .5] -> [5, 6]:
    // three rows and three unknowns per column
    const keys = [0.2, 0.1, -0.4, 0.3, 1, 0.5];
    const [[a, c], [b, d], [e, f]] = affineThrough(keys, [1, 2, 3, 4, 5, 6]);
    const parameters = {
      in_proj_weight: constant([1, 0, 0, 1, 1, 0, 0, 1, a, b, c, d], [6, 2]),
      in_proj_bias: constant([0, 0, 0, 0, e, f]),
      "out_proj.weight": constant([1, 0, 0, 1], [2, 2]),
      "out_proj.bias": constant([0, 0]),
    };
    const y = attention({ size: 2, heads: 1 }).apply(parameters, {
      x: constant([1, 0, 0.5, -1], [1, 2, 2]),
      memory: constant(keys, [1, 3, 2]),
      mask: constant([0, 0, -1e30, 0, 0, 0], [2, 3]),
    });
    expectNear(evaluate(y), [1.790993695, 2.790993695, 3, 4], 5);
  });
});

/** [[a, c], [b, d], [e, f]] with k · [[a, c], [b, d]] + [e, f] = v for three rows k (Cramer). */
function affineThrough(keys: readonly number[], values: readonly number[]): number[][] {
  const [x0, y0, x1, y1, x2, y2] = keys;
  const determinant = (x1 - x0) * (y2 - y0) - (x2 - x0) * (y1 - y0);
  const columns = [0, 1].map((column) => {
    const [v0, v1, v2] = [values[column], values[2 + column], values[4 + column]];
    const slopeX = ((v1 - v0) * (y2 - y0) - (v2 - v0) * (y1 - y0)) / determinant;
    const slopeY = ((x1 - x0) * (v2 - v0) - (x2 - x0) * (v1 - v0)) / determinant;
    return [slopeX, slopeY, v0 - slopeX * x0 - slopeY * y0];
  });
  return [0, 1, 2].map((row) => [columns[0][row], columns[1][row]]);
}

describe("recurrent layers", () => {
  it("GRU equals PyTorch, two layers, from a given state, gradients through time", () => {
    const layer = gru({ inputs: 3, hidden: 4, layers: 2 });
    checkCase(caseOf("gru"), (parameters, { x, h0 }) => {
      const { output, state } = layer.apply(parameters, { x, state: [h0] });
      return { output, hN: state[0] };
    });
  });

  it("LSTM equals PyTorch, two layers, from a given state, gradients through time", () => {
    const layer = lstm({ inputs: 3, hidden: 4, layers: 2 });
    checkCase(caseOf("lstm"), (parameters, { x, h0, c0 }) => {
      const { output, state } = layer.apply(parameters, { x, state: [h0, c0] });
      return { output, hN: state[0], cN: state[1] };
    });
  });

  // ALGORITHMS.md 11.6, x = 1, -.5, 2 from zeros
  const run = (layer: Layer<RecurrentInput, RecurrentOutput>, numbers: number[][]) => {
    const [wi, wh, bi, bh] = numbers;
    const { output, state } = layer.apply(
      {
        weight_ih_l0: constant(wi, [wi.length, 1]),
        weight_hh_l0: constant(wh, [wh.length, 1]),
        bias_ih_l0: constant(bi),
        bias_hh_l0: constant(bh),
      },
      { x: constant([1, -0.5, 2], [1, 3, 1]) },
    );
    return { output: evaluate(output), state: state.map(evaluate) };
  };

  it("reference numbers of the LSTM cell", () => {
    const { output, state } = run(lstm({ inputs: 1, hidden: 1 }), [
      [0.5, -0.3, 0.8, 0.2],
      [0.1, 0.4, -0.2, 0.3],
      [0, 0.1, 0, -0.1],
      [0.05, 0, 0.02, 0],
    ]);
    expectNear(output, [0.2119447929, 0.03156884908, 0.3524412845], 6);
    expectNear(state[1], [0.710635434], 6);
  });

  it("reference numbers of the GRU cell", () => {
    const { output } = run(gru({ inputs: 1, hidden: 1 }), [
      [0.5, -0.3, 0.8],
      [0.1, 0.4, -0.2],
      [0, 0.1, 0.02],
      [0.05, 0, 0.03],
    ]);
    expectNear(output, [0.3767967287, 0.07294674845, 0.5982314198], 6);
  });
});

describe("images", () => {
  it("spatial soft-max equals PyTorch", () => {
    checkCase(caseOf("spatial_softmax"), (_, { x }) => ({ output: spatialSoftmax(positionsFirst(x)) }));
  });

  it("the encoder sees where a bright spot is", () => {
    const layer = imageEncoder({ channels: 1, widths: [2], outputs: 2 });
    const { parameters, inputs } = parameterInputs(layer.parameters);
    const images = input("images", [2, 1, 8, 8]);
    const spot = (row: number, column: number) =>
      Float32Array.from({ length: 64 }, (_, index) => (index === row * 8 + column ? 40 : 0));
    const numbers: Record<string, ArrayLike<number>> = {
      // the first channel passes the centre of the kernel on, ours [kh, kw, in, out]; the head reads its x and y
      "conv.0.weight": Float32Array.from({ length: 18 }, (_, index) => (index === 8 ? 1 : 0)),
      "conv.0.bias": [0, 0],
      "head.weight": [1, 0, 0, 0, 0, 1, 0, 0],
      "head.bias": [0, 0],
    };
    const { y } = interpret(program([images, ...inputs], { y: layer.apply(parameters, images) }), {
      ...numbers,
      images: Float32Array.from([...spot(2, 6), ...spot(0, 0)]),
    });
    // stride 2: row 2 is place 1 of 4, column 6 place 3 of 4; centres -1, -1/3, 1/3, 1
    expectNear([...y.data], [1, -1 / 3, -1, -1], 6);
  });
});

describe("dropout", () => {
  const key = (seed: number) => constant([seed, 7], [2], "uint32");

  it("keeps the mean, zeros the given part, scales the rest", () => {
    const size = 10_000;
    const found = evaluate(dropout(constant(new Array(size).fill(1)), 0.25, key(1)));
    const zeros = found.filter((value) => value === 0).length;
    // binomial: 2500 ± 6 · sqrt(10000 · .25 · .75) = 2500 ± 260
    expect(Math.abs(zeros - 2500)).toBeLessThan(260);
    for (const value of found) if (value !== 0) expect(value).toBeCloseTo(4 / 3, 6);
    // standard error of the mean: sqrt(.25 / .75) / 100 = .0058
    expect(found.reduce((sum, value) => sum + value, 0) / size).toBeCloseTo(1, 1);
  });

  it("repeats with the key and changes with it; is x itself without one", () => {
    const x = constant(new Array(100).fill(1));
    expect(evaluate(dropout(x, 0.5, key(1)))).toEqual(evaluate(dropout(x, 0.5, key(1))));
    expect(evaluate(dropout(x, 0.5, key(1)))).not.toEqual(evaluate(dropout(x, 0.5, key(2))));
    expect(dropout(x, 0.5, null)).toBe(x);
    expect(() => dropout(x, 1, null)).toThrow(/rate 1/);
  });
});

describe("initialisation", () => {
  it("of attention: xavier over the joint matrix, biases zero", () => {
    const numbers = initialise(attention({ size: 96, heads: 4 }).parameters, randomKey(3));
    const largest = (path: string) => numbers[path].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    // sqrt(6 / (96 + 288)) = 0.125; out_proj as a linear layer: 1/sqrt(96)
    expect(largest("in_proj_weight")).toBeLessThanOrEqual(0.125);
    expect(largest("in_proj_weight")).toBeGreaterThan(0.124);
    expect(largest("in_proj_bias")).toBe(0);
    expect(largest("out_proj.weight")).toBeLessThanOrEqual(96 ** -0.5);
    expect(largest("out_proj.bias")).toBe(0);
  });
});
