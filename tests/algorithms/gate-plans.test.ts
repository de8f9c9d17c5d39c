import { describe, expect, it } from "vitest";
import {
  chunkEntropy,
  diffusionLossScore,
  entropyOfCells,
  neighbourDistance,
  openSampler,
  type Sampler,
  squaredDiscrepancy,
  stac,
  together,
} from "../../src/algorithms/index.ts";
import { foldIn, mapLeaves, randomKey, randomStream } from "../../src/base/index.ts";
import { forkWorld } from "../../src/environments/index.ts";
import { squaredCosine } from "../../src/heads/index.ts";
import { initialise } from "../../src/nn/index.ts";
import { exportPolicy, modelOf, noiseOf, normalise, openPolicy, policyRecipe } from "../../src/policies/index.ts";
import { type Gate, supervise } from "../../src/rollouts/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { constant, interpret, program } from "../../src/tensor/index.ts";
import { observationNames } from "../../src/world/index.ts";
import { policyOf } from "../policies/every.ts";
import { momentsOf, specOf } from "./moments.ts";

const runtime = nodeRuntime();
const normals = (count: number, seed: number) => {
  const stream = randomStream(randomKey(seed));
  return Float32Array.from({ length: count }, () => stream.normal());
};

describe("diffusion loss", () => {
  const NETWORKS = [
    { kind: "mlp", hidden: [9, 9, 9], residual: true },
    { kind: "u-net", widths: [8, 16], kernel: 3, time: 8 },
  ] as const;
  const CASES = (["epsilon", "sample", "v"] as const).flatMap((prediction) =>
    NETWORKS.map((network) => ({ prediction, network, name: `${prediction}, ${network.kind}` })),
  );

  it.each(CASES)("is the loss of training at the plan, level by level: $name", async ({ prediction, network }) => {
    const options = { steps: 6, samplingSteps: 3, prediction };
    const recipe = policyRecipe("diffusion", { network: { ...network } as never, options });
    const policy = policyOf(recipe);
    const { observation, action } = policy.spec;
    const model = modelOf(policy.spec);
    const rows = 3;
    const size = 4 * 2;
    const moments = momentsOf({
      places: Array(rows).fill(0),
      histories: normals(rows * 9, 1),
      chunks: normals(rows * size, 2),
    });
    const score = await diffusionLossScore(runtime, policy, { batch: 2, draws: 2 });
    const found = await score.read(moments);
    await score.close();

    const parameters = mapLeaves(model.parameters, ({ shape }, path) => constant(policy.parameters[path], shape));
    const { alphaBar } = squaredCosine(6);
    for (let row = 0; row < rows; row++) {
      const history = constant(moments.histories.subarray(row * 9, (row + 1) * 9), [1, 3, 3]);
      const denoiser = model.denoising!(parameters, normalise(history, observation.normaliser));
      const { scale, offset } = action.normaliser;
      const clean = Array.from(
        { length: size },
        (_, i) => moments.chunks[row * size + i] * scale[i % 2] + offset[i % 2],
      );
      const noise = noiseOf(moments.keys[row], 2 * 6 * size);
      let sum = 0;
      for (let draw = 0; draw < 2; draw++) {
        for (let t = 0; t < 6; t++) {
          const own = noise.subarray((draw * 6 + t) * size, (draw * 6 + t + 1) * size);
          const [signal, spread] = [Math.sqrt(alphaBar[t]), Math.sqrt(1 - alphaBar[t])];
          const noisy = clean.map((value, i) => signal * value + spread * own[i]);
          const predicted = denoiser.at(constant(noisy, [1, size]), constant([t], [1]));
          const { data } = interpret(program([], { predicted }), {}).predicted;
          // Ho et al. 2020; Salimans and Ho 2022: v = signal · noise - spread · clean
          const target = { epsilon: own, sample: clean, v: clean.map((x, i) => signal * own[i] - spread * x) }[
            prediction
          ];
          for (let i = 0; i < size; i++) sum += (data[i] - target[i]) ** 2 / size;
        }
      }
      expect(found[row] / (sum / 12)).toBeCloseTo(1, 4);
    }
  });

  it("tries some of the levels, spread evenly, and holds until the next plan", async () => {
    const policy = policyOf(policyRecipe("diffusion", { hidden: [8, 8], options: { steps: 10, samplingSteps: 3 } }));
    const score = await diffusionLossScore(runtime, policy, { levels: 4 });
    const seen = { histories: normals(2 * 9, 1), chunks: normals(2 * 8, 2) };
    const first = await score.read(momentsOf({ places: [0, 2], ...seen }));
    expect(first[0]).toBeGreaterThan(0);
    expect(first[1]).toBeNaN();
    const second = await score.read(momentsOf({ places: [1, 0], ...seen }));
    expect(second[0]).toBe(first[0]);
    expect(second[1]).toBeGreaterThan(0);
    await score.close();
    await expect(diffusionLossScore(runtime, policy, { levels: 11 })).rejects.toThrow(
      "levels: found 11, expected 1 to 10",
    );
    const flow = policyOf(policyRecipe("flow", { hidden: [8, 8] }));
    await expect(diffusionLossScore(runtime, flow)).rejects.toThrow('policy.head: found "flow", expected "diffusion"');
  });
});

