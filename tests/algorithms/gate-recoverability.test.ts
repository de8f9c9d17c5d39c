import { describe, expect, it } from "vitest";
import {
  foreseenIn,
  plansOf,
  pointOfNoReturn,
  randomQueries,
  readingsOf,
  recoverability,
  trainRecoverability,
  watch,
} from "../../src/algorithms/index.ts";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { forkWorld } from "../../src/environments/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import type { Actor, BatchActor } from "../../src/world/index.ts";
import { momentsOf, specOf } from "./moments.ts";

const runtime = nodeRuntime({ threads: 1 });

/** Goes aside at once, to the side on which it is. */
const dodging: Actor = {
  name: "dodging",
  controller: "expert",
  reset() {},
  act: ({ position }) => Float32Array.of(position[1] >= 0 ? 3 : -3),
};
const straight: Actor = { ...dodging, name: "straight", act: () => Float32Array.of(0) };
const key = randomKey(3);

describe("the point of no return", () => {
  it("is where the expert, put into the episode at that step, begins to fail", async () => {
    const world = forkWorld();
    for (const seed of [1, 2, 3]) {
      const episode = await rollout(world, straight, { seed });
      expect(episode.info.success).toBe(false);
      // the slow plain twin: every step from the beginning, without snapshots
      const isLost = (from: number) => {
        let { observation } = world.reset(seed);
        for (let step = 0; ; step++) {
          const result = world.step(step < from ? Float32Array.of(0) : (dodging.act(observation) as Float32Array));
          observation = result.observation;
          if (result.terminated || result.truncated) return !result.info.success;
        }
      };
      const steps = Array.from({ length: episode.length }, (_, step) => step);
      const first = steps.find((step) => isLost(step)) as number;
      expect(first).toBeGreaterThan(10);
      const options = { world, expert: dodging, unsteadiness: 0, key };
      expect(pointOfNoReturn(episode, { ...options, stride: 1 }).step).toBe(first);
      // looked at in every third step: the next of them, if there is one
      const next = Math.min(3 * Math.ceil(first / 3), episode.length);
      expect(pointOfNoReturn(episode, { ...options, stride: 3 }).step).toBe(next);
    }
  });

  it("stops counting a fork when it is decided, and counts every step that it simulates", async () => {
    const world = forkWorld();
    const episode = await rollout(world, straight, { seed: 1 });
    const options = { world, expert: dodging, unsteadiness: 0, stride: 1, within: 1, key };
    const { step, simulated } = pointOfNoReturn(episode, options);
    // 8 forks of each lost step, which end with the episode; 3 of the one before, 1 s long, in which nothing fails
    const lost = Array.from({ length: episode.length - step }, (_, i) => 8 * (episode.length - step - i));
    expect(simulated).toBe(episode.length + lost.reduce((sum, steps) => sum + steps, 0) + 3 * 10);
  });

  it("is the end where the expert could always have helped, and nowhere in a success", async () => {
    const world = forkWorld();
    const episode = await rollout(world, straight, { seed: 1 });
    const late = { world, expert: dodging, within: 0.1, unsteadiness: 0, key };
    // within one step only the last one can fail
    expect(pointOfNoReturn(episode, { ...late, stride: 1 }).step).toBe(episode.length - 1);
    const success = await rollout(world, dodging, { seed: 1 });
    expect(() => pointOfNoReturn(success, late)).toThrow(/expected an episode that failed/);
    const other = { ...episode, seed: 2, action: episode.action.map(() => 3) };
    expect(() => pointOfNoReturn(other, late)).toThrow(RangeError);
  });
});

describe("recoverability", () => {
  const spec = specOf({
    observationSize: 1,
    horizons: { observationHorizon: 1, predictionHorizon: 3, actionHorizon: 2 },
  });

  it("learns how soon it is too late, from state and plan; what lies behind the plan does not count", async () => {
    const count = 3000;
    const stream = randomStream(randomKey(4));
    const histories = Float32Array.from({ length: count }, () => 2 * stream.uniform() - 1);
    const chunks = Float32Array.from({ length: 3 * count }, () => 2 * stream.uniform() - 1);
    // too late where the state is above 0 and the plan's second action is, too
    const left = Float64Array.from({ length: count }, (_, row) =>
      histories[row] > 0 && chunks[3 * row + 1] > 0 ? 0.3 : Number.POSITIVE_INFINITY,
    );
    const places = new Int32Array(count);
    const options = { runtime, seed: 1, updates: 400, hidden: [32, 32], members: 2, horizons: [0.2, 0.5] };
    const model = await trainRecoverability(spec, { histories, chunks, places, left }, options);
    const score = await recoverability(runtime, model, { batch: 16 });
    expect(score).toMatchObject({ readings: ["lost"], asksExpert: "never" });
    const at = async (state: number, plan: readonly number[], place = 0) => {
      const moments = momentsOf({ places: [place] });
      return (await score.read({ ...moments, histories: Float32Array.of(state), chunks: Float32Array.from(plan) }))[0];
    };
    // of two horizons one is reached
    expect(await at(0.6, [0, 0.6, 0])).toBeGreaterThan(0.4);
    expect(await at(0.6, [0, 0.6, 0])).toBeLessThan(0.6);
    expect(await at(-0.6, [0, 0.6, 0])).toBeLessThan(0.1);
    expect(await at(0.6, [0, -0.6, 0])).toBeLessThan(0.1);
    // one step on, the second action to come is the third of the plan
    expect(await at(0.6, [0, -0.6, 0.6], 1)).toBeGreaterThan(0.4);
    await score.close();
  });
});

describe("a policy watched", () => {
  const planner: BatchActor = {
    name: "straight",
    controller: "policy",
    horizons: { observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 },
    plan: async (_, keys) => new Float32Array(4 * keys.length),
  };
  const seeds = [1, 2, 3];

  it("shows a score all that a gate would have seen, in order, and each episode under its own number", async () => {
    const watched = await watch({ makeEnvironment: () => forkWorld(), planner, seeds, reads: "step" });
    for (const { episode, seen } of watched) {
      expect(seen.steps).toEqual(Array.from({ length: episode.length }, (_, step) => step));
      expect(seen.places).toEqual(seen.steps.map((step) => step % 4));
      expect(seen.histories.map(([x]) => x)).toEqual([...episode.observation.position].filter((_, i) => i % 2 === 0));
    }
    const plans = plansOf(watched);
    expect(plans[0].seen.steps).toEqual(watched[0].seen.steps.filter((step) => step % 4 === 0));
    const { chance } = await readingsOf(randomQueries(), plans);
    expect(chance.map(({ length }) => length)).toEqual(plans.map(({ seen }) => seen.steps.length));
    const all = chance.flatMap((course) => [...course]);
    expect(Math.min(...all)).toBeGreaterThanOrEqual(0);
    expect(new Set(all).size).toBe(all.length);
  });

  it("makes moments to learn from: those before the step are densely kept, of the others every other", async () => {
    const watched = await watch({ makeEnvironment: () => forkWorld(), planner, seeds: [1], reads: "step" });
    const [{ episode }] = watched;
    const all = foreseenIn(watched, [episode.length]);
    // the episode lasts 2 s
    expect([...(all.left as number[])][0]).toBeCloseTo(episode.length / 10, 9);
    expect(all.places).toHaveLength(episode.length);
    const never = foreseenIn(watched, [Number.POSITIVE_INFINITY]);
    expect(never.places).toHaveLength(Math.ceil(episode.length / 2));
    expect(foreseenIn(watched, [null]).places).toHaveLength(0);
  });
});
