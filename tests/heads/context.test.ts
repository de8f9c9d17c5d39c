/** What a loss is told besides outputs and actions: which numbers are present, and how much each chunk counts. */
import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  autoregressiveHead,
  diffusionHead,
  flowHead,
  gaussianHead,
  huberHead,
  type LossContext,
  l1Head,
  l2Head,
  mixtureHead,
  noiseLevel,
  squaredCosine,
} from "../../src/heads/index.ts";
import {
  constant,
  gradient,
  input,
  randomIntegers,
  randomNormal,
  randomUniform,
  randomWords,
  reshape,
  type Tensor,
} from "../../src/tensor/index.ts";
import { inFloat64 } from "./both-ways.ts";
import { expectGradient } from "./differences.ts";

const [BATCH, SIZE, MODES, BINS, LEVELS] = [4, 3, 2, 5, 20];
const KEY = constant([5, 6], [2], "uint32");

/** A head over an output tensor; in plain numbers, the loss of every chunk, from what it loses in every number. */
interface Case {
  outputSize: number;
  loss: (output: Tensor, actions: Tensor, context?: LossContext) => Tensor;
  /** Of which number of the chunk an output speaks; null for all. */
  numberOf: (place: number) => number | null;
  plain: (row: number, output: number[], action: number[], present: number[]) => number;
}

const total = (numbers: readonly number[]) => numbers.reduce((sum, value) => sum + value, 0);
const softplus = (x: number) => Math.log1p(Math.exp(x));
const logOfSum = (logs: readonly number[]) => Math.log(total(logs.map(Math.exp)));

/** The mean of a penalty over the numbers that are present. */
const regression =
  (penalty: (residual: number) => number): Case["plain"] =>
  (_, output, action, present) =>
    total(output.map((value, d) => present[d] * penalty(value - action[d]))) / Math.max(1, total(present));

const negativeLog = (z: number, deviation: number) => 0.5 * z * z + Math.log(deviation * Math.sqrt(2 * Math.PI));

/** What the denoising losses draw from the key: `[B]` levels, `[B, D]` normals. */
function drawn(): { times: number[]; levels: number[]; normals: number[] } {
  const [forLevel, forNoise] = randomWords(KEY, [BATCH, BATCH * SIZE]);
  const found = inFloat64([], {
    times: randomIntegers(forLevel, [BATCH], LEVELS),
    levels: noiseLevel(randomUniform(forLevel, [BATCH]), "beta"),
    normals: randomNormal(forNoise, [BATCH, SIZE]),
  });
  return { times: Array.from(found.times), levels: Array.from(found.levels), normals: Array.from(found.normals) };
}

/** A network that says the same whatever it is shown. */
const saying = (output: Tensor) => ({ at: () => output, atTimes: () => () => output });

const DRAWN = drawn();
const normalsOf = (row: number) => DRAWN.normals.slice(row * SIZE, (row + 1) * SIZE);
const SCHEDULE = squaredCosine(LEVELS);

const CASES: Readonly<Record<string, Case>> = {
  l2: {
    outputSize: SIZE,
    loss: l2Head({ actionSize: SIZE }).loss,
    numberOf: (place) => place,
    plain: regression((residual) => residual ** 2),
  },
  l1: {
    outputSize: SIZE,
    loss: l1Head({ actionSize: SIZE }).loss,
    numberOf: (place) => place,
    plain: regression(Math.abs),
  },
  huber: {
    outputSize: SIZE,
    loss: huberHead({ actionSize: SIZE, delta: 0.3 }).loss,
    numberOf: (place) => place,
    plain: regression((residual) =>
      Math.abs(residual) <= 0.3 ? residual ** 2 / 2 : 0.3 * (Math.abs(residual) - 0.15),
    ),
  },
  gaussian: {
    outputSize: 2 * SIZE,
    loss: gaussianHead({ actionSize: SIZE }).loss,
    numberOf: (place) => place % SIZE,
    plain: (_, output, action, present) =>
      total(
        action.map((value, d) => {
          const deviation = Math.max(0.01, (0.1 / Math.LN2) * softplus(output[SIZE + d]));
          return present[d] * negativeLog((value - Math.tanh(output[d])) / deviation, deviation);
        }),
      ),
  },
  gmm: {
    outputSize: 2 * MODES * SIZE + MODES,
    loss: mixtureHead({ actionSize: SIZE, modes: MODES }).loss,
    numberOf: (place) => (place < 2 * MODES * SIZE ? place % SIZE : null),
    plain: (_, output, action, present) => {
      const logits = output.slice(2 * MODES * SIZE);
      const modes = logits.map((logit, mode) =>
        total([
          logit - logOfSum(logits),
          ...action.map((value, d) => {
            const place = mode * SIZE + d;
            const deviation = softplus(output[MODES * SIZE + place]) + 1e-4;
            return -present[d] * negativeLog((value - Math.tanh(output[place])) / deviation, deviation);
          }),
        ]),
      );
      return -logOfSum(modes);
    },
  },
  autoregressive: {
    outputSize: SIZE * BINS,
    loss: (output, actions, context) => {
      const logits = reshape(output, [output.shape[0], SIZE, BINS]);
      const network = { all: () => logits, at: () => reshape(output, [-1, BINS]) };
      return autoregressiveHead({ actionSize: SIZE, bins: BINS, order: [1, 2, 0] }).loss(network, actions, context);
    },
    // logits of numbers in their order
    numberOf: (place) => [1, 2, 0][Math.floor(place / BINS)],
    plain: (_, output, action, present) =>
      total(
        [1, 2, 0].map((number, at) => {
          const logits = output.slice(at * BINS, (at + 1) * BINS);
          const bin = Math.min(BINS - 1, Math.max(0, Math.floor(((action[number] + 1) * BINS) / 2)));
          return -present[number] * (logits[bin] - logOfSum(logits) - Math.log(2 / BINS));
        }),
      ),
  },
  diffusion: {
    outputSize: SIZE,
    loss: (output, actions, context) =>
      diffusionHead({ actionSize: SIZE, steps: LEVELS, samplingSteps: 5, prediction: "v" }).loss(
        saying(output),
        actions,
        {
          ...context,
          key: KEY,
        },
      ),
    numberOf: (place) => place,
    plain: (row, output, action, present) => {
      const level = SCHEDULE.alphaBar[DRAWN.times[row]];
      // v = √ᾱ noise - √(1 - ᾱ) chunk
      const target = normalsOf(row).map((noise, d) => Math.sqrt(level) * noise - Math.sqrt(1 - level) * action[d]);
      return regression((residual) => residual ** 2)(row, output, target, present);
    },
  },
  flow: {
    outputSize: SIZE,
    loss: (output, actions, context) =>
      flowHead({ actionSize: SIZE }).loss(saying(output), actions, { ...context, key: KEY }),
    numberOf: (place) => place,
    plain: (row, output, action, present) => {
      const target = normalsOf(row).map((noise, d) => noise - action[d]);
      return regression((residual) => residual ** 2)(row, output, target, present);
    },
  },
};