describe("openSampler", () => {
  it.each(["diffusion", "gmm"] as const)("draws chunks as the policy does, normalised: %s", async (head) => {
    const policy = policyOf(policyRecipe(head, { hidden: [8, 8] }));
    const { noiseSize } = modelOf(policy.spec);
    const { scale, offset } = policy.spec.action.normaliser;
    const sampler = await openSampler(runtime, policy, { samples: 5, batch: 2 });
    const histories = normals(3 * 9, 4);
    const keys = [0, 1, 2].map((row) => foldIn(randomKey(6), row));
    const drawn = await sampler.draw(histories, keys);
    expect(await sampler.draw(histories.slice(), [...keys])).toBe(drawn);
    const others = await sampler.draw(histories, [...keys.slice(1), keys[0]]);
    expect(others).not.toEqual(drawn);
    expect(await sampler.draw(histories, keys)).toEqual(drawn);
    await sampler.close();
    await sampler.close();
    const session = await runtime.open(exportPolicy(policy));
    for (let row = 0; row < 3; row++) {
      const noise = noiseOf(keys[row], 5 * noiseSize);
      for (let s = 0; s < 5; s++) {
        const history = histories.subarray(row * 9, (row + 1) * 9);
        const { actions } = await session.run({
          observation: history.slice(6),
          state: history.slice(0, 6),
          noise: noise.slice(s * noiseSize, (s + 1) * noiseSize),
        });
        (actions as Float32Array).forEach((value, i) => {
          const at = drawn[(row * 5 + s) * 8 + i];
          expect(Math.abs(at - (value * scale[i % 2] + offset[i % 2]))).toBeLessThan(1e-4);
        });
      }
    }
    await session.close();
  });

  it("refuses a policy that draws nothing", async () => {
    const wrong = openSampler(runtime, policyOf(policyRecipe("l2", { hidden: [8] })));
    await expect(wrong).rejects.toThrow('"l2" as it is sampled here plans the same every time');
  });
});

/** A sampler that draws what it is told: for every row of a call, `[S, Tp, Da]`. */
function telling(sampled: {
  samples: number;
  told: number[][][];
  horizons: [number, number, number];
  actionSize?: number;
}): Sampler {
  const [observationHorizon, predictionHorizon, actionHorizon] = sampled.horizons;
  const horizons = { observationHorizon, predictionHorizon, actionHorizon };
  const calls = [...sampled.told];
  return {
    policy: { spec: specOf({ horizons, actionSize: sampled.actionSize ?? 1 }), parameters: {} },
    samples: sampled.samples,
    draw: async () => Float32Array.from(calls.shift()!.flat()),
    close: async () => {},
  };
}

