import { describe, expect, it } from "vitest";
import {
  addNoise,
  ddimSample,
  ddpmSample,
  diffusionLoss,
  diffusionTarget,
  leadingTimes,
  type Prediction,
  type StepDenoiser,
  squaredCosine,
} from "../../src/heads/index.ts";
import {
  add,
  concat,
  constant,
  full,
  gather,
  gradient,
  input,
  mean,
  mul,
  randomIntegers,
  randomNormal,
  randomWords,
  reshape,
  softmax,
  splitAxis,
  square,
  sub,
  sum,
  type Tensor,
} from "../../src/tensor/index.ts";
import { expectClose, type GoldenTensor, golden } from "../nn/golden.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";

const SCHEDULE = squaredCosine(100);
/** To ten significant digits, as ALGORITHMS.md prints them. */
const expectDigits = (found: number, expected: number) =>
  expect(Math.abs(found / expected - 1), `found ${found}, expected ${expected}`).toBeLessThan(6e-10);

describe("the squared-cosine schedule", () => {
  // ALGORITHMS.md 11.1, T = 100
  it.each([
    [0, 0.0006312815983, 0.9993687184],
    [1, 0.001116937037, 0.9982524865],
    [2, 0.001602899189, 0.9966523884],
    [5, 0.003064997558, 0.9889667788],
    [10, 0.005530369715, 0.9667167049],
    [25, 0.0134491391, 0.835620577],
    [49, 0.03059312428, 0.4938435904],
    [50, 0.03154633936, 0.4782646329],
    [75, 0.07470115031, 0.1334948104],
    [90, 0.1887514449, 0.0195443764],
    [95, 0.359533424, 0.003880999842],
    [98, 0.7499392804, 0.0002428572279],
    [99, 0.999, 2.428572279e-7],
  ])("T = 100, t = %i", (t, beta, alphaBar) => {
    expectDigits(SCHEDULE.beta[t], beta);
    expectDigits(SCHEDULE.alphaBar[t], alphaBar);
  });

  it("sums to 7.878896522 with one capped entry", () => {
    expectDigits(
      SCHEDULE.beta.reduce((total, value) => total + value, 0),
      7.878896522,
    );
    expect(SCHEDULE.beta.filter((value) => value === 0.999).length).toBe(1);
  });

  // ALGORITHMS.md 11.1, "Other T": first, T/2, T-2, T-1
  it.each([
    [
      20,
      [0.007992721316, 0.1569970837, 0.7484760914, 0.999],
      [0.9920072787, 0.4163115869, 0.006059644621, 6.059644621e-6],
    ],
    [
      50,
      [0.001747513534, 0.06304977735, 0.7497570035, 0.999],
      [0.9982524865, 0.462706862, 0.0009711930299, 9.711930299e-7],
    ],
    [
      1000,
      [4.128422482e-5, 0.003155691442, 0.7499993929, 0.999],
      [0.9999587158, 0.4922851724, 2.428766907e-6, 2.428766907e-9],
    ],
  ])("T = %i", (steps, betas, alphaBars) => {
    const { beta, alphaBar } = squaredCosine(steps);
    [0, steps / 2, steps - 2, steps - 1].forEach((t, place) => {
      expectDigits(beta[t], betas[place]);
      expectDigits(alphaBar[t], alphaBars[place]);
    });
  });
});

interface DiffusionCase {
  name: Prediction;
  inputs: Record<"clean" | "noise" | "t" | "predicted", GoldenTensor>;
  noisy: GoldenTensor;
  target: GoldenTensor;
  loss: GoldenTensor;
  gradient: GoldenTensor;
}

