import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { isTractable, l2Head, mixtureHead } from "../../src/heads/index.ts";
import { gradient, input } from "../../src/tensor/index.ts";
import { expectClose, type GoldenTensor, golden } from "../nn/golden.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";

/** Log density, loss and the loss's gradient of raw outputs at actions. */
function mixtureProgram(options: Parameters<typeof mixtureHead>[0], batch: number) {
  const head = mixtureHead(options);
  const output = input("output", [batch, head.outputSize]);
  const actions = input("actions", [batch, options.actionSize]);
  const loss = head.loss(output, actions);
  const [slope] = gradient(loss, [output]);
  return { inputs: [output, actions], outputs: { log: head.logProbability(output, actions), loss, slope } };
}

/** Raw outputs of the head that mean these means, deviations and logits. */
function rawOf(means: number[], deviations: number[], logits: number[], minimumDeviation = 1e-4): number[] {
  const inverseSoftplus = (y: number) => Math.log(Math.expm1(y - minimumDeviation));
  return [...means.map(Math.atanh), ...deviations.map(inverseSoftplus), ...logits];
}

interface MixtureCase {
  name: string;
  options: { modes: number; minStd: number };
  inputs: { raw: GoldenTensor; action: GoldenTensor };
  loss: GoldenTensor;
  logProbabilities: GoldenTensor;
  gradient: GoldenTensor;
}

describe("the density of a mixture", () => {
  // ALGORITHMS.md 11.5, "GMM": logits, means and deviations as listed there.
  const LOGITS = [0.5, -0.2, 0.1];
  const RAW = rawOf([0.1, -0.3, 0.4, 0.2, -0.6, 0.7], [0.2, 0.3, 0.1, 0.15, 0.5, 0.4], LOGITS);
  const WEIGHTS = [-0.7733000436, -1.473300044, -1.173300044].map(Math.exp);
  const CASES = [
    { action: [0.2, -0.1], log: -0.08465374331, responsibilities: [0.9414492156, 0.04846960935, 0.01008117501] },
    { action: [0.35, 0.25], log: 0.7681478486, responsibilities: [0.04842593327, 0.9415993284, 0.009974738359] },
    // the naive sum of densities underflows in two of three components
    { action: [5, -5], log: -165.6529892, responsibilities: [0, 0, 1] },
  ];

  it.each(CASES)("at $action, and the gradient of its logits is weight - responsibility", async (row) => {
    const { inputs, outputs } = mixtureProgram({ actionSize: 2, modes: 3 }, 1);
    const feeds = { output: RAW, actions: row.action };
    const plain = inFloat64(inputs, outputs, feeds);
    // the program's own constants are float32: 1e-7 of the sum of squares
    expect(plain.log[0]).toBeCloseTo(row.log, 6);
    expect(plain.loss[0]).toBe(-plain.log[0]);
    // 2.2: d log p / d logit = r - w; the loss is its negative
    row.responsibilities.forEach((responsibility, k) => {
      expect(plain.slope[12 + k]).toBeCloseTo(WEIGHTS[k] - responsibility, 6);
    });
    const native = await inFloat32(inputs, outputs, feeds);
    expect(Math.abs(native.log[0] / row.log - 1)).toBeLessThan(2e-5);
    row.responsibilities.forEach((responsibility, k) => {
      expect(native.slope[12 + k]).toBeCloseTo(WEIGHTS[k] - responsibility, 5);
    });
  });

  it("of one Gaussian", () => {
    // ALGORITHMS.md 11.5: a = [.2, -.4], mean [.1, -.1], deviation [.5, .25]
    const { inputs, outputs } = mixtureProgram({ actionSize: 2, modes: 1 }, 1);
    const feeds = { output: rawOf([0.1, -0.1], [0.5, 0.25], [3]), actions: [0.2, -0.4] };
    expect(inFloat64(inputs, outputs, feeds).log[0]).toBeCloseTo(-0.4984355247, 6);
  });

  it("of robomimic's raw outputs", async () => {
    // ALGORITHMS.md 11.5, "Full robomimic GMM, K=2"
    const { inputs, outputs } = mixtureProgram({ actionSize: 2, modes: 2 }, 1);
    const feeds = { output: [0.2, -0.5, -1, 0.8, -1, -2, 0.2, 0.5, 0.3, -0.3], actions: [0.1, -0.4] };
    expect(inFloat64(inputs, outputs, feeds).log[0]).toBeCloseTo(0.7907047535, 6);
    expect((await inFloat32(inputs, outputs, feeds)).log[0]).toBeCloseTo(0.7907047535, 5);
  });

  const { mixture } = golden<{ mixture: MixtureCase[] }>("heads");
  it.each(mixture)("as PyTorch has it: $name", async ({ name, options, inputs: given, ...expected }) => {
    const [batch, actionSize] = given.action.shape;
    const { inputs, outputs } = mixtureProgram(
      { actionSize, modes: options.modes, minimumDeviation: options.minStd },
      batch,
    );
    const feeds = { output: given.raw.data, actions: given.action.data };
    const shapes = { log: [batch], loss: [], slope: given.raw.shape };
    const goldens = { log: expected.logProbabilities, loss: expected.loss, slope: expected.gradient };
    const check = (results: Record<string, ArrayLike<number>>, relative: number) => {
      for (const key of ["log", "loss", "slope"] as const) {
        expectClose(
          { shape: shapes[key], data: results[key] as Float32Array },
          goldens[key],
          relative,
          `${name} ${key}`,
        );
      }
    };
    // deviations of 1e-4 in the second case, where the minimum as float32 is off by 1e-8 of itself and z² by 1e-7
    check(inFloat64(inputs, outputs, feeds), 1e-6);
    check(await inFloat32(inputs, outputs, feeds), name.startsWith("narrow") ? 2e-3 : 2e-5);
  });

  it("and its gradient stay finite far away and at the least deviation", async () => {
    const { inputs, outputs } = mixtureProgram({ actionSize: 2, modes: 3 }, 4);
    const narrow = [...Array(6).fill(0), ...Array(6).fill(-200), 80, 0, -80];
    const wide = [...Array(6).fill(50), ...Array(6).fill(50), 0, 0, 0];
    const feeds = { output: [narrow, narrow, wide, RAW].flat(), actions: [1, -1, 1e3, -1e3, 1e3, 1e3, -1e4, 1e4] };
    for (const results of [inFloat64(inputs, outputs, feeds), await inFloat32(inputs, outputs, feeds)]) {
      for (const key of ["log", "loss", "slope"]) expect(Array.from(results[key]).every(Number.isFinite)).toBe(true);
    }
  });
});