describe("squaredDiscrepancy", () => {
  const x = Float32Array.of(0, 0, 1, 0, 0, 1);
  const y = Float32Array.of(0.5, 0.5, 1.5, 0.5);

  it("has the reference's values", () => {
    // ALGORITHMS.md 11.9: of the ten squared distances .5 x 4, 1 x 3, 2, 2.5 x 2 the median is 1, γ = .5
    expect(squaredDiscrepancy(x, y, 2)).toBeCloseTo(0.2585145902, 9);
    expect(squaredDiscrepancy(x, y, 2, 1)).toBeCloseTo(0.3474186565, 9);
  });

  it("is symmetric, 0 between equal sets, and at most 2", () => {
    expect(squaredDiscrepancy(y, x, 2)).toBeCloseTo(squaredDiscrepancy(x, y, 2), 12);
    expect(squaredDiscrepancy(x, x, 2)).toBeCloseTo(0, 12);
    expect(squaredDiscrepancy(Float32Array.of(3, 3), Float32Array.of(3, 3), 1)).toBe(0);
    // far apart each set is one point: 1 + 1 - 0
    expect(squaredDiscrepancy(Float32Array.of(0, 0), Float32Array.of(1, 1), 1, 1e6)).toBeCloseTo(2, 12);
  });
});

describe("stac", () => {
  it("compares what two plans say of the same steps, and adds up", async () => {
    // To = 2, Tp = 6: index 1 is now. Two samples; plans at steps 0, 2 and 5 of episode 7.
    const at0 = [0, 1, 2, 3, 4, 5, 0, -1, -2, -3, -4, -5];
    const at2 = [9, 3, 4, 5, 6, 7, 9, -3, -4, -5, -6, -7];
    const at5 = [9, 0, 0, 0, 0, 0, 9, 1, 1, 1, 1, 1];
    const sampler = telling({ samples: 2, told: [[at0], [at2], [at5], [at0]], horizons: [2, 6, 2] });
    const score = stac(sampler);
    const read = async (step: number, place = 0) =>
      (await score.read(momentsOf({ places: [place], episodes: [7], steps: Int32Array.of(step) })))[0];
    score.start(7);
    expect(await read(0)).toBe(0);
    // two steps later the earlier plan's indices 3 … 5 and the later one's 1 … 3 are the same steps, and agree
    expect(await read(2)).toBe(0);
    expect(await read(3, 1)).toBe(0);
    // three steps later: indices 4 and 5 against 1 and 2
    const third = squaredDiscrepancy(Float32Array.of(6, 7, -6, -7), Float32Array.of(0, 0, 1, 1), 2);
    expect(third).toBeGreaterThan(0.1);
    expect(await read(5)).toBeCloseTo(third, 6);
    // beyond the end of the plan there is nothing in common: the sum stays
    expect(await read(30)).toBeCloseTo(third, 6);
    expect(score).toMatchObject({ readings: ["inconsistency"], asksExpert: "never" });
    // the newest alone
    const newest = stac(telling({ samples: 2, told: [[at0], [at2], [at5]], horizons: [2, 6, 2] }), { window: 1 });
    const all = [];
    for (const step of [0, 2, 5]) {
      all.push(...(await newest.read(momentsOf({ places: [0], steps: Int32Array.of(step) }))));
    }
    expect([all[0], all[1]]).toEqual([0, 0]);
    expect(all[2]).toBeCloseTo(third, 6);
  });

  it("keeps episodes apart, and forgets them at their start", async () => {
    const [low, high] = [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ];
    const sampler = telling({ samples: 2, told: [[low, high], [low, low], [high]], horizons: [1, 2, 1] });
    const score = stac(sampler);
    const at = (episodes: number[], step: number) =>
      momentsOf({ places: episodes.map(() => 0), episodes, steps: Int32Array.from(episodes, () => step) });
    await score.read(at([1, 2], 0));
    // two samples of one point each way, all four pairs equally far: γ = 1 / (2 · 1), 2 - 2 exp(-γ)
    const found = await score.read(at([1, 2], 1));
    expect(found[0]).toBe(0);
    expect(found[1]).toBeCloseTo(2 - 2 * Math.exp(-0.5), 6);
    score.start(1);
    expect([...(await score.read(at([1], 0)))]).toEqual([0]);
  });

  it("reads little where a policy plans the same, and the same again with the same keys", async () => {
    const policy = policyOf(policyRecipe("diffusion", { hidden: [16, 16], options: { steps: 20, samplingSteps: 5 } }));
    const sampler = await openSampler(runtime, policy, { samples: 16 });
    const score = stac(sampler);
    const moments = (step: number) => momentsOf({ places: [0], histories: normals(9, 5), steps: Int32Array.of(step) });
    expect([...(await score.read(moments(0)))]).toEqual([0]);
    // asked twice in one step, as after a hand-back: the same draws
    expect((await score.read(moments(0)))[0]).toBeCloseTo(0, 6);
    expect((await score.read(moments(1)))[0]).toBeGreaterThan(0);
    await score.close();
  });
});

