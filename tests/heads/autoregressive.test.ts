import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  type Autoregression,
  autoregressiveHead,
  binCentre,
  binOf,
  isTractable,
  maskedPerceptron,
} from "../../src/heads/index.ts";
import { initialise } from "../../src/nn/index.ts";
import { broadcastTo, constant, erf, gradient, input, mul, reshape, slice, sum } from "../../src/tensor/index.ts";
import { inFloat32, inFloat64 } from "./both-ways.ts";
import { expectGradient } from "./differences.ts";

/** The same logits `[V]` for every number, whatever came before. */
function independent(logits: number[], size: number): Autoregression {
  const row = constant(logits);
  return {
    all: ({ shape: [batch] }) => broadcastTo(row, [batch, size, logits.length]),
    at: ({ shape: [batch] }) => broadcastTo(row, [batch, logits.length]),
  };
}

/** A masked perceptron with weights large enough to matter, over a batch of conditions. */
function maskedNetwork(
  options: { actionSize: number; bins: number; hidden?: number[] },
  { batch = 1, seed = 1, scale = 3 } = {},
): Autoregression {
  const layer = maskedPerceptron({ condition: 3, hidden: [12, 9], activation: "tanh", ...options });
  const parameters = Object.fromEntries(
    Object.entries(initialise(layer.parameters, randomKey(seed))).map(([path, numbers]) => [
      path,
      constant(
        numbers.map((value) => scale * value),
        layer.parameters[path].shape,
      ),
    ]),
  );
  return layer.apply(parameters, constant(Array(batch).fill([0.5, -1, 0.25]).flat(), [batch, 3]));
}

describe("bins", () => {
  // ALGORITHMS.md 11.10, "Uniform 256 on [-1,1]"; numbers outside belong to the outermost
  it.each([
    [-1.5, 0, -0.99609375],
    [-1, 0, -0.99609375],
    [-0.5, 64, -0.49609375],
    [0, 128, 0.00390625],
    [0.3, 166, 0.30078125],
    [0.999, 255, 0.99609375],
    [1, 255, 0.99609375],
    [2, 255, 0.99609375],
  ])("%d lies in bin %i", async (action, token, centre) => {
    const actions = input("actions", [1]);
    const outputs = { token: binOf(actions, 256), centre: binCentre(binOf(actions, 256), 256) };
    const feeds = { actions: [action] };
    for (const found of [inFloat64([actions], outputs, feeds), await inFloat32([actions], outputs, feeds)]) {
      expect(found.token[0]).toBe(token);
      expect(found.centre[0]).toBe(centre);
    }
  });
});

