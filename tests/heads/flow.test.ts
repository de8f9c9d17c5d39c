import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { flowLevels, flowLoss, flowSample, type LevelLaw, noiseLevel } from "../../src/heads/index.ts";
import {
  add,
  constant,
  gather,
  input,
  mul,
  randomNormal,
  randomUniform,
  randomWords,
  reshape,
  splitAxis,
  sub,
  type Tensor,
} from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";
import { expectGradient } from "./differences.ts";

describe("levels of noise", () => {
  const QUANTILES = [0, 0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.99, 1];
  // ALGORITHMS.md 11.10, "openpi t" at those quantiles
  const OPENPI = [
    0.001, 0.04736947245, 0.2162280255, 0.3974534127, 0.6303305644, 0.8256563304, 0.932237582, 0.9933288504, 1,
  ];

  it.each([
    ["beta", OPENPI],
    ["uniform", QUANTILES],
  ] as const)("by the law %s", async (law, expected) => {
    const uniform = input("uniform", [9]);
    const outputs = { level: noiseLevel(uniform, law) };
    const feeds = { uniform: QUANTILES };
    for (const { level } of [inFloat64([uniform], outputs, feeds), await inFloat32([uniform], outputs, feeds)]) {
      expected.forEach((value, index) => {
        expect(level[index]).toBeCloseTo(value, 6);
      });
    }
  });

  it("run from 1, pure noise, to one step above the action", () => {
    // 11.10 / 4.8: "times 1, .9, …, .1: ten calls"
    expect(flowLevels(10)).toEqual([1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1]);
    for (const steps of [0, -1, 1.5, Number.NaN]) {
      expect(() => flowLevels(steps)).toThrow(`flow steps: found ${steps}, expected a whole number from 1`);
    }
  });
});

describe("the loss of a flow", () => {
  const CHUNK = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8];

  it.each(["beta", "uniform"] as LevelLaw[])("is that of the straight line, levels %s", async (levels) => {
    const key = input("key", [2], "uint32");
    const chunk = constant(CHUNK, [4, 2]);
    // a network that looks at everything it is given: 0.5 x + 2 level
    const velocity = (noisy: Tensor, level: Tensor) => add(mul(0.5, noisy), mul(2, reshape(level, [4, 1])));
    const [forLevel, forNoise] = randomWords(key, [4, 8]);
    const outputs = {
      loss: flowLoss(velocity, { chunk, key, levels }),
      level: noiseLevel(randomUniform(forLevel, [4]), levels),
      noise: randomNormal(forNoise, [4, 2]),
    };
    for (const word of [1, 2]) {
      const { loss, level, noise } = await inFloat32([key], outputs, { key: [0, word] });
      // 4.8: x = t z + (1 - t) a, target z - a
      const expected = CHUNK.reduce((total, action, index) => {
        const t = level[Math.floor(index / 2)];
        const predicted = 0.5 * (t * noise[index] + (1 - t) * action) + 2 * t;
        return total + (predicted - (noise[index] - action)) ** 2 / 8;
      }, 0);
      expect(loss[0]).toBeCloseTo(expected, 5);
    }
  });

  it("has the gradient of its differences", () => {
    const weight = input("weight", [2, 2]);
    const key = constant([3, 4], [2], "uint32");
    const velocity = (noisy: Tensor, level: Tensor) =>
      add(
        mul(noisy, gather(weight, constant([0], [1], "int32"))),
        mul(reshape(level, [4, 1]), gather(weight, constant([1], [1], "int32"))),
      );
    const loss = flowLoss(velocity, { chunk: constant(CHUNK, [4, 2]), key });
    expectGradient([weight], loss, { weight: [0.5, -0.3, 1.2, 0.7] });
  });

  it("meets levels of the law's mean and variance", async () => {
    const count = 20_000;
    const key = input("key", [2], "uint32");
    const outputs = { level: noiseLevel(randomUniform(key, [count]), "beta") };
    const { level } = await inFloat32([key], outputs, { key: [0, 9] });
    const values = Array.from(level);
    const mean = values.reduce((sum, value) => sum + value, 0) / count;
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count;
    // ALGORITHMS.md 4.8 and 11.10: mean .6004, variance of Beta .06857142857 times .999²; four standard errors
    expect(Math.abs(mean - 0.6004)).toBeLessThan(4 * Math.sqrt(0.0686 / count));
    expect(Math.abs(variance - 0.0684)).toBeLessThan(0.0015);
  });
});

describe("Euler steps", () => {
  /** The optimal velocity for data N(.3, .2²) (ALGORITHMS.md 11.4), τ = 1 - level, turned to run with the level. */
  function optimal(steps: number): (noisy: Tensor, step: Tensor) => Tensor {
    const rows = flowLevels(steps).flatMap((level) => {
      const tau = 1 - level;
      const variance = tau ** 2 * 0.04 + level ** 2;
      // v = .3 + slope (x - .3 τ)
      return [(tau * 0.04) / variance - level / variance, 0.3 * tau];
    });
    const table = constant(rows, [steps, 2]);
    return (noisy, step) => {
      const [slope, centre] = splitAxis(gather(table, reshape(step, [1])), 1, [1, 1]);
      return sub(-0.3, mul(slope, sub(noisy, centre)));
    };
  }

  // ALGORITHMS.md 11.4: x₀ from z = -1 and 1 lie one deviation from the mean .3
  it.each([
    [1, 0],
    [2, 0.03846153846],
    [5, 0.1138814541],
    [10, 0.1541753115],
    [20, 0.1760032483],
    [100, 0.1949789083],
    [1000, 0.1994922375],
  ])("%i of them carry a Gaussian where they must", async (steps, deviation) => {
    const noise = input("noise", [3, 1]);
    const outputs = { out: flowSample(optimal(steps), { noise, steps }) };
    const feeds = { noise: [-1, 0, 1] };
    for (const { out } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
      [0.3 - deviation, 0.3, 0.3 + deviation].forEach((value, index) => {
        expect(out[index]).toBeCloseTo(value, steps === 1000 ? 4 : 5);
      });
    }
  });

  it("draw with the deviation of their map", async () => {
    const draws = 20_000;
    const noise = input("noise", [draws, 1]);
    const stream = randomStream(randomKey(8));
    const feeds = { noise: Float32Array.from({ length: draws }, () => stream.normal()) };
    const { out } = await inFloat32([noise], { out: flowSample(optimal(10), { noise, steps: 10 }) }, feeds);
    const values = Array.from(out);
    const mean = values.reduce((sum, value) => sum + value, 0) / draws;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / draws);
    // 11.4: .3 and .1541753115; four standard errors
    expect(Math.abs(mean - 0.3)).toBeLessThan(4 * (0.154 / Math.sqrt(draws)));
    expect(Math.abs(deviation - 0.1541753115)).toBeLessThan(4 * (0.154 / Math.sqrt(2 * draws)));
  });
});