describe("the loss", () => {
  it("adds noise as ALGORITHMS.md 11.1 does", () => {
    const chunk = constant([0.25, -0.75, 0.25, -0.75, 0.25, -0.75], [3, 2]);
    const noise = constant([1.5, -0.5, 1.5, -0.5, 1.5, -0.5], [3, 2]);
    const time = constant([0, 50, 99], [3], "int32");
    const { noisy } = inFloat64([], { noisy: addNoise(chunk, { time, noise, schedule: SCHEDULE }) });
    // the row "Forward"; the table of √ᾱ is float32 in a program
    const expected = [0.2876090542, -0.762325891, 1.256360469, -0.8798313535, 1.500123019, -0.5003695434];
    expected.forEach((value, index) => {
      expect(noisy[index]).toBeCloseTo(value, 6);
    });
  });

  const { diffusion } = golden<{ diffusion: DiffusionCase[] }>("heads");
  it.each(diffusion)("is PyTorch's at given times and noise: $name", ({ name, inputs, ...expected }) => {
    const flat = ({ data }: GoldenTensor) => constant(data, [3, 8]);
    const noise = flat(inputs.noise);
    const time = constant(inputs.t.data, [3], "int32");
    const predicted = input("predicted", [3, 8]);
    const noising = { time, noise, schedule: SCHEDULE };
    const target = diffusionTarget(flat(inputs.clean), { ...noising, prediction: name });
    const loss = mean(square(sub(predicted, target)));
    const outputs = {
      noisy: addNoise(flat(inputs.clean), noising),
      target,
      loss,
      gradient: gradient(loss, [predicted])[0],
    };
    const found = inFloat64([predicted], outputs, { predicted: inputs.predicted.data });
    for (const key of ["noisy", "target", "loss", "gradient"] as const) {
      const { shape } = expected[key];
      expectClose({ shape, data: found[key] as Float32Array }, expected[key], 1e-6, key);
    }
  });

  // ALGORITHMS.md 11.1: x₀ = [.25, -.75], ε = [1.5, -.5] at t = 50
  it.each([
    ["epsilon", [1.5, -0.5]],
    ["sample", [0.25, -0.75]],
    ["v", [0.8567720652, 0.1959509872]],
  ] as const)("asks for %s", (prediction, expected) => {
    const noising = { time: constant([50], [1], "int32"), noise: constant([1.5, -0.5], [1, 2]), schedule: SCHEDULE };
    const { target } = inFloat64([], {
      target: diffusionTarget(constant([0.25, -0.75], [1, 2]), { ...noising, prediction }),
    });
    expected.forEach((value, index) => {
      expect(target[index]).toBeCloseTo(value, 6);
    });
  });

  it.each([
    ["epsilon", 0, 1],
    ["sample", 1, 0],
    ["v", null, null],
  ] as const)(
    "draws its times and noise from the key, and asks the network about the noisy chunk: %s",
    async (prediction, ofClean, ofNoise) => {
      const key = input("key", [2], "uint32");
      const values = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8, 0.9, 0.05, 0.15, -0.25];
      const chunk = constant(values, [4, 3]);
      const scale = constant(0.01);
      // a network that looks at everything it is given: 0.5 x + 0.01 t
      const denoise = (noisy: Tensor, time: Tensor) => add(mul(0.5, noisy), mul(scale, reshape(time, [4, 1])));
      const [forTime, forNoise] = randomWords(key, [4, 12]);
      const outputs = {
        loss: diffusionLoss(denoise, { chunk, key, schedule: SCHEDULE, prediction }),
        time: randomIntegers(forTime, [4], 100),
        noise: randomNormal(forNoise, [4, 3]),
      };
      for (const word of [1, 2]) {
        const { loss, time, noise } = await inFloat32([key], outputs, { key: [0, word] });
        const expected = values.reduce((total, value, index) => {
          const level = SCHEDULE.alphaBar[time[Math.floor(index / 3)]];
          const noisy = Math.sqrt(level) * value + Math.sqrt(1 - level) * noise[index];
          const predicted = 0.5 * noisy + 0.01 * time[Math.floor(index / 3)];
          const target = (ofClean ?? -Math.sqrt(1 - level)) * value + (ofNoise ?? Math.sqrt(level)) * noise[index];
          return total + (predicted - target) ** 2 / 12;
        }, 0);
        expect(loss[0]).toBeCloseTo(expected, 5);
      }
    },
  );
});

