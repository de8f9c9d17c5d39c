import { describe, expect, it } from "vitest";
import {
  adam,
  adamw,
  initialState,
  type OptimizerRecipe,
  plainAccumulate,
  plainUpdate,
  powerEma,
  sgd,
} from "../../src/optim/index.ts";

const constant = { kind: "constant", rate: 0.01 } as const;

/** ALGORITHMS.md 11.6b: p₀ = [.5, -1] under these three gradients. */
const START = [0.5, -1];
const GRADIENTS = [
  [0.1, -0.2],
  [0.3, 0],
  [-0.1, 0.4],
];

/** The parameters after each of the three updates. */
function trace(
  recipe: OptimizerRecipe,
  type: typeof Float64Array | typeof Float32Array,
  decay?: boolean[],
): number[][] {
  const parameter = [type.from(START)];
  const state = initialState(recipe, parameter);
  return GRADIENTS.map((values, update) => {
    const gradient = [type.from(values)];
    expect(plainUpdate({ recipe, update, state, gradient, decay })).toEqual({ finite: true, gradientNorm: null });
    return [...parameter[0]];
  });
}

// ALGORITHMS.md 11.6b, ten significant digits (lr .01, betas .9/.999, epsilon 1e-8 unless said otherwise)
const REFERENCES: [string, OptimizerRecipe, number[][]][] = [
  [
    "Adam",
    adam({ schedule: constant }),
    [
      [0.490000001, -0.9900000005],
      [0.4808221902, -0.9832994184],
      [0.475985272, -0.986699763],
    ],
  ],
  [
    "Adam with coupled weight decay 0.1",
    adam({ schedule: constant, weightDecay: 0.1 }),
    [
      [0.4900000007, -0.9900000003],
      [0.4805180578, -0.9813042391],
      [0.4741221855, -0.9808620567],
    ],
  ],
  [
    "AdamW with weight decay 0.1",
    adamw({ schedule: constant, weightDecay: 0.1 }),
    [
      [0.489500001, -0.9890000005],
      [0.4798326902, -0.9813104184],
      [0.4745159393, -0.9837294526],
    ],
  ],
  [
    "AdamW as diffusion_policy sets it",
    adamw({ schedule: { kind: "constant", rate: 1e-4 }, beta1: 0.95, weightDecay: 1e-6 }),
    [
      [0.4999, -0.9998999999],
      [0.4998094286, -0.999831085],
      [0.4997590361, -0.9998608786],
    ],
  ],
  [
    "SGD with momentum 0.9",
    sgd({ schedule: constant, momentum: 0.9 }),
    [
      [0.499, -0.998],
      [0.4951, -0.9962],
      [0.49259, -0.99858],
    ],
  ],
];