describe("the density of an autoregressive head", () => {
  const logOf = (network: Autoregression, bins: number, actions: number[]) => {
    const head = autoregressiveHead({ actionSize: actions.length, bins });
    const input = constant(actions, [1, actions.length]);
    return inFloat64([], { log: head.logProbability(network, input), loss: head.loss(network, input) });
  };

  it("is log P(bin) - log width, in nats per number", () => {
    // ALGORITHMS.md 3.6 and 11.10: uniform over 256 bins -0.6931472, certain of the bin 4.852030264, of probability
    // .37 3.857777991; here for two numbers
    expect(logOf(independent(Array(256).fill(0), 2), 256, [0.3, -0.5]).log[0]).toBeCloseTo(2 * -Math.LN2, 6);
    const certain = Array.from({ length: 256 }, (_, bin) => (bin === 166 ? 200 : 0));
    expect(logOf(independent(certain, 2), 256, [0.3, 0.302]).log[0]).toBeCloseTo(2 * 4.852030264, 6);
    const likely = Array.from({ length: 256 }, (_, bin) => Math.log(bin === 166 ? 0.37 : 0.63 / 255));
    const { log, loss } = logOf(independent(likely, 2), 256, [0.3, 0.302]);
    expect(log[0]).toBeCloseTo(2 * 3.857777991, 5);
    expect(loss[0]).toBe(-log[0]);
  });

  it("is 1 over the whole space", async () => {
    // every pair of 5 bins, by their centres: Σ p · width² = 1
    const [bins, width] = [5, 2 / 5];
    const centres = Array.from({ length: bins }, (_, bin) => -1 + (bin + 0.5) * width);
    const pairs = centres.flatMap((first) => centres.flatMap((second) => [first, second]));
    const network = maskedNetwork({ actionSize: 2, bins }, { batch: 25 });
    const actions = input("actions", [25, 2]);
    const outputs = { log: autoregressiveHead({ actionSize: 2, bins }).logProbability(network, actions) };
    const feeds = { actions: pairs };
    for (const { log } of [inFloat64([actions], outputs, feeds), await inFloat32([actions], outputs, feeds)]) {
      const total = Array.from(log).reduce((sum, value) => sum + Math.exp(value) * width ** 2, 0);
      expect(total).toBeCloseTo(1, 5);
    }
  });

  it("is the same wherever in their bins the numbers lie", () => {
    const network = maskedNetwork({ actionSize: 3, bins: 4 }, { batch: 3 });
    // bins of width ½: two chunks of bins 0, 2, 3, and one of 0, 1, 3
    const actions = constant([-0.9, 0.1, 0.7, -0.6, 0.4, 0.9, -0.9, -0.1, 0.7], [3, 3]);
    const { log } = inFloat64([], {
      log: autoregressiveHead({ actionSize: 3, bins: 4 }).logProbability(network, actions),
    });
    expect(log[1]).toBe(log[0]);
    expect(Math.abs(log[2] - log[0])).toBeGreaterThan(1e-3);
  });

  it("has the gradient of its differences, in every parameter", () => {
    const layer = maskedPerceptron({ condition: 2, actionSize: 3, bins: 4, hidden: [4, 5], activation: "tanh" });
    const head = autoregressiveHead({ actionSize: 3, bins: 4 });
    const start = initialise(layer.parameters, randomKey(2));
    const given = constant([0.3, -0.8, 1, 0.2], [2, 2]);
    const actions = constant([0.1, -0.7, 0.9, -0.2, 0.4, 0.6], [2, 3]);
    for (const [path, { shape }] of Object.entries(layer.parameters)) {
      const parameter = input("parameter", shape);
      const constants = Object.entries(start).map(([other, numbers]) => [
        other,
        other === path ? parameter : constant(numbers, layer.parameters[other].shape),
      ]);
      const network = layer.apply(Object.fromEntries(constants), given);
      expectGradient([parameter], head.loss(network, actions), { parameter: Array.from(start[path]) });
    }
  });

  it("and its gradient stay finite where a bin was thought impossible", () => {
    const logits = input("logits", [1, 1, 3]);
    const network = { all: () => logits, at: () => reshape(logits, [1, 3]) };
    const loss = autoregressiveHead({ actionSize: 1, bins: 3 }).loss(network, constant([-0.9], [1, 1]));
    const found = inFloat64([logits], { loss, slope: gradient(loss, [logits])[0] }, { logits: [-1e4, 1e4, 0] });
    expect([...Array.from(found.loss), ...Array.from(found.slope)].every(Number.isFinite)).toBe(true);
  });
});