// ALGORITHMS.md 11.2 and 11.3
const START = constant([0.3, -1.2, 0.8], [1, 3]);
const PREDICTED_NOISE = [-0.5, 0.4, 1.1];

/** What a network that predicts `prediction` says where the noise is `PREDICTED_NOISE` in `START`. */
function saidAt(t: number, prediction: Prediction): Tensor {
  const [signal, spread] = [Math.sqrt(SCHEDULE.alphaBar[t]), Math.sqrt(1 - SCHEDULE.alphaBar[t])];
  const clean = [0.3, -1.2, 0.8].map((x, index) => (x - spread * PREDICTED_NOISE[index]) / signal);
  const said = {
    epsilon: PREDICTED_NOISE,
    sample: clean,
    v: clean.map((x, index) => signal * PREDICTED_NOISE[index] - spread * x),
  };
  return constant(said[prediction], [1, 3]);
}

/** One step of a sampler from `START`, to the time `to` or (null) to the action. */
function oneStep(
  sample: (denoise: StepDenoiser, times: readonly number[]) => Tensor,
  { from, to, prediction }: { from: number; to: number | null; prediction: Prediction },
): number[] {
  const first = saidAt(from, prediction);
  const run = (denoise: StepDenoiser, times: readonly number[]) =>
    Array.from(inFloat64([], { out: sample(denoise, times) }).out);
  if (to === null) return run(() => first, [from]);
  // After the last time a sampler goes on to the action. There we predict what makes its estimate a quarter of the
  // chunk, which lies within the bounds: the chunk is four times the result.
  const [signal, spread] = [Math.sqrt(SCHEDULE.alphaBar[to]), Math.sqrt(1 - SCHEDULE.alphaBar[to])];
  const ofChunk = { epsilon: (1 - signal / 4) / spread, sample: 1 / 4, v: (signal - 1 / 4) / spread }[prediction];
  const quarter = run(
    (noisy, step) => {
      const isFirst = reshape(gather(constant([1, 0]), reshape(step, [1])), [1, 1]);
      return add(mul(first, isFirst), mul(mul(noisy, ofChunk), sub(1, isFirst)));
    },
    [from, to],
  );
  return quarter.map((value) => 4 * value);
}

