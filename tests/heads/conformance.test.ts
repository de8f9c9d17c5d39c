/** What every action head keeps to, whichever it is. */
import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  type Autoregression,
  autoregressiveHead,
  gaussianHead,
  type Head,
  huberHead,
  isTractable,
  l1Head,
  l2Head,
  mixtureHead,
  type TractableHead,
} from "../../src/heads/index.ts";
import { gather, input, reshape, type Tensor, transpose } from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";
import { expectGradient } from "./differences.ts";

/** A head over D numbers that reads a tensor, whatever it reads by itself. */
type MakeHead = (actionSize: number) => Head;

const BINS = 5;

/** An autoregressive head over logits that are given, and see no number. */
function overLogits(actionSize: number, temperature: number): Head {
  const head = autoregressiveHead({ actionSize, bins: BINS, temperature });
  const network = (output: Tensor): Autoregression => {
    const logits = reshape(output, [output.shape[0], actionSize, BINS]);
    const byNumber = transpose(logits, [1, 0, 2]);
    return {
      all: () => logits,
      at: (_, index) => reshape(gather(byNumber, reshape(index, [1])), [output.shape[0], BINS]),
    };
  };
  const { name, outputSize, noiseSize } = head;
  return {
    name,
    outputSize,
    noiseSize,
    loss: (output, actions) => head.loss(network(output), actions),
    sample: (output, noise) => head.sample(network(output), noise),
    ...{ logProbability: (output: Tensor, actions: Tensor) => head.logProbability(network(output), actions) },
  };
}

const HEADS: Record<string, MakeHead> = {
  l2: (actionSize) => l2Head({ actionSize }),
  l1: (actionSize) => l1Head({ actionSize }),
  huber: (actionSize) => huberHead({ actionSize, delta: 0.3 }),
  "gaussian, its mean": (actionSize) => gaussianHead({ actionSize }),
  "gaussian, drawn": (actionSize) => gaussianHead({ actionSize, samplingScale: 1 }),
  "mixture, its means": (actionSize) => mixtureHead({ actionSize, modes: 3 }),
  "mixture, drawn": (actionSize) => mixtureHead({ actionSize, modes: 3, samplingScale: 1 }),
  "autoregressive, likeliest": (actionSize) => overLogits(actionSize, 0),
  "autoregressive, drawn": (actionSize) => overLogits(actionSize, 1),
};

const stream = randomStream(randomKey(11));
const normals = (count: number) => Array.from({ length: count }, () => Math.fround(stream.normal()));

/** Row `row` of `batch` rows. */
function rowOf(numbers: readonly number[], row: number, batch: number): number[] {
  const width = numbers.length / batch;
  return numbers.slice(row * width, (row + 1) * width);
}

describe.each(Object.entries(HEADS))("%s", (_, make) => {
  // powers of two: the factors of means are exact in float32
  const [batch, size] = [4, 2];
  const head = make(size);
  const output = input("output", [batch, head.outputSize]);
  const actions = input("actions", [batch, size]);
  const noise = input("noise", [batch, head.noiseSize]);
  const feeds = {
    output: normals(batch * head.outputSize),
    actions: normals(batch * size).map((value) => Math.fround(Math.tanh(value))),
    noise: normals(batch * head.noiseSize),
  };
  /** Inputs of a program that draws: the noise only where there is any. */
  const drawing = head.noiseSize > 0 ? [output, noise] : [output];

  it("has a scalar loss, the mean of its rows' own, with the gradient of its differences", () => {
    const loss = head.loss(output, actions);
    expect(loss.shape).toEqual([]);
    const whole = inFloat64([output, actions], { loss }, feeds).loss[0];
    const [oneOutput, oneActions] = [input("output", [1, head.outputSize]), input("actions", [1, size])];
    const rows = Array.from({ length: batch }, (_, row) => {
      const cut = { output: rowOf(feeds.output, row, batch), actions: rowOf(feeds.actions, row, batch) };
      return inFloat64([oneOutput, oneActions], { loss: head.loss(oneOutput, oneActions) }, cut).loss[0];
    });
    expect(whole).toBeCloseTo(rows.reduce((sum, value) => sum + value, 0) / batch, 9);
    expectGradient([output, actions], loss, feeds);
  });

  it("draws chunks row by row, the same from the same noise, on every runtime", async () => {
    const sample = head.sample(output, noise);
    expect(sample.shape).toEqual([batch, size]);
    const plain = inFloat64(drawing, { sample }, feeds).sample;
    const native = (await inFloat32(drawing, { sample }, feeds)).sample;
    const [oneOutput, oneNoise] = [input("output", [1, head.outputSize]), input("noise", [1, head.noiseSize])];
    const one = head.sample(oneOutput, oneNoise);
    const inputs = head.noiseSize > 0 ? [oneOutput, oneNoise] : [oneOutput];
    for (let row = 0; row < batch; row++) {
      const cut = { output: rowOf(feeds.output, row, batch), noise: rowOf(feeds.noise, row, batch) };
      const alone = inFloat64(inputs, { one }, cut).one;
      for (let at = 0; at < size; at++) {
        expect(native[row * size + at]).toBeCloseTo(plain[row * size + at], 5);
        expect(alone[at]).toBeCloseTo(plain[row * size + at], 9);
      }
    }
  });

  // regression has no density
  if (!isTractable(head)) return;
  it("loses the mean of -log p, and its density over one number is 1 in all", () => {
    const outputs = { log: head.logProbability(output, actions), loss: head.loss(output, actions) };
    const { log, loss } = inFloat64([output, actions], outputs, feeds);
    expect(loss[0]).toBeCloseTo(-Array.from(log).reduce((sum, value) => sum + value, 0) / batch, 9);

    const single = make(1) as TractableHead;
    // midpoints: of [-1, 1] for bins, of [-20, 20], eight of the largest deviations, for what has no bounds
    const [count, bound] = [20_000, single.outputSize === BINS ? 1 : 20];
    const cell = (2 * bound) / count;
    const numbers = normals(single.outputSize);
    const [rows, points] = [input("rows", [count, single.outputSize]), input("points", [count, 1])];
    const grid = {
      rows: Array(count).fill(numbers).flat(),
      points: Array.from({ length: count }, (_, at) => -bound + (at + 0.5) * cell),
    };
    const density = inFloat64([rows, points], { log: single.logProbability(rows, points) }, grid).log;
    const total = Array.from(density).reduce((sum, value) => sum + Math.exp(value) * cell, 0);
    expect(total).toBeCloseTo(1, 4);
  });
});
