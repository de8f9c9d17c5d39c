import { describe, expect, it } from "vitest";
import { judgeWorld } from "../../conformance/environment.ts";
import { randomKey, randomStream } from "../../src/base/index.ts";
import {
  chainWorld,
  DRIFT,
  driftWorld,
  type ManyEpisodes,
  manyChains,
  manyDrifts,
} from "../../src/environments/index.ts";
import { chainExpert, driftExpert } from "../../src/experts/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { packObservation, type World } from "../../src/world/index.ts";

judgeWorld("chain", { make: chainWorld, makeTruncated: () => chainWorld({ maxSteps: 5 }) });
judgeWorld("chain without a way back", {
  make: () => chainWorld({ wayBack: false }),
  makeTruncated: () => chainWorld({ maxSteps: 5, wayBack: false }),
});
judgeWorld("drift", { make: driftWorld, makeTruncated: () => driftWorld({ maxSteps: 5 }) });

describe("the cliff chain", () => {
  /** Turns right (r) or wrong (w) in each step; what the steps cost. */
  function costs(turns: string, wayBack: boolean): number[] {
    const world = chainWorld({ maxSteps: turns.length, wayBack });
    let { observation } = world.reset(4);
    return [...turns].map((turn) => {
      const [sign, off] = observation.track;
      const right = off ? -sign : sign;
      const result = world.step(Float32Array.of(turn === "r" ? right : -right));
      observation = result.observation;
      return 0 - result.reward;
    });
  }

  it("costs 1 for every step that ends off the track: a wrong turn falls, a right one comes back", () => {
    expect(costs("rrwrrwwwrr", true)).toEqual([0, 0, 1, 0, 0, 1, 1, 1, 0, 0]);
  });

  it("never costs less again where there is no way back", () => {
    expect(costs("rrwrrwwwrr", false)).toEqual([0, 0, 1, 1, 1, 1, 1, 1, 1, 1]);
  });

  it("counts an action's side, not its size", () => {
    const world = chainWorld();
    const [sign] = world.reset(4).observation.track;
    expect(world.step(Float32Array.of(0.01 * sign)).reward).toBe(0);
  });

  it("shows either sign equally often, whatever the walker does", () => {
    const world = chainWorld({ maxSteps: 500 });
    let sum = 0;
    for (let seed = 0; seed < 20; seed++) {
      world.reset(seed);
      for (let step = 0; step < 500; step++) sum += world.step(Float32Array.of(1)).observation.track[0];
    }
    // 10,000 signs: the standard error of their mean is 0.01
    expect(Math.abs(sum / 10_000)).toBeLessThan(0.04);
  });

  it("is walked by its expert without cost", async () => {
    const { reward, info } = await rollout(chainWorld({ maxSteps: 200 }), chainExpert(), { seed: 3 });
    expect(reward.every((value) => value === 0)).toBe(true);
    expect(info.success).toBe(true);
  });
});

describe("the scalar drift", () => {
  it("adds the move to the deviation, and costs what it then is", () => {
    const world = driftWorld({ maxSteps: 3 });
    world.reset(1);
    world.restore({ deviation: 0.5, steps: 0 });
    expect(world.step(Float32Array.of(0.25))).toMatchObject({ reward: -0.75, info: { success: false } });
    expect(world.step(Float32Array.of(-1))).toMatchObject({ reward: -0.25, truncated: false });
    expect(world.step(Float32Array.of(0.25))).toMatchObject({ truncated: true, info: { success: true } });
  });

  it("begins within 0.01 mm of the line, and its expert stays on it to the bit", async () => {
    for (let seed = 0; seed < 20; seed++) {
      const { observation, reward } = await rollout(driftWorld(), driftExpert(), { seed });
      const [start] = observation.point;
      expect(Math.abs(start)).toBeLessThanOrEqual(DRIFT.startRange);
      expect(start).not.toBe(0);
      expect(reward.every((value) => value === 0)).toBe(true);
    }
  });
});

describe("many episodes side by side", () => {
  const seeds = [0, 1, 2, 3, 70, 2 ** 40];
  const maxSteps = 70;

  it.each<[string, () => World, ManyEpisodes]>([
    ["chain", () => chainWorld({ maxSteps }), manyChains(seeds, { maxSteps })],
    [
      "chain without a way back",
      () => chainWorld({ maxSteps, wayBack: false }),
      manyChains(seeds, { maxSteps, wayBack: false }),
    ],
    ["drift", () => driftWorld({ maxSteps }), manyDrifts(seeds, { maxSteps })],
  ])("are the world's own, step by step: %s", (_, make, many) => {
    const worlds = seeds.map(make);
    const [{ spec }] = worlds;
    expect(many.spec).toEqual(spec);
    expect(many.count).toBe(seeds.length);
    const size = Object.values(spec.observation)[0].names.length;
    const expected = new Float32Array(seeds.length * size);
    worlds.forEach((world, i) => {
      packObservation(spec.observation, world.reset(seeds[i]).observation, expected, i * size);
    });
    const found = new Float32Array(expected.length);
    const costs = new Float64Array(seeds.length);
    const random = randomStream(randomKey(5));
    for (let step = 0; step < maxSteps; step++) {
      many.observe(found);
      expect(found).toEqual(expected);
      const actions = Float32Array.from(seeds, () => 2 * random.uniform() - 1);
      many.step(actions, costs);
      worlds.forEach((world, i) => {
        const { observation, reward } = world.step(actions.slice(i, i + 1));
        packObservation(spec.observation, observation, expected, i * size);
        expect(costs[i]).toBe(0 - reward);
      });
    }
  });
});
