import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  type Denoising,
  diffusionHead,
  diffusionLoss,
  flowHead,
  flowLoss,
  isTractable,
  type LevelLaw,
  type Prediction,
  squaredCosine,
} from "../../src/heads/index.ts";
import {
  add,
  cast,
  constant,
  div,
  gather,
  input,
  mul,
  reshape,
  square,
  sub,
  type Tensor,
} from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";

const SCHEDULE = squaredCosine(100);
/** The data of ALGORITHMS.md 11.4: N(.3, .2²). */
const [MEAN, VARIANCE] = [0.3, 0.04];

/** What a network says at chunks and times, the same whether the times are given beforehand or not. */
function denoising(at: (noisy: Tensor, time: Tensor) => Tensor): Denoising {
  return {
    at,
    atTimes: (times) => (noisy, step) => at(noisy, gather(constant(times), reshape(step, [1]))),
  };
}

/** The network that knows the truth about N(.3, .2²): E[what is predicted | noisy, t], an affine function of noisy. */
function knowing(prediction: Prediction): Denoising {
  const rows = Array.from(SCHEDULE.alphaBar, (level) => {
    const [signal, spread] = [Math.sqrt(level), Math.sqrt(1 - level)];
    const whole = level * VARIANCE + 1 - level;
    const [ofNoise, ofChunk] = [spread / whole, (signal * VARIANCE) / whole];
    // E[noise] = ofNoise (x - √ᾱ mean), E[chunk] = mean + ofChunk (x - √ᾱ mean)
    const slope = { epsilon: ofNoise, sample: ofChunk, v: signal * ofNoise - spread * ofChunk }[prediction];
    const base = { epsilon: 0, sample: MEAN, v: -spread * MEAN }[prediction];
    return { slope, base: base - slope * signal * MEAN };
  });
  const column = (of: (row: { slope: number; base: number }) => number) => constant(rows.map(of), [100, 1]);
  const [slopes, bases] = [column(({ slope }) => slope), column(({ base }) => base)];
  return denoising((noisy, time) => {
    const row = cast(time, "int32");
    return add(mul(gather(slopes, row), noisy), gather(bases, row));
  });
}

/** The same of flow: E[noise - chunk | noisy, level], with the time of the network 100 times the level. */
const flowing = denoising((noisy, time) => {
  const level = reshape(mul(time, 0.01), [-1, 1]);
  const left = sub(1, level);
  const whole = add(square(level), mul(VARIANCE, square(left)));
  // noise - chunk and noisy = level noise + (1 - level) chunk: covariance level - (1 - level) .04
  const slope = div(sub(level, mul(VARIANCE, left)), whole);
  return add(-MEAN, mul(slope, sub(noisy, mul(MEAN, left))));
});

/** A network that looks at everything it is given. */
const looking = denoising((noisy, time) => add(mul(0.5, noisy), mul(0.01, reshape(time, [-1, 1]))));

describe("the loss of a denoising head", () => {
  const chunk = constant([0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8], [4, 2]);
  const key = constant([7, 8], [2], "uint32");
  const context = { present: constant([1, 0, 1, 1, 0, 1, 1, 1], [4, 2]), weight: constant([1, 2, 0.5, 3]) };

  it.each(["epsilon", "sample", "v"] as const)("is diffusion's, predicting %s", (prediction) => {
    const head = diffusionHead({ actionSize: 2, prediction });
    for (const given of [{}, context]) {
      const found = inFloat64([], {
        head: head.loss(looking, chunk, { key, ...given }),
        plain: diffusionLoss(looking.at, { chunk, key, schedule: SCHEDULE, prediction, ...given }),
      });
      expect(found.head[0]).toBe(found.plain[0]);
    }
  });

  it.each(["beta", "uniform"] as LevelLaw[])("is flow's, levels %s, at a hundred times the level", (levels) => {
    const head = flowHead({ actionSize: 2, levels });
    for (const given of [{}, context]) {
      const found = inFloat64([], {
        head: head.loss(looking, chunk, { key, ...given }),
        plain: flowLoss((noisy, level) => looking.at(noisy, mul(100, level)), { chunk, key, levels, ...given }),
      });
      expect(found.head[0]).toBe(found.plain[0]);
    }
  });

  it("needs a key", () => {
    for (const head of [diffusionHead({ actionSize: 2 }), flowHead({ actionSize: 2 })]) {
      expect(() => head.loss(looking, chunk)).toThrow("its loss needs a key");
      expect(isTractable(head)).toBe(false);
    }
  });

  const DRAWS = 20_000;
  const average = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  /** Mean loss over chunks drawn from N(.3, .2²), each with its own noise. */
  async function lossOn(loss: (chunks: Tensor) => Tensor): Promise<number> {
    const stream = randomStream(randomKey(9));
    const chunks = input("chunks", [DRAWS, 1]);
    const feeds = { chunks: Float32Array.from({ length: DRAWS }, () => MEAN + 0.2 * stream.normal()) };
    return (await inFloat32([chunks], { loss: loss(chunks) }, feeds)).loss[0];
  }

  it("is, with a network that knows the truth, what remains unknown", async () => {
    // Var(noise | noisy) = ᾱ s² / (ᾱ s² + 1 - ᾱ), the mean over times
    const unknown = average(Array.from(SCHEDULE.alphaBar, (a) => (a * VARIANCE) / (a * VARIANCE + 1 - a)));
    const diffusion = diffusionHead({ actionSize: 1 });
    const found = await lossOn((chunks) => diffusion.loss(knowing("epsilon"), chunks, { key }));
    // squares of normals of variance v ≤ 1: deviation √2 v, √(3 E v²) at most; 4 errors 4 · √(3 · unknown / 20000)
    expect(Math.abs(found - unknown)).toBeLessThan(4 * Math.sqrt((3 * unknown) / DRAWS));
    // Var(noise - chunk | noisy) = s² / (t² + (1 - t)² s²), over levels of the law; by 10,000 midpoints of its quantiles
    const levels = Array.from({ length: 10_000 }, (_, i) => 0.001 + 0.999 * ((i + 0.5) / 10_000) ** (2 / 3));
    const left = average(levels.map((t) => VARIANCE / (t * t + (1 - t) ** 2 * VARIANCE)));
    const flow = await lossOn((chunks) => flowHead({ actionSize: 1 }).loss(flowing, chunks, { key }));
    expect(Math.abs(flow - left)).toBeLessThan(4 * Math.sqrt((3 * left * 1.04) / DRAWS));
  });
});