describe("the masked perceptron", () => {
  const SIZE = 5;

  it("lets the logits of a number see those before it alone, and all of them", () => {
    const network = maskedNetwork({ actionSize: SIZE, bins: 3, hidden: [16, 11] });
    const chunk = input("chunk", [1, SIZE]);
    const logits = network.all(chunk);
    const slopes = Array.from({ length: SIZE }, (_, i) => {
      const weights = constant([1, -2, 0.7], [1, 1, 3]);
      return [`d${i}`, gradient(sum(mul(slice(logits, 1, i, i + 1), weights)), [chunk])[0]] as const;
    });
    const found = inFloat64([chunk], Object.fromEntries(slopes), { chunk: [0.1, -0.4, 0.8, 0.3, -0.9] });
    for (let i = 0; i < SIZE; i++) {
      for (let j = 0; j < SIZE; j++) {
        const slope = Math.abs(found[`d${i}`][j]);
        if (j >= i) expect(slope, `∂logits ${i} / ∂a ${j}`).toBe(0);
        else expect(slope, `∂logits ${i} / ∂a ${j}`).toBeGreaterThan(1e-6);
      }
    }
  });

  it("sees the condition at every number", () => {
    const layer = maskedPerceptron({ condition: 2, actionSize: SIZE, bins: 3, hidden: [8], activation: "relu" });
    const numbers = initialise(layer.parameters, randomKey(4));
    const parameters = Object.fromEntries(
      Object.entries(numbers).map(([path, data]) => [path, constant(data, layer.parameters[path].shape)]),
    );
    const condition = input("condition", [1, 2]);
    const logits = layer.apply(parameters, condition).all(constant([0.1, -0.4, 0.8, 0.3, -0.9], [1, SIZE]));
    for (let i = 0; i < SIZE; i++) {
      const first = sum(slice(slice(logits, 1, i, i + 1), 2, 0, 1));
      const { slope } = inFloat64([condition], { slope: gradient(first, [condition])[0] }, { condition: [0.3, 0.4] });
      for (const value of Array.from(slope)) expect(Math.abs(value)).toBeGreaterThan(1e-6);
    }
  });

  it("gives for one number what it gives for all", async () => {
    const network = maskedNetwork({ actionSize: SIZE, bins: 3 }, { batch: 2 });
    const chunk = input("chunk", [2, SIZE]);
    const feeds = { chunk: [0.1, -0.4, 0.8, 0.3, -0.9, 0.5, 0.2, -0.6, 0, 0.7] };
    const outputs = Object.fromEntries(
      Array.from({ length: SIZE }, (_, i) => [`at${i}`, network.at(chunk, constant(i, [], "int32"))]),
    );
    for (const found of [
      inFloat64([chunk], { all: network.all(chunk), ...outputs }, feeds),
      await inFloat32([chunk], { all: network.all(chunk), ...outputs }, feeds),
    ]) {
      for (let place = 0; place < 2 * SIZE * 3; place++) {
        const [row, i, bin] = [Math.floor(place / (SIZE * 3)), Math.floor(place / 3) % SIZE, place % 3];
        expect(found[`at${i}`][row * 3 + bin]).toBeCloseTo(found.all[place], 5);
      }
    }
  });

  it("refuses hidden layers that leave a number without units", () => {
    const options = { condition: 2, actionSize: SIZE, bins: 3, activation: "relu" } as const;
    expect(() => maskedPerceptron({ ...options, hidden: [8, 4] })).toThrow(
      "maskedPerceptron: hidden sizes [8, 4], expected at least one, each 5 or more",
    );
    expect(() => maskedPerceptron({ ...options, hidden: [] })).toThrow("hidden sizes []");
  });
});