describe("drawing from a mixture", () => {
  const LOGITS = [Math.log(0.5), Math.log(0.2), Math.log(0.3)];
  const RAW = rawOf([-0.5, -0.6, 0, 0.1, 0.5, 0.7], [0.1, 0.05, 0.02, 0.2, 0.3, 0.01], LOGITS);

  it("takes one normal for the mode, and one more for each number where deviations count", () => {
    expect(mixtureHead({ actionSize: 7 })).toMatchObject({ name: "gmm", noiseSize: 1, outputSize: 75 });
    expect(mixtureHead({ actionSize: 7, samplingScale: 1 }).noiseSize).toBe(8);
    expect(isTractable(mixtureHead({ actionSize: 7 }))).toBe(true);
    expect(isTractable(l2Head({ actionSize: 7 }))).toBe(false);
  });

  it("changes mode where the uniform number passes the sum of the weights", async () => {
    const head = mixtureHead({ actionSize: 2, modes: 3 });
    // Standard normal quantiles (R: qnorm): Φ⁻¹(0.5) = 0, Φ⁻¹(0.7) = 0.5244005127.
    const near = 1e-5;
    const normals = [-9, -near, near, 0.5244005127 - near, 0.5244005127 + near, 9];
    const modes = [0, 0, 1, 1, 2, 2];
    const output = input("output", [6, head.outputSize]);
    const noise = input("noise", [6, 1]);
    const outputs = { actions: head.sample(output, noise) };
    const feeds = { output: Array(6).fill(RAW).flat(), noise: normals };
    const means = [-0.5, -0.6, 0, 0.1, 0.5, 0.7];
    for (const { actions } of [
      inFloat64([output, noise], outputs, feeds),
      await inFloat32([output, noise], outputs, feeds),
    ]) {
      modes.forEach((mode, row) => {
        expect(actions[2 * row], `row ${row}`).toBeCloseTo(means[2 * mode], 6);
        expect(actions[2 * row + 1], `row ${row}`).toBeCloseTo(means[2 * mode + 1], 6);
      });
    }
  });

  it("has the weights, means and deviations of the mixture", async () => {
    const draws = 20_000;
    const head = mixtureHead({ actionSize: 2, modes: 3, samplingScale: 1 });
    const noise = input("noise", [draws, 3]);
    const output = input("output", [draws, head.outputSize]);
    const stream = randomStream(randomKey(5));
    const feeds = {
      output: Array(draws).fill(RAW).flat(),
      noise: Float32Array.from({ length: 3 * draws }, () => stream.normal()),
    };
    const { actions } = await inFloat32([output, noise], { actions: head.sample(output, noise) }, feeds);
    // In the second number the modes lie at -0.6 ± 0.05, 0.1 ± 0.2 and 0.7 ± 0.01: cut at -0.35 (5 deviations of the
    // first, 2.25 of the second, which holds 1.2% of its draws below) and at 0.65.
    const second = Array.from({ length: draws }, (_, row) => actions[2 * row + 1]);
    const share = (holds: (value: number) => boolean) => second.filter(holds).length / draws;
    // four standard errors of a share: 4 √(¼ / 20000) = 0.014; 0.2 · 1.2% = 0.0024 change sides
    expect(Math.abs(share((value) => value < -0.35) - 0.5)).toBeLessThan(0.017);
    expect(Math.abs(share((value) => value > 0.65) - 0.3)).toBeLessThan(0.017);
    const last = Array.from({ length: draws }, (_, row) => [actions[2 * row], second[row]]).filter(([, y]) => y > 0.65);
    const moment = (values: number[]) => {
      const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
      return {
        mean,
        deviation: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length),
      };
    };
    const x = moment(last.map(([value]) => value));
    // 6000 draws: four standard errors of the mean 4 · 0.3 / √6000 = 0.016, of the deviation 0.011; 1% are of mode 1
    expect(Math.abs(x.mean - 0.5)).toBeLessThan(0.02);
    expect(Math.abs(x.deviation - 0.3)).toBeLessThan(0.015);
  });

  it("scales the deviations by samplingScale", () => {
    const head = mixtureHead({ actionSize: 2, modes: 1, samplingScale: 0.5 });
    const output = input("output", [1, head.outputSize]);
    const noise = input("noise", [1, 3]);
    const feeds = { output: rawOf([0.1, -0.2], [0.2, 0.4], [0]), noise: [0.3, 2, -1] };
    const { actions } = inFloat64([output, noise], { actions: head.sample(output, noise) }, feeds);
    // 0.1 + 0.5 · 0.2 · 2 and -0.2 - 0.5 · 0.4 · 1
    expect(actions[0]).toBeCloseTo(0.3, 7);
    expect(actions[1]).toBeCloseTo(-0.4, 7);
  });
});