describe("drawing with a network that knows the truth", () => {
  const noise = input("noise", [3, 1]);
  const feeds = { noise: [-1, 0, 1] };

  // ALGORITHMS.md 11.4: DDIM, x₀ from x_T = -1, 0, 1. The estimates stay within [-1, 1], so that nothing is clipped.
  it.each([
    [50, [0.1112542291, 0.299121689, 0.4869891489]],
    [20, [0.1235422648, 0.2967626323, 0.4699829998]],
    [10, [0.1421669544, 0.2936468774, 0.4451268003]],
    [5, [0.1712258102, 0.2896345609, 0.4080433117]],
  ])("DDIM with %i steps carries a Gaussian where it must, whatever is predicted", async (samplingSteps, expected) => {
    for (const prediction of ["epsilon", "sample", "v"] as const) {
      const head = diffusionHead({ actionSize: 1, samplingSteps, prediction });
      expect(head.noiseSize).toBe(1);
      const outputs = { out: head.sample(knowing(prediction), noise) };
      for (const { out } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
        expected.forEach((value, i) => {
          expect(out[i], prediction).toBeCloseTo(value, 4);
        });
      }
    }
  });

  // 11.4, Euler: half the distance between x₀ from -1 and from 1
  it.each([
    [1, 0],
    [2, 0.03846153846],
    [10, 0.1541753115],
    [100, 0.1949789083],
  ])("flow with %i steps carries a Gaussian where it must", async (samplingSteps, deviation) => {
    const head = flowHead({ actionSize: 1, samplingSteps });
    const outputs = { out: head.sample(flowing, noise) };
    for (const { out } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
      [MEAN - deviation, MEAN, MEAN + deviation].forEach((value, i) => {
        expect(out[i]).toBeCloseTo(value, 5);
      });
    }
  });

  it("DDPM with 100 steps has the deviation that it must", async () => {
    const head = diffusionHead({ actionSize: 1, sampler: "ddpm", samplingSteps: 100 });
    expect(head.noiseSize).toBe(100);
    // Affine in its normals: row 0 has none, row k the k-th alone; the variance is the sum of squares of what each adds.
    const normals = input("normals", [101, 100]);
    const given = {
      normals: Array.from({ length: 101 * 100 }, (_, at) => (Math.floor(at / 100) === (at % 100) + 1 ? 1 : 0)),
    };
    const { out } = await inFloat32([normals], { out: head.sample(knowing("epsilon"), normals) }, given);
    expect(out[0]).toBeCloseTo(0.2999999971, 4);
    const squares = Array.from({ length: 100 }, (_, k) => (out[k + 1] - out[0]) ** 2);
    // 11.4: posterior variance
    expect(Math.sqrt(squares.reduce((sum, value) => sum + value, 0))).toBeCloseTo(0.1853672988, 4);
  });

  it("starts from zeros where nothing is left to chance", () => {
    const none = input("noise", [3, 0]);
    const heads = {
      ddim: diffusionHead({ actionSize: 1, samplingSteps: 10, deterministic: true }),
      ddpm: diffusionHead({ actionSize: 1, samplingSteps: 10, sampler: "ddpm", deterministic: true }),
    };
    for (const head of Object.values(heads)) {
      expect(head.noiseSize).toBe(0);
      const { out } = inFloat64([], { out: head.sample(knowing("epsilon"), none) });
      // the middle of 11.4's row for 10 steps
      for (const value of Array.from(out)) expect(value).toBeCloseTo(0.2936468774, 5);
    }
    const flow = flowHead({ actionSize: 1, deterministic: true });
    expect(flow.noiseSize).toBe(0);
    expect(Array.from(inFloat64([], { out: flow.sample(flowing, none) }).out)).toEqual(
      [MEAN, MEAN, MEAN].map((value) => expect.closeTo(value, 6)),
    );
  });

  it("keeps estimates within [-1, 1]", () => {
    const head = diffusionHead({ actionSize: 1, samplingSteps: 10 });
    const wild = denoising((noisy) => mul(-3, noisy));
    const { out } = inFloat64([noise], { out: head.sample(wild, noise) }, { noise: [-4, 1, 4] });
    for (const value of Array.from(out)) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  });

  it("refuses steps that are none", () => {
    expect(() => diffusionHead({ actionSize: 1, steps: 1 })).toThrow("diffusion steps: found 1, expected 2 or more");
    expect(() => diffusionHead({ actionSize: 1, steps: 10, samplingSteps: 11 })).toThrow("found 11, expected 2 to 10");
    expect(() => flowHead({ actionSize: 1, samplingSteps: 0 })).toThrow("flow steps: found 0");
  });
});
