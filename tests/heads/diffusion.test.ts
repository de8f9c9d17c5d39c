import { describe, expect, it } from "vitest";
import { addNoise, ddimSample, diffusionLoss, leadingTimes, squaredCosine } from "../../src/heads/index.ts";
import {
  add,
  constant,
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
  name: string;
  inputs: Record<"clean" | "noise" | "t" | "predicted", GoldenTensor>;
  noisy: GoldenTensor;
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

  it("is PyTorch's at given times and noise", () => {
    const { diffusion } = golden<{ diffusion: DiffusionCase[] }>("heads");
    const { inputs, ...expected } = diffusion.find(({ name }) => name === "epsilon")!;
    const flat = ({ data }: GoldenTensor) => constant(data, [3, 8]);
    const noise = flat(inputs.noise);
    const time = constant(inputs.t.data, [3], "int32");
    const predicted = input("predicted", [3, 8]);
    const loss = mean(square(sub(predicted, noise)));
    const outputs = {
      noisy: addNoise(flat(inputs.clean), { time, noise, schedule: SCHEDULE }),
      loss,
      gradient: gradient(loss, [predicted])[0],
    };
    const found = inFloat64([predicted], outputs, { predicted: inputs.predicted.data });
    for (const key of ["noisy", "loss", "gradient"] as const) {
      const { shape } = expected[key];
      expectClose({ shape, data: found[key] as Float32Array }, expected[key], 1e-6, key);
    }
  });

  it("draws its times and noise from the key, and asks the network about the noisy chunk", async () => {
    const key = input("key", [2], "uint32");
    const values = [0.1, -0.2, 0.3, 0.4, -0.5, 0.6, 0.7, -0.8, 0.9, 0.05, 0.15, -0.25];
    const chunk = constant(values, [4, 3]);
    const scale = constant(0.01);
    // a network that looks at everything it is given: 0.5 x + 0.01 t
    const denoise = (noisy: Tensor, time: Tensor) => add(mul(0.5, noisy), mul(scale, reshape(time, [4, 1])));
    const [forTime, forNoise] = randomWords(key, [4, 12]);
    const outputs = {
      loss: diffusionLoss(denoise, { chunk, key, schedule: SCHEDULE }),
      time: randomIntegers(forTime, [4], 100),
      noise: randomNormal(forNoise, [4, 3]),
    };
    for (const word of [1, 2]) {
      const { loss, time, noise } = await inFloat32([key], outputs, { key: [0, word] });
      const expected = values.reduce((total, value, index) => {
        const level = SCHEDULE.alphaBar[time[Math.floor(index / 3)]];
        const noisy = Math.sqrt(level) * value + Math.sqrt(1 - level) * noise[index];
        const predicted = 0.5 * noisy + 0.01 * time[Math.floor(index / 3)];
        return total + (predicted - noise[index]) ** 2 / 12;
      }, 0);
      expect(loss[0]).toBeCloseTo(expected, 5);
    }
  });
});

describe("DDIM", () => {
  it("visits the leading times", () => {
    expect(leadingTimes(10, 100)).toEqual([90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
    // ALGORITHMS.md 11.3, "Step lists"
    expect(leadingTimes(8, 100)).toEqual([84, 72, 60, 48, 36, 24, 12, 0]);
    expect(leadingTimes(16, 100)).toEqual(Array.from({ length: 16 }, (_, k) => 90 - 6 * k));
    expect(leadingTimes(100, 100)).toEqual(Array.from({ length: 100 }, (_, k) => 99 - k));
    // with one step it would return its noise (ALGORITHMS.md 4.1)
    for (const steps of [1, 0, -2, 101, 2.5, Number.NaN]) {
      expect(() => leadingTimes(steps, 100)).toThrow(`DDIM steps: found ${steps}, expected 2 to 100`);
    }
  });

  // ALGORITHMS.md 11.3: x = [.3, -1.2, .8], predicted noise [-.5, .4, 1.1], columns "no clip" and "clip, keep noise"
  it.each([
    [90, 80, [1.181300799, -2.948788048, 0.4485040925], [-0.1864417211, 0.09079373136, 0.7603296596]],
    [50, 40, [0.4572337736, -1.46979642, 0.6730999958], [0.4572337736, -0.5528266705, 0.6730999958]],
    [10, 0, [0.3852079614, -1.284244308, 0.6369943504], [0.3852079614, -0.9896341822, 0.6369943504]],
    [0, null, [0.3126613632, -1.210432249, 0.7726060548], [0.3126613632, -1, 0.7726060548]],
  ])("steps from %s to %s", (from, to, free, clipped) => {
    for (const [clipSample, expected] of [
      [false, free],
      [true, clipped],
    ] as const) {
      const found = oneStep(from, to, clipSample);
      expected.forEach((value, index) => {
        expect(found[index], `clipped: ${clipSample}`).toBeCloseTo(value, 6);
      });
    }
  });

  function oneStep(from: number, to: number | null, clipSample: boolean): number[] {
    const noise = constant([0.3, -1.2, 0.8], [1, 3]);
    const predicted = constant([-0.5, 0.4, 1.1], [1, 3]);
    const sample = (times: number[], denoise: (noisy: Tensor, step: Tensor) => Tensor) =>
      Array.from(inFloat64([], { out: ddimSample(denoise, { noise, times, schedule: SCHEDULE, clipSample }) }).out);
    if (to === null) return sample([from], () => predicted);
    // After the last time the sampler goes on to the action. There we predict the noise that makes its estimate half of
    // the chunk, which lies within the bounds: the chunk is twice the result.
    const level = SCHEDULE.alphaBar[to];
    const halving = (1 - 0.5 * Math.sqrt(level)) / Math.sqrt(1 - level);
    const halved = sample([from, to], (noisy, step) => {
      const isFirst = reshape(gather(constant([1, 0]), reshape(step, [1])), [1, 1]);
      return add(mul(predicted, isFirst), mul(mul(noisy, halving), sub(1, isFirst)));
    });
    return halved.map((value) => 2 * value);
  }

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