describe("chunkEntropy", () => {
  it("has the reference's value", () => {
    // ALGORITHMS.md 11.9: cells of 3, 2 and 1 of 6 points
    const points = Float32Array.of(0.01, 0.02, 0.03, 0.04, 0.12, 0.02, 0.13, 0.01, 0.31, 0.22, 0.02, 0.03);
    expect(entropyOfCells(points, 2, 0.1)).toBeCloseTo(1.459147917, 9);
  });

  it("is the mean over the steps of a chunk, summed over the newest plans", async () => {
    // step 0: all four in one cell of 0.2; step 1: two in each of two
    const chunk = [0.05, 0.5, 0.06, 0.5, 0.07, -0.5, 0.08, -0.5];
    const sampler = telling({ samples: 4, told: [[chunk], [chunk], [chunk]], horizons: [1, 2, 1] });
    const score = chunkEntropy(sampler, { window: 2 });
    const read = async () => (await score.read(momentsOf({ places: [0] })))[0];
    expect([await read(), await read(), await read()]).toEqual([0.5, 1, 1]);
    expect(score).toMatchObject({ readings: ["entropy"], asksExpert: "never" });
  });
});

describe("in the loop", () => {
  it("scores are recorded where they read, whatever runs beside an episode", async () => {
    const { spec: world } = forkWorld();
    const horizons = { observationHorizon: 2, predictionHorizon: 6, actionHorizon: 4 };
    const names = observationNames(world.observation);
    const sizes = { observationSize: names.length, actionSize: world.action.names.length };
    const recipe = policyRecipe("diffusion", { hidden: [8, 8], options: { steps: 8, samplingSteps: 3 } });
    const spec = { ...specOf({ ...sizes, horizons }), recipe };
    const policy = { spec, parameters: initialise(modelOf(spec).parameters, randomKey(1)) };
    const planner = await openPolicy(runtime, exportPolicy(policy, { batch: 4 }));
    const sampler = await openSampler(runtime, policy, { samples: 6 });
    const score = together("all", [
      await diffusionLossScore(runtime, policy, { levels: 3 }),
      stac(sampler),
      neighbourDistance(spec, normals(40 * 2 * names.length, 3)),
    ]);
    const gate: Gate = { score, rule: { thresholds: { loss: 1e9 } }, reads: "step" };
    const seeds = [1, 2, 3];
    const together3 = await supervise(forkWorld, planner, seeds, { gate });
    for (const [i, seed] of seeds.entries()) {
      const [alone] = await supervise(forkWorld, planner, [seed], { gate });
      expect(alone.gate).toEqual(together3[i].gate);
    }
    const [{ gate: read, length, chunkPlace }] = together3;
    expect(Object.keys(read ?? {}).sort()).toEqual(["alarm", "distance", "inconsistency", "loss", "loss.threshold"]);
    for (let step = 1; step < length; step++) {
      for (const name of ["distance", "inconsistency", "loss"]) expect(Number.isFinite(read![name][step])).toBe(true);
      const held = chunkPlace[step] !== 0;
      expect(read!.loss[step] === read!.loss[step - 1], `step ${step}`).toBe(held);
      expect(read!.inconsistency[step]).toBeGreaterThanOrEqual(read!.inconsistency[step - 1]);
    }
    await Promise.all([planner.close(), score.close()]);
  });
});