describe("the L2 head", () => {
  it("is the mean squared error, and its outputs are the actions", () => {
    const head = l2Head({ actionSize: 5 });
    expect(head).toMatchObject({ name: "l2", outputSize: 5, noiseSize: 0 });
    const output = input("output", [1, 5]);
    const actions = input("actions", [1, 5]);
    const loss = head.loss(output, actions);
    const [slope] = gradient(loss, [output]);
    // ALGORITHMS.md 11.6: residuals [-2, -.5, 0, .3, 1.5] have MSE 1.318
    const feeds = { output: [-2, -0.5, 0, 0.3, 1.5], actions: [0, 0, 0, 0, 0] };
    const results = inFloat64([output, actions], { loss, slope, sample: head.sample(output, output) }, feeds);
    expect(results.loss[0]).toBeCloseTo(1.318, 7);
    // 2/5 of the residual
    feeds.output.forEach((residual, index) => {
      expect(results.slope[index]).toBeCloseTo(0.4 * residual, 7);
    });
    expect(Array.from(results.sample)).toEqual(feeds.output);
  });
});

describe("the likeliest mode", () => {
  // logits 0.2, 1.4, 1.3 and 2, -1, 1.99: modes 1 and 0
  const means = [-0.5, 0.1, 0.6, -0.2, 0.3, 0.9];
  const deviations = Array(6).fill(0.25);
  const raw = [...rawOf(means, deviations, [0.2, 1.4, 1.3]), ...rawOf(means, deviations, [2, -1, 1.99])];

  it("is taken without noise, its mean alone", async () => {
    const head = mixtureHead({ actionSize: 2, modes: 3, likeliestMode: true });
    expect(head.noiseSize).toBe(0);
    const [output, noise] = [input("output", [2, head.outputSize]), input("noise", [2, 0])];
    const outputs = { chunk: head.sample(output, noise) };
    for (const { chunk } of [
      inFloat64([output], outputs, { output: raw }),
      await inFloat32([output], outputs, { output: raw }),
    ]) {
      [0.6, -0.2, -0.5, 0.1].forEach((value, i) => {
        expect(chunk[i]).toBeCloseTo(value, 6);
      });
    }
  });

  it("is drawn within, where deviations are asked for: the noise is the numbers' alone", async () => {
    const head = mixtureHead({ actionSize: 2, modes: 3, likeliestMode: true, samplingScale: 0.5 });
    expect(head.noiseSize).toBe(2);
    const [output, noise] = [input("output", [2, head.outputSize]), input("noise", [2, 2])];
    const outputs = { chunk: head.sample(output, noise) };
    const feeds = { output: raw, noise: [1, -2, 0, 3] };
    for (const { chunk } of [
      inFloat64([output, noise], outputs, feeds),
      await inFloat32([output, noise], outputs, feeds),
    ]) {
      // mean + 0.5 · 0.25 · normal
      [0.6 + 0.125, -0.2 - 0.25, -0.5, 0.1 + 0.375].forEach((value, i) => {
        expect(chunk[i]).toBeCloseTo(value, 6);
      });
    }
  });

  it("changes nothing of the density", () => {
    const output = input("output", [2, 15]);
    const actions = input("actions", [2, 2]);
    const logOf = (likeliestMode: boolean) =>
      mixtureHead({ actionSize: 2, modes: 3, likeliestMode }).logProbability(output, actions);
    const feeds = { output: raw, actions: [0.1, 0.2, -0.5, 0.5] };
    const { plain, likeliest } = inFloat64([output, actions], { plain: logOf(false), likeliest: logOf(true) }, feeds);
    expect(likeliest).toEqual(plain);
  });
});