const stream = randomStream(randomKey(12));
const uniforms = (count: number) => Array.from({ length: count }, () => Math.fround(2 * stream.uniform() - 1));

describe.each(Object.entries(CASES))("%s", (_, { outputSize, loss, numberOf, plain }) => {
  const output = input("output", [BATCH, outputSize]);
  const actions = input("actions", [BATCH, SIZE]);
  const feeds = { output: uniforms(BATCH * outputSize), actions: uniforms(BATCH * SIZE) };
  // every row its own pattern: all, one missing, one there, none
  const PRESENT = [1, 1, 1, 1, 0, 1, 0, 0, 1, 0, 0, 0];
  const WEIGHT = [0.5, 2, 3, 1.25];
  const present = constant(PRESENT, [BATCH, SIZE]);
  const weight = constant(WEIGHT);
  const rowOf = (numbers: readonly number[], row: number) => {
    const width = numbers.length / BATCH;
    return numbers.slice(row * width, (row + 1) * width);
  };
  const plainRows = (mask: readonly number[]) =>
    Array.from({ length: BATCH }, (_, row) =>
      plain(row, rowOf(feeds.output, row), rowOf(feeds.actions, row), rowOf(mask, row)),
    );
  const lossOf = (context: LossContext) =>
    inFloat64([output, actions], { loss: loss(output, actions, context) }, feeds).loss[0];

  it("is the mean over chunks of the plain loss, of the numbers that are present, by weight", () => {
    const all = plainRows(Array(BATCH * SIZE).fill(1));
    const masked = plainRows(PRESENT);
    const weighted = (rows: readonly number[]) => total(rows.map((row, i) => WEIGHT[i] * row)) / total(WEIGHT);
    // the program's own constants are float32: 1e-7 of what they multiply
    const expectNear = (found: number, expected: number) =>
      expect(Math.abs(found - expected)).toBeLessThan(1e-6 * (1 + Math.abs(expected)));
    expectNear(lossOf({}), total(all) / BATCH);
    expectNear(lossOf({ present }), total(masked) / BATCH);
    expectNear(lossOf({ weight }), weighted(all));
    expectNear(lossOf({ present, weight }), weighted(masked));
  });

  it("is as without them where all are present and all count alike", () => {
    const everything = constant(Array(BATCH * SIZE).fill(1), [BATCH, SIZE]);
    expect(lossOf({ present: everything, weight: constant(Array(BATCH).fill(0.7)) })).toBeCloseTo(lossOf({}), 6);
  });

  it("has no gradient in what is not there, nor in what does not count, and one in all else", () => {
    const WEIGHT_WITH_NONE = [1, 2, 0, 1];
    const context = { present, weight: constant(WEIGHT_WITH_NONE) };
    const [slope] = gradient(loss(output, actions, context), [output]);
    const found = inFloat64([output, actions], { slope }, feeds).slope;
    for (let i = 0; i < BATCH * outputSize; i++) {
      const [row, place] = [Math.floor(i / outputSize), i % outputSize];
      const number = numberOf(place);
      const there = number === null ? rowOf(PRESENT, row).includes(1) : PRESENT[row * SIZE + number] === 1;
      if (there && WEIGHT_WITH_NONE[row] > 0)
        expect(Math.abs(found[i]), `row ${row}, output ${place}`).toBeGreaterThan(0);
      // logits of a mixture of which no number is present: 0 up to rounding
      else expect(Math.abs(found[i]), `row ${row}, output ${place}`).toBeLessThan(number === null ? 1e-7 : 1e-300);
    }
  });

  it("has the gradient of its differences with them", () => {
    expectGradient([output, actions], loss(output, actions, { present, weight }), feeds);
  });
});
