import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  type Autoregression,
  autoregressiveHead,
  binsBetween,
  maskedPerceptron,
  uniformBins,
} from "../../src/heads/index.ts";
import { initialise } from "../../src/nn/index.ts";
import { constant, input } from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";

const [SIZE, BINS] = [3, 4];
const ORDER = [2, 0, 1];
const EDGES = [
  [-1, -0.8, -0.1, 0.3, 1],
  [-1, 0, 0.2, 0.4, 1],
  [-1, -0.5, -0.4, 0.9, 1],
];
const KINDS = {
  uniform: { own: uniformBins(BINS), ordered: uniformBins(BINS) },
  "of edges": { own: binsBetween(EDGES), ordered: binsBetween(ORDER.map((number) => EDGES[number])) },
};

/** A masked perceptron with weights large enough to matter. */
function network(batch: number, size = SIZE, bins = BINS): Autoregression {
  const layer = maskedPerceptron({ condition: 2, actionSize: size, bins, hidden: [9, 8], activation: "tanh" });
  const parameters = Object.fromEntries(
    Object.entries(initialise(layer.parameters, randomKey(4))).map(([path, numbers]) => [
      path,
      constant(
        numbers.map((value) => 3 * value),
        layer.parameters[path].shape,
      ),
    ]),
  );
  return layer.apply(parameters, constant(Array(batch).fill([0.4, -0.9]).flat(), [batch, 2]));
}

describe.each(Object.entries(KINDS))("an order of numbers, bins %s", (_, { own, ordered }) => {
  const batch = 20;
  const stream = randomStream(randomKey(5));
  const chunks = Array.from({ length: batch * SIZE }, () => Math.fround(2 * stream.uniform() - 1));
  const inOrder = chunks.map((_, i) => chunks[Math.floor(i / SIZE) * SIZE + ORDER[i % SIZE]]);

  it("is the density of the numbers in that order", async () => {
    const [given, arranged] = [input("given", [batch, SIZE]), input("arranged", [batch, SIZE])];
    const outputs = {
      ours: autoregressiveHead({ actionSize: SIZE, bins: own, order: ORDER }).logProbability(network(batch), given),
      plain: autoregressiveHead({ actionSize: SIZE, bins: ordered }).logProbability(network(batch), arranged),
    };
    const feeds = { given: chunks, arranged: inOrder };
    for (const { ours, plain } of [
      inFloat64([given, arranged], outputs, feeds),
      await inFloat32([given, arranged], outputs, feeds),
    ]) {
      expect(Array.from(ours)).toEqual(Array.from(plain));
    }
  });

  it("draws the numbers in that order, and puts them back in their places", async () => {
    const noise = input("noise", [batch, SIZE]);
    const feeds = { noise: Array.from({ length: batch * SIZE }, () => Math.fround(stream.normal())) };
    for (const temperature of [1, 0]) {
      const options = { actionSize: SIZE, temperature };
      const outputs = {
        ours: autoregressiveHead({ ...options, bins: own, order: ORDER }).sample(network(batch), noise),
        plain: autoregressiveHead({ ...options, bins: ordered }).sample(network(batch), noise),
      };
      for (const { ours, plain } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
        for (let i = 0; i < batch * SIZE; i++) {
          const row = Math.floor(i / SIZE) * SIZE;
          expect(ours[row + ORDER[i % SIZE]]).toBe(plain[i]);
        }
      }
    }
  });

  it("lets the first in order know of no other", () => {
    const head = autoregressiveHead({ actionSize: SIZE, bins: own, order: ORDER });
    const logOf = (chunk: number[], present: number[]) => {
      const log = head.logProbability(network(1), constant(chunk, [1, SIZE]), constant(present, [1, SIZE]));
      return inFloat64([], { log }).log[0];
    };
    const [one, other] = [
      [-0.9, -0.6, 0.7],
      [0.9, 0.95, 0.7],
    ];
    // number 2 comes first: its share of the density is the same whatever the others are; that of 1, the last, is not
    expect(logOf(one, [0, 0, 1])).toBe(logOf(other, [0, 0, 1]));
    expect(logOf([-0.9, 0.95, 0.7], [0, 1, 0])).not.toBe(logOf(other, [0, 1, 0]));
    const parts = [0, 1, 2].map((number) =>
      logOf(
        one,
        [0, 1, 2].map((place) => (place === number ? 1 : 0)),
      ),
    );
    expect(parts.reduce((sum, part) => sum + part, 0)).toBeCloseTo(logOf(one, [1, 1, 1]), 9);
  });
});

it("what is drawn in an order comes as often as the density says", async () => {
  const [size, bins, draws] = [2, 3, 20_000];
  const edges = [
    [-1, -0.2, 0.5, 1],
    [-1, 0.1, 0.2, 1],
  ];
  const head = autoregressiveHead({ actionSize: size, bins: binsBetween(edges), order: [1, 0] });
  const stream = randomStream(randomKey(6));
  const noise = input("noise", [draws, size]);
  const feeds = { noise: Float32Array.from({ length: draws * size }, () => stream.normal()) };
  const { drawn } = await inFloat32([noise], { drawn: head.sample(network(draws, size, bins), noise) }, feeds);
  const binOf = (number: number, value: number) => edges[number].findLastIndex((edge) => edge <= value);
  const counts = new Map<string, number>();
  for (let row = 0; row < draws; row++) {
    const pair = `${binOf(0, drawn[2 * row])},${binOf(1, drawn[2 * row + 1])}`;
    counts.set(pair, (counts.get(pair) ?? 0) + 1);
  }
  for (let a = 0; a < bins; a++) {
    for (let b = 0; b < bins; b++) {
      const sides = [edges[0].slice(a, a + 2), edges[1].slice(b, b + 2)];
      const centre = sides.map(([low, high]) => (low + high) / 2);
      const area = sides.reduce((product, [low, high]) => product * (high - low), 1);
      const log = head.logProbability(network(1, size, bins), constant(centre, [1, size]));
      const probability = Math.exp(inFloat64([], { log }).log[0]) * area;
      const share = (counts.get(`${a},${b}`) ?? 0) / draws;
      // four standard errors of a share
      const error = 4 * Math.sqrt((probability * (1 - probability)) / draws);
      expect(Math.abs(share - probability), `bins ${a}, ${b}`).toBeLessThan(error);
    }
  }
});

it.each([[[0, 1]], [[0, 1, 1]], [[0, 1, 3]], [[0, 0.5, 2]]])("an order %j of 3 numbers is refused", (order) => {
  expect(() => autoregressiveHead({ actionSize: 3, order })).toThrow(
    `order: found [${order.join(", ")}], expected every number from 0 to 2 once`,
  );
});
