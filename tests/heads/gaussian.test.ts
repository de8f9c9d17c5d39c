import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { gaussianHead, isTractable } from "../../src/heads/index.ts";
import { gradient, input } from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";
import { expectGradient } from "./differences.ts";

/** Raw outputs that mean these means and deviations, with the head's defaults. */
function rawOf(means: number[], deviations: number[]): number[] {
  // deviation = 0.1 · softplus(raw) / ln 2
  return [...means.map(Math.atanh), ...deviations.map((value) => Math.log(Math.expm1((value * Math.LN2) / 0.1)))];
}

describe("one Gaussian", () => {
  it("has the density of ALGORITHMS.md 11.5", async () => {
    // a = [.2, -.4], mean [.1, -.1], deviation [.5, .25]: log p = -0.4984355247
    const head = gaussianHead({ actionSize: 2 });
    expect(head).toMatchObject({ name: "gaussian", outputSize: 4, noiseSize: 0 });
    expect(isTractable(head)).toBe(true);
    const inputs = [input("output", [1, 4]), input("actions", [1, 2])] as const;
    const outputs = { log: head.logProbability(...inputs), loss: head.loss(...inputs) };
    const feeds = { output: rawOf([0.1, -0.1], [0.5, 0.25]), actions: [0.2, -0.4] };
    const plain = inFloat64([...inputs], outputs, feeds);
    expect(plain.log[0]).toBeCloseTo(-0.4984355247, 6);
    expect(plain.loss[0]).toBe(-plain.log[0]);
    expect((await inFloat32([...inputs], outputs, feeds)).log[0]).toBeCloseTo(-0.4984355247, 5);
  });

  it("reads robomimic's raw outputs", () => {
    const head = gaussianHead({ actionSize: 4, samplingScale: 1 });
    expect(head.noiseSize).toBe(4);
    const inputs = [input("output", [2, 8]), input("noise", [2, 4])] as const;
    const output = [-2, 0.1, 0.5, 9, -1.5, 0, 1, -10];
    const feeds = { output: [...output, ...output], noise: [0, 0, 0, 0, 1, 1, 1, 1] };
    const { actions } = inFloat64([...inputs], { actions: head.sample(...inputs) }, feeds);
    // 11.5: tanh([-2, .1, .5, 9]); deviation (init .1, min .01) of raw [-1.5, 0, 1, -10]
    const means = [-0.9640275801, 0.09966799462, 0.4621171573, 0.9999999695];
    const deviations = [0.02905779373, 0.1, 0.1894636124, 0.01];
    means.forEach((mean, index) => {
      expect(actions[index]).toBeCloseTo(mean, 9);
      expect(actions[4 + index] - actions[index]).toBeCloseTo(deviations[index], 7);
    });
  });

  it("has the gradient of its differences", () => {
    const head = gaussianHead({ actionSize: 2 });
    const inputs = [input("output", [2, 4]), input("actions", [2, 2])];
    const feeds = { output: [0.3, -0.4, 1.2, 0.5, -0.2, 0.9, 3, 2], actions: [0.2, -0.1, 0.4, 0.6] };
    expectGradient(inputs, head.loss(inputs[0], inputs[1]), feeds);
  });

  it("and its gradient stay finite far away and at the least deviation", async () => {
    const head = gaussianHead({ actionSize: 2 });
    const inputs = [input("output", [2, 4]), input("actions", [2, 2])];
    const loss = head.loss(inputs[0], inputs[1]);
    const feeds = { output: [0, 0, -200, -200, 80, -80, 200, 200], actions: [1e3, -1e3, 1e3, 1] };
    const outputs = { loss, slope: gradient(loss, [inputs[0]])[0] };
    for (const results of [inFloat64(inputs, outputs, feeds), await inFloat32(inputs, outputs, feeds)]) {
      expect([...Array.from(results.loss), ...Array.from(results.slope)].every(Number.isFinite)).toBe(true);
    }
  });

  it("draws with its mean and deviation, or takes the mean", async () => {
    const draws = 20_000;
    const raw = rawOf([0.3, -0.6], [0.2, 0.05]);
    const head = gaussianHead({ actionSize: 2, samplingScale: 1 });
    const inputs = [input("output", [draws, 4]), input("noise", [draws, 2])] as const;
    const stream = randomStream(randomKey(3));
    const noise = Float32Array.from({ length: 2 * draws }, () => stream.normal());
    const outputs = {
      drawn: head.sample(...inputs),
      mean: gaussianHead({ actionSize: 2 }).sample(...inputs),
    };
    const feeds = { output: Array(draws).fill(raw).flat(), noise };
    const { drawn, mean } = await inFloat32([...inputs], outputs, feeds);
    for (const [column, expected, deviation] of [
      [0, 0.3, 0.2],
      [1, -0.6, 0.05],
    ]) {
      const values = Array.from({ length: draws }, (_, row) => drawn[2 * row + column]);
      const average = values.reduce((sum, value) => sum + value, 0) / draws;
      const spread = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / draws);
      // four standard errors: of the mean 4 σ / √n, of the deviation 4 σ / √(2n)
      expect(Math.abs(average - expected)).toBeLessThan((4 * deviation) / Math.sqrt(draws));
      expect(Math.abs(spread - deviation)).toBeLessThan((4 * deviation) / Math.sqrt(2 * draws));
      expect(mean[column]).toBeCloseTo(expected, 6);
    }
  });
});