describe("DDIM", () => {
  it("visits the leading times", () => {
    expect(leadingTimes(10, 100)).toEqual([90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
    // ALGORITHMS.md 11.3, "Step lists"
    expect(leadingTimes(8, 100)).toEqual([84, 72, 60, 48, 36, 24, 12, 0]);
    expect(leadingTimes(16, 100)).toEqual(Array.from({ length: 16 }, (_, k) => 90 - 6 * k));
    expect(leadingTimes(100, 100)).toEqual(Array.from({ length: 100 }, (_, k) => 99 - k));
    // with one step it would return its noise (ALGORITHMS.md 4.1)
    for (const steps of [1, 0, -2, 101, 2.5, Number.NaN]) {
      expect(() => leadingTimes(steps, 100)).toThrow(`sampling steps: found ${steps}, expected 2 to 100`);
    }
  });

  // ALGORITHMS.md 11.3: x = [.3, -1.2, .8], predicted noise [-.5, .4, 1.1], its three columns: no clip; clip, keep noise;
  // clip, derive noise
  it.each([
    {
      from: 90,
      to: 80,
      free: [1.181300799, -2.948788048, 0.4485040925],
      kept: [-0.1864417211, 0.09079373136, 0.7603296596],
      derived: [0.4465448313, -1.315914302, 0.6160178555],
    },
    {
      from: 50,
      to: 40,
      free: [0.4572337736, -1.46979642, 0.6730999958],
      kept: [0.4572337736, -0.5528266705, 0.6730999958],
      derived: [0.4572337736, -1.222013981, 0.6730999958],
    },
    {
      from: 10,
      to: 0,
      free: [0.3852079614, -1.284244308, 0.6369943504],
      kept: [0.3852079614, -0.9896341822, 0.6369943504],
      derived: [0.3852079614, -1.029539687, 0.6369943504],
    },
    {
      from: 0,
      to: null,
      free: [0.3126613632, -1.210432249, 0.7726060548],
      kept: [0.3126613632, -1, 0.7726060548],
      derived: [0.3126613632, -1, 0.7726060548],
    },
  ])("steps from $from to $to, whatever is predicted", ({ from, to, free, kept, derived }) => {
    for (const prediction of ["epsilon", "sample", "v"] as const) {
      for (const [options, expected] of [
        [{ clipSample: false }, free],
        [{ clipSample: false, deriveNoise: true }, free],
        [{ clipSample: true }, kept],
        [{ clipSample: true, deriveNoise: true }, derived],
      ] as const) {
        const sample = (denoise: StepDenoiser, times: readonly number[]) =>
          ddimSample(denoise, { noise: START, times, schedule: SCHEDULE, prediction, ...options });
        const found = oneStep(sample, { from, to, prediction });
        expected.forEach((value, index) => {
          // at t = 0 noise is found as a small difference over √(1 - ᾱ) = 0.025
          expect(found[index], `${prediction} ${JSON.stringify(options)}`).toBeCloseTo(value, 5);
        });
      }
    }
  });

  /** Rows of a table [T, columns] at the visited time of a step. */
  const rowAt = (times: readonly number[], columns: (t: number) => number[]) => {
    const width = columns(times[0]).length;
    const table = constant(times.flatMap(columns), [times.length, width]);
    return (step: Tensor) => splitAxis(gather(table, reshape(step, [1])), 1, Array(width).fill(1));
  };

  // ALGORITHMS.md 11.4: data N(.3, .2²), the optimal network, no clipping; x₀ from x_T = -1, 0, 1
  it.each([
    [100, [0.1068989388, 0.2999714558, 0.4930439729]],
    [50, [0.1112542291, 0.299121689, 0.4869891489]],
    [20, [0.1235422648, 0.2967626323, 0.4699829998]],
    [10, [0.1421669544, 0.2936468774, 0.4451268003]],
    [5, [0.1712258102, 0.2896345609, 0.4080433117]],
    [2, [0.1993054282, 0.2826984471, 0.3660914661]],
  ])("with %i steps carries a Gaussian where it must", async (steps, expected) => {
    const times = leadingTimes(steps, 100);
    const row = rowAt(times, (t) => {
      const level = SCHEDULE.alphaBar[t];
      return [Math.sqrt(1 - level) / (level * 0.04 + 1 - level), Math.sqrt(level) * 0.3];
    });
    const denoise = (noisy: Tensor, step: Tensor) => {
      const [slope, centre] = row(step);
      return mul(slope, sub(noisy, centre));
    };
    const noise = input("noise", [3, 1]);
    const outputs = { out: ddimSample(denoise, { noise, times, schedule: SCHEDULE, clipSample: false }) };
    const feeds = { noise: [-1, 0, 1] };
    for (const { out } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
      // At t = 99 the estimate is amplified by 1/√ᾱ = 2029, float32's 6e-8 by as much.
      expected.forEach((value, index) => {
        expect(out[index]).toBeCloseTo(value, steps === 100 ? 4 : 5);
      });
      // The map is affine: mean at 0, deviation half the distance between the ends. 11.4 "mean, std".
      expect((out[2] - out[0]) / 2).toBeCloseTo((expected[2] - expected[0]) / 2, 4);
    }
  });

  // ALGORITHMS.md 11.4, last lines: ½N(-.6, .05²) + ½N(.6, .05²)
  it.each([
    [100, [-0.6464395921, -0.586606398, -0.5379974605, 0, 0.5379974605, 0.586606398, 0.6464395921]],
    [10, [-0.6304419557, -0.5840143038, -0.5292298099, 0, 0.5292298099, 0.5840143038, 0.6304419557]],
  ])("with %i steps carries noise to the nearer of two modes", async (steps, expected) => {
    const times = leadingTimes(steps, 100);
    const variance = 0.05 ** 2;
    const row = rowAt(times, (t) => {
      const level = SCHEDULE.alphaBar[t];
      const total = level * variance + 1 - level;
      const gain = (Math.sqrt(level) * variance) / total;
      return [Math.sqrt(level), -0.5 / total, gain, 1 / Math.sqrt(1 - level)];
    });
    const modes = constant([-0.6, 0.6], [1, 2]);
    const denoise = (noisy: Tensor, step: Tensor) => {
      const [signal, sharpness, gain, inverseSpread] = row(step);
      const distance = sub(noisy, mul(signal, modes));
      const responsibility = softmax(mul(sharpness, square(distance)));
      const estimate = sum(mul(responsibility, add(modes, mul(gain, distance))), { axes: 1, keep: true });
      return mul(inverseSpread, sub(noisy, mul(signal, estimate)));
    };
    const noise = input("noise", [7, 1]);
    const outputs = { out: ddimSample(denoise, { noise, times, schedule: SCHEDULE, clipSample: false }) };
    const feeds = { noise: [-1.5, -0.5, -0.1, 0, 0.1, 0.5, 1.5] };
    for (const { out } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
      expected.forEach((value, index) => {
        expect(out[index]).toBeCloseTo(value, 3);
      });
    }
  });

  it("ends within [-1, 1] where estimates are clipped, whatever is predicted", () => {
    const times = leadingTimes(10, 100);
    const noise = constant([-4, -1, 0, 1, 4], [5, 1]);
    const { out } = inFloat64([], {
      out: ddimSample((noisy) => mul(-3, noisy), { noise, times, schedule: SCHEDULE }),
    });
    // The last step lands on the clipped estimate itself: ᾱ = 1 after it.
    for (const value of Array.from(out)) expect(Math.abs(value)).toBeLessThanOrEqual(1);
  });
});

describe("DDPM", () => {
  // ALGORITHMS.md 11.2: means with and without clipping, variances small and large
  it.each([
    {
      from: 90,
      to: 89,
      clipped: [0.2988358687, -1.105700236, 0.6873316915],
      free: [0.4388971137, -1.416963213, 0.6553997478],
      variances: { small: 0.1878760167, large: 0.1887514449 },
    },
    {
      from: 50,
      to: 49,
      clipped: [0.3270367869, -1.188149022, 0.7641074833],
      free: [0.3270367869, -1.23713962, 0.7641074833],
      variances: { small: 0.03060436933, large: 0.03154633936 },
    },
    {
      from: 10,
      to: 9,
      clipped: [0.3160320204, -1.167211341, 0.7687835478],
      free: [0.3160320204, -1.215491255, 0.7687835478],
      variances: { small: 0.004637085389, large: 0.005530369715 },
    },
    {
      from: 1,
      to: 0,
      clipped: [0.3135345933, -1.072208674, 0.7710399424],
      free: [0.3135345933, -1.211364254, 0.7710399424],
      variances: { small: 0.0004034886051, large: 0.001116937037 },
    },
    // "Strided DDPM 90→80 (with clip)", which is DDIM with η = 1 and derived noise
    {
      from: 90,
      to: 80,
      clipped: [0.3634144256, -0.7657556383, 0.1283359454],
      free: null,
      variances: { small: 0.7189097968 },
    },
  ])("steps from $from to $to", ({ from, to, clipped, free, variances }) => {
    for (const prediction of ["epsilon", "sample", "v"] as const) {
      for (const [clipSample, expected] of [
        [true, clipped],
        [false, free],
      ] as const) {
        if (!expected) continue;
        const from0 = oneStep(sampler({ clipSample, prediction }, 0), { from, to, prediction });
        expected.forEach((value, index) => {
          expect(from0[index], `${prediction}, clipped: ${clipSample}`).toBeCloseTo(value, 5);
        });
      }
      const mean = oneStep(sampler({ prediction }, 0), { from, to, prediction });
      for (const [variance, expected] of Object.entries(variances)) {
        const options = { prediction, variance: variance as "small" | "large" };
        const moved = oneStep(sampler(options, 1), { from, to, prediction });
        moved.forEach((value, index) => {
          expect(value - mean[index], `${prediction}, ${variance}`).toBeCloseTo(Math.sqrt(expected), 5);
        });
      }
    }
  });

  /** From `START` over two times, with one normal in the first step. */
  function sampler(options: Partial<Parameters<typeof ddpmSample>[1]>, normal: number) {
    return (denoise: StepDenoiser, times: readonly number[]) => {
      const noise = concat([START, full(normal, [1, 3])]);
      return ddpmSample(denoise, { noise, times, schedule: SCHEDULE, ...options });
    };
  }

  it("refuses noise that does not share out among its steps", () => {
    const noise = full(0, [1, 7]);
    expect(() => ddpmSample((noisy) => noisy, { noise, times: [50, 0], schedule: SCHEDULE })).toThrow(
      "ddpmSample: 7 normals for each chunk, expected a multiple of 2 steps",
    );
  });

  it("ends at the clipped estimate, adding nothing", () => {
    const noise = concat([START, full(5, [1, 3])]);
    const { out } = inFloat64([], {
      // from t = 1, whatever follows, the last estimate is the action
      out: ddpmSample(() => constant([0.1, -3, 0.2], [1, 3]), {
        noise,
        times: [1, 0],
        schedule: SCHEDULE,
        prediction: "sample",
      }),
    });
    [0.1, -1, 0.2].forEach((value, index) => {
      expect(out[index]).toBeCloseTo(value, 7);
    });
  });

  // ALGORITHMS.md 11.4: data N(.3, .2²), the optimal network, no clipping, 100 steps
  it.each([
    ["small", 0.1853672988],
    ["large", 0.204467426],
  ] as const)("with 100 steps of %s variance carries a Gaussian where it must", async (variance, deviation) => {
    const times = leadingTimes(100, 100);
    const table = constant(
      times.flatMap((t) => {
        const level = SCHEDULE.alphaBar[t];
        return [Math.sqrt(1 - level) / (level * 0.04 + 1 - level), Math.sqrt(level) * 0.3];
      }),
      [100, 2],
    );
    const denoise = (noisy: Tensor, step: Tensor) => {
      const [slope, centre] = splitAxis(gather(table, reshape(step, [1])), 1, [1, 1]);
      return mul(slope, sub(noisy, centre));
    };
    // The action is affine in its 100 normals: row 0 has none, row k the k-th alone, and the variance is the sum of
    // squares of what each adds.
    const noise = input("noise", [101, 100]);
    const feeds = {
      noise: Array.from({ length: 101 * 100 }, (_, at) => (Math.floor(at / 100) === (at % 100) + 1 ? 1 : 0)),
    };
    const outputs = { out: ddpmSample(denoise, { noise, times, schedule: SCHEDULE, clipSample: false, variance }) };
    for (const { out } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
      expect(out[0]).toBeCloseTo(0.2999999971, 4);
      const squares = Array.from({ length: 100 }, (_, k) => (out[k + 1] - out[0]) ** 2);
      expect(Math.sqrt(squares.reduce((sum, value) => sum + value, 0))).toBeCloseTo(deviation, 4);
    }
  });
});