describe("the plain update", () => {
  it.each(REFERENCES)("%s repeats PyTorch's numbers", (_, recipe, expected) => {
    // Ten digits printed: half a unit of the tenth in float64, a few roundings of 2^-24 relative in float32.
    trace(recipe, Float64Array).forEach((row, update) => {
      row.forEach((value, i) => {
        expect(Math.abs(value - expected[update][i])).toBeLessThan(6e-11);
      });
    });
    trace(recipe, Float32Array).forEach((row, update) => {
      row.forEach((value, i) => {
        expect(Math.abs(value - expected[update][i])).toBeLessThan(3e-7);
      });
    });
  });

  it("adds SGD's weight decay to the gradient", () => {
    // No momentum: p = .5 - .01(.1 + .1·.5) = .4985; p = -1 - .01(-.2 + .1·(-1)) = -.997
    const recipe = sgd({ schedule: constant, weightDecay: 0.1 });
    const [first] = trace(recipe, Float64Array);
    expect(first[0]).toBeCloseTo(0.4985, 14);
    expect(first[1]).toBeCloseTo(-0.997, 14);
  });

  it("spares tensors whose decay flag is false", () => {
    for (const decaying of [
      adam({ schedule: constant, weightDecay: 0.1 }),
      adamw({ schedule: constant, weightDecay: 0.1 }),
      sgd({ schedule: constant, weightDecay: 0.1 }),
    ]) {
      const without = { ...decaying, weightDecay: 0 };
      expect(trace(decaying, Float64Array, [false])).toEqual(trace(without, Float64Array));
      expect(trace(decaying, Float64Array, [true])).not.toEqual(trace(without, Float64Array));
    }
  });

  it("clips by the global norm of all tensors together", () => {
    // ALGORITHMS.md 11.6b: [.1, -.2] clipped to norm .1 (with norm + 1e-6) is [0.04472115955, -0.0894423191].
    // SGD with rate 1 from 0 makes the step visible; the two numbers stand in two tensors.
    const recipe = sgd({ schedule: { kind: "constant", rate: 1 }, clipNorm: 0.1 });
    const parameter = [new Float64Array(1), new Float64Array(1)];
    const gradient = [Float64Array.of(0.1), Float64Array.of(-0.2)];
    const state = initialState(recipe, parameter);
    const report = plainUpdate({ recipe, update: 0, state, gradient });
    expect(parameter[0][0]).toBeCloseTo(-0.04472115955, 11);
    expect(parameter[1][0]).toBeCloseTo(0.0894423191, 11);
    // √(.01 + .04)
    expect(report.gradientNorm).toBeCloseTo(Math.sqrt(0.05), 15);
    // A norm below the limit leaves the gradient as it is: the factor is at most 1.
    plainUpdate({ recipe: { ...recipe, clipNorm: 10 }, update: 1, state, gradient });
    expect(parameter[0][0]).toBeCloseTo(-0.04472115955 - 0.1, 11);
  });

  it("moves the average as diffusion_policy does", () => {
    // ALGORITHMS.md 11.7: parameter 1..6 after each update, average 0 before. SGD with rate 1 and gradient -1 counts up.
    const recipe = sgd({ schedule: { kind: "constant", rate: 1 }, ema: powerEma });
    const parameter = [new Float64Array(1)];
    const state = initialState(recipe, parameter);
    const averages = Array.from({ length: 6 }, (_, update) => {
      plainUpdate({ recipe, update, state, gradient: [Float64Array.of(-1)] });
      return state.average![0][0];
    });
    const expected = [1, 2, 2.594603558, 3.211138803, 3.843596744, 4.48851174];
    averages.forEach((average, i) => {
      expect(average).toBeCloseTo(expected[i], 8);
    });
  });

  it("refuses a gradient that is not finite when it clips, and reports it when it does not", () => {
    for (const value of [Number.NaN, Infinity, -Infinity]) {
      const gradient = [Float32Array.of(1, value)];
      const clipping = adam({ schedule: constant, clipNorm: 1 });
      const state = initialState(clipping, [Float32Array.of(1, 2)]);
      expect(plainUpdate({ recipe: clipping, update: 0, state, gradient }).finite).toBe(false);
      expect(state).toEqual(initialState(clipping, [Float32Array.of(1, 2)]));
      const free = adam({ schedule: constant });
      expect(plainUpdate({ recipe: free, update: 0, state, gradient })).toEqual({ finite: false, gradientNorm: null });
    }
  });

  it("averages accumulated gradients", () => {
    // (1 + 3 + 8)/3 = 4, (-2 + 0 + 5)/3 = 1
    const sum = Float64Array.of(99, 99);
    const parts = [Float64Array.of(1, -2), Float64Array.of(3, 0), Float64Array.of(8, 5)];
    parts.forEach((gradient, i) => {
      plainAccumulate({ sum, gradient, weight: 1 / 3, first: i === 0 });
    });
    expect(sum[0]).toBeCloseTo(4, 14);
    expect(sum[1]).toBeCloseTo(1, 14);
  });
});