describe("drawing from an autoregressive head", () => {
  it("needs one normal for each number, or none where the likeliest bins are taken", () => {
    expect(autoregressiveHead({ actionSize: 7 })).toMatchObject({
      name: "autoregressive",
      outputSize: 448,
      noiseSize: 7,
    });
    expect(autoregressiveHead({ actionSize: 7, temperature: 0 }).noiseSize).toBe(0);
    expect(isTractable(autoregressiveHead({ actionSize: 7 }))).toBe(true);
    expect(() => autoregressiveHead({ actionSize: 7, bins: 1 })).toThrow("bins: found 1, expected 2 or more");
    expect(() => autoregressiveHead({ actionSize: 7, temperature: -1 })).toThrow("temperature: found -1");
  });

  it("changes bin where the uniform number passes the sum of the probabilities, and draws nothing impossible", async () => {
    const head = autoregressiveHead({ actionSize: 1, bins: 4 });
    const network = independent([-200, Math.log(0.7), Math.log(0.3), -200], 1);
    // Φ⁻¹(0.7) = 0.5244005127 (R: qnorm)
    const near = 1e-5;
    const noise = input("noise", [4, 1]);
    const feeds = { noise: [-9, 0.5244005127 - near, 0.5244005127 + near, 9] };
    const outputs = { actions: head.sample(network, noise) };
    for (const { actions } of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
      expect(Array.from(actions)).toEqual([-0.25, -0.25, 0.25, 0.25]);
    }
  });

  it("draws nothing impossible where probabilities add up to less than 1 by rounding", async () => {
    // row r: r + 1 bins alike, the others impossible
    const bins = 64;
    const rows = Array.from({ length: bins - 1 }, (_, row) =>
      Array.from({ length: bins }, (_, bin) => (bin <= row ? 0 : -200)),
    );
    const logits = constant(rows.flat(), [bins - 1, bins]);
    const network = { all: () => reshape(logits, [bins - 1, 1, bins]), at: () => logits };
    const noise = input("noise", [bins - 1, 1]);
    const outputs = { token: binOf(autoregressiveHead({ actionSize: 1, bins }).sample(network, noise), bins) };
    const { token } = await inFloat32([noise], outputs, { noise: Array(bins - 1).fill(9) });
    rows.forEach((_, row) => {
      expect(token[row]).toBeLessThanOrEqual(row);
    });
  });

  /** Φ at normals. */
  const distribution = (normals: number[]) =>
    Array.from(inFloat64([], { at: erf(mul(constant(normals), Math.SQRT1_2)) }).at, (value) => 0.5 * (1 + value));

  /** Number after number, each by the whole network: the plain twin. Uniform numbers choose, or null for the likeliest. */
  function plainly(network: Autoregression, { bins, size }: { bins: number; size: number }, uniform: number[] | null) {
    const chunk = input("chunk", [1, size]);
    const actions: number[] = Array(size).fill(0);
    for (let i = 0; i < size; i++) {
      const { logits } = inFloat64([chunk], { logits: slice(network.all(chunk), 1, i, i + 1) }, { chunk: actions });
      const weights = Array.from(logits, Math.exp);
      let token = weights.indexOf(Math.max(...weights));
      if (uniform) {
        let left = uniform[i] * weights.reduce((sum, weight) => sum + weight, 0);
        token = weights.findIndex((weight) => {
          left -= weight;
          return left <= 0;
        });
      }
      actions[i] = -1 + ((token + 0.5) * 2) / bins;
    }
    return actions;
  }

  it("gives each number what was chosen before it", async () => {
    const [size, bins] = [4, 6];
    const network = maskedNetwork({ actionSize: size, bins });
    const stream = randomStream(randomKey(6));
    const noise = input("noise", [1, size]);
    const outputs = {
      drawn: autoregressiveHead({ actionSize: size, bins }).sample(network, noise),
      likeliest: autoregressiveHead({ actionSize: size, bins, temperature: 0 }).sample(network, noise),
    };
    const likeliest = plainly(network, { bins, size }, null);
    for (let draw = 0; draw < 10; draw++) {
      const normals = Array.from({ length: size }, () => Math.fround(stream.normal()));
      const expected = plainly(network, { bins, size }, distribution(normals));
      const feeds = { noise: normals };
      for (const found of [inFloat64([noise], outputs, feeds), await inFloat32([noise], outputs, feeds)]) {
        for (let i = 0; i < size; i++) {
          expect(found.drawn[i], `draw ${draw}, number ${i}`).toBeCloseTo(expected[i], 6);
          expect(found.likeliest[i], `number ${i}`).toBeCloseTo(likeliest[i], 6);
        }
      }
    }
  });

  it("draws every pair as often as its density says, at any temperature", async () => {
    const [bins, draws] = [3, 20_000];
    const centres = [-2 / 3, 0, 2 / 3];
    const stream = randomStream(randomKey(7));
    const normals = Float32Array.from({ length: 2 * draws }, () => stream.normal());
    const network = maskedNetwork({ actionSize: 2, bins }, { batch: draws });
    const small = maskedNetwork({ actionSize: 2, bins });
    const chunk = input("chunk", [1, 2]);
    const logitsOf = (first: number) =>
      Array.from(inFloat64([chunk], { logits: small.all(chunk) }, { chunk: [first, 0] }).logits);
    const softmaxOf = (logits: number[], temperature: number) => {
      const weights = logits.map((value) => Math.exp(value / temperature));
      return weights.map((weight) => weight / weights.reduce((sum, other) => sum + other, 0));
    };
    const noise = input("noise", [draws, 2]);
    for (const temperature of [1, 0.5]) {
      const head = autoregressiveHead({ actionSize: 2, bins, temperature });
      const { actions } = await inFloat32([noise], { actions: head.sample(network, noise) }, { noise: normals });
      const counts = new Map<string, number>();
      for (let row = 0; row < draws; row++) {
        const pair = [0, 1].map((at) => Math.round((actions[2 * row + at] + 2 / 3) * 1.5)).join(",");
        counts.set(pair, (counts.get(pair) ?? 0) + 1);
      }
      centres.forEach((centre, first) => {
        const logits = logitsOf(centre);
        const ofFirst = softmaxOf(logits.slice(0, 3), temperature)[first];
        softmaxOf(logits.slice(3), temperature).forEach((ofSecond, second) => {
          const probability = ofFirst * ofSecond;
          const share = (counts.get(`${first},${second}`) ?? 0) / draws;
          // four standard errors of a share
          const error = 4 * Math.sqrt((probability * (1 - probability)) / draws);
          expect(Math.abs(share - probability), `pair ${first},${second}`).toBeLessThan(error);
        });
      });
    }
  });
});
