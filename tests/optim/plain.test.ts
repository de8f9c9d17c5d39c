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
import { constant, GRADIENTS, REFERENCES, START } from "./references.ts";

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
