import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIn, type Key, randomStream } from "../../src/base/index.ts";
import { forkWorld } from "../../src/environments/index.ts";
import { rollout, rolloutMany, rolloutManyForOutcomes } from "../../src/rollouts/index.ts";
import {
  type Actor,
  actorKey,
  type BatchActor,
  box,
  type Environment,
  type EnvironmentSpec,
  type Horizons,
  packObservation,
  type World,
} from "../../src/world/index.ts";

/** Each row by itself: random lateral rates around what the oldest and the newest observation suggest. */
function noisyPlanner(horizons: Horizons, batches: number[] = []): BatchActor {
  const { observationHorizon, predictionHorizon } = horizons;
  return {
    name: "noisy",
    controller: "policy",
    horizons,
    plan(histories, keys) {
      batches.push(keys.length);
      const width = observationHorizon * 2;
      return Float32Array.from(
        keys.flatMap((key, row) => {
          const history = histories.subarray(row * width, (row + 1) * width);
          const stream = randomStream(key);
          return Array.from({ length: predictionHorizon }, () => 3 * history[1] + history[width - 1] + stream.normal());
        }),
      );
    },
  };
}

/** The slow plain twin of the lockstep loop: one episode, one list of all observations, one chunk at a time. */
function recedingHorizon(planner: BatchActor, { observation: space }: EnvironmentSpec): Actor {
  const { observationHorizon, actionHorizon } = planner.horizons;
  const seen: number[][] = [];
  let key: Key = [0, 0];
  let chunk = new Float32Array();
  return {
    name: planner.name,
    controller: planner.controller,
    reset(seed) {
      key = actorKey(seed);
      seen.length = 0;
    },
    async act(observation) {
      const packed = new Float32Array(2);
      packObservation(space, observation, packed, 0);
      seen.push([...packed]);
      const now = seen.length - 1;
      const place = now % actionHorizon;
      if (place === 0) {
        const history = Array.from(
          { length: observationHorizon },
          (_, i) => seen[Math.max(0, now - observationHorizon + 1 + i)],
        );
        chunk = new Float32Array(await planner.plan(Float32Array.from(history.flat()), [foldIn(key, now)]));
      }
      return chunk.slice(observationHorizon - 1 + place, observationHorizon + place);
    },
  };
}

describe("rolloutMany", () => {
  it("equals one rollout at a time with the plain receding horizon", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.integer({ min: 0, max: 3 }),
        fc.uniqueArray(fc.nat(1000), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 5 }),
        async (observationHorizon, actionHorizon, spare, seeds, many) => {
          const predictionHorizon = observationHorizon - 1 + actionHorizon + spare;
          const planner = noisyPlanner({ observationHorizon, predictionHorizon, actionHorizon });
          const together = await rolloutMany(forkWorld, planner, seeds, { together: many });
          for (const [i, seed] of seeds.entries()) {
            const world = forkWorld();
            const alone = await rollout(world, recedingHorizon(planner, world.spec), { seed });
            const { chunkPlace, ...rest } = together[i];
            expect({ ...rest, chunkPlace: alone.chunkPlace, spec: world.spec }).toEqual(alone);
            expect([...chunkPlace]).toEqual(Array.from(chunkPlace, (_, step) => step % actionHorizon));
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it("asks the planner once per chunk for all that still run", async () => {
    const batches: number[] = [];
    const planner = noisyPlanner({ observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 }, batches);
    const episodes = await rolloutMany(
      forkWorld,
      planner,
      Array.from({ length: 50 }, (_, seed) => seed),
    );
    // Steps 0, 8, 16 find everyone running; the disc (step 20) thins them out; 40 steps are 5 chunks.
    const survivors = episodes.filter(({ length }) => length > 24).length;
    expect(survivors).toBeGreaterThan(0);
    expect(survivors).toBeLessThan(50);
    expect(batches).toEqual([50, 50, 50, survivors, survivors]);
  });

  it("gives the place of an episode that ended to the next seed, so that batches stay full", async () => {
    const batches: number[] = [];
    const progress: number[][] = [];
    const planner = noisyPlanner({ observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 }, batches);
    const seeds = Array.from({ length: 60 }, (_, seed) => seed);
    const episodes = await rolloutMany(forkWorld, planner, seeds, {
      together: 10,
      onProgress: (...now) => progress.push(now),
    });
    expect(episodes.map(({ seed }) => seed)).toEqual(seeds);
    expect(episodes).toEqual(await rolloutMany(forkWorld, planner, seeds));
    expect(progress).toEqual(seeds.map((_, i) => [i + 1, 60]));
    // Only the last ten have no next one; none of them takes more than 5 chunks.
    const notFull = batches.slice(0, batches.indexOf(60)).findIndex((rows) => rows < 10);
    expect(batches.indexOf(60) - notFull).toBeLessThanOrEqual(5);
    await expect(rolloutMany(forkWorld, planner, seeds, { together: 0 })).rejects.toThrow("together: found 0");
  });

  it("keeps the outcomes of the same episodes", async () => {
    const planner = noisyPlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 });
    const seeds = [4, 8, 15, 16];
    const episodes = await rolloutMany(forkWorld, planner, seeds);
    expect(await rolloutManyForOutcomes(forkWorld, planner, seeds, { together: 3 })).toEqual(
      episodes.map(({ seed, actor, length, terminated, truncated, info, reward }) => ({
        ...{ seed, actor, length, terminated, truncated, info },
        reward: reward.reduce((sum, value) => sum + value, 0),
        maxReward: Math.max(...reward),
      })),
    );
  });

  it("names what a planner does wrong", async () => {
    const horizons = { observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 };
    const answering = (answer: Float32Array, h: Horizons = horizons): BatchActor => ({
      name: "broken",
      controller: "policy",
      horizons: h,
      plan: () => answer,
    });
    await expect(rolloutMany(forkWorld, answering(new Float32Array(7)), [1, 2])).rejects.toThrow(
      "broken: planned 7 numbers, expected 2 episodes x 4 (steps x action)",
    );
    await expect(rolloutMany(forkWorld, answering(Float32Array.of(0, Number.NaN, 0, 0)), [3])).rejects.toThrow(
      "broken in fork, seed 3, step 1: action [NaN], expected 1 finite numbers (lateralRate)",
    );
    await expect(
      rolloutMany(forkWorld, answering(new Float32Array(4), { ...horizons, actionHorizon: 5 }), [3]),
    ).rejects.toThrow("predictionHorizon: found 4, expected at least");
    expect(await rolloutMany(forkWorld, answering(new Float32Array(4)), [])).toEqual([]);
  });
});

/** Temporal ensembling in its plain form: every plan ever made, weighed anew in every step. */
function ensembling(planner: BatchActor, m: number): Actor {
  const { observationHorizon: To, predictionHorizon: Tp } = planner.horizons;
  const seen: number[][] = [];
  const plans: Float32Array[] = [];
  let key: Key = [0, 0];
  return {
    name: planner.name,
    controller: planner.controller,
    reset(seed) {
      key = actorKey(seed);
      seen.length = plans.length = 0;
    },
    async act({ position }) {
      seen.push([...position]);
      const now = seen.length - 1;
      const history = Array.from({ length: To }, (_, i) => seen[Math.max(0, now - To + 1 + i)]);
      plans.push(new Float32Array(await planner.plan(Float32Array.from(history.flat()), [foldIn(key, now)])));
      // What the plan of step s says of step now lies at To - 1 + now - s of its chunk.
      const said = plans.flatMap((plan, s) => (To - 1 + now - s < Tp ? [plan[To - 1 + now - s]] : []));
      const weights = said.map((_, i) => Math.exp(-m * i));
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      return Float32Array.of(said.reduce((sum, action, i) => sum + (weights[i] / total) * action, 0));
    },
  };
}

describe("temporal ensembling", () => {
  it.each([
    [0.01, 1, 4],
    [0, 2, 9],
    [-1.5, 3, 3],
    [50, 1, 6],
    [0.3, 2, 60],
  ])("with m %d equals the plain one, To %i, Tp %i", async (m, observationHorizon, predictionHorizon) => {
    const planner = noisyPlanner({ observationHorizon, predictionHorizon, actionHorizon: 1 });
    const seeds = [1, 2, 3, 4, 5];
    const together = await rolloutMany(forkWorld, planner, seeds, { execution: { kind: "ensemble", m }, together: 2 });
    for (const [i, seed] of seeds.entries()) {
      const alone = await rollout(forkWorld(), ensembling(planner, m), { seed });
      expect(together[i].length).toBe(alone.length);
      alone.action.forEach((rate, step) => {
        expect(together[i].action[step]).toBeCloseTo(rate, 4);
      });
      expect(new Set(together[i].chunkPlace)).toEqual(new Set([0]));
    }
  });

  it("counts a plan of exactly nothing", async () => {
    // The first plan says 0 for the first two steps, the second 1: in step 1 their mean is 1/2, not 1.
    let plans = 0;
    const planner: BatchActor = {
      ...noisyPlanner({ observationHorizon: 1, predictionHorizon: 2, actionHorizon: 1 }),
      plan: () => Float32Array.of(plans, plans++),
    };
    const [{ action }] = await rolloutMany(() => forkWorld({ maxSteps: 3 }), planner, [1], {
      execution: { kind: "ensemble", m: 0 },
    });
    expect([...action]).toEqual([0, 0.5, 1.5]);
  });

  it("refuses an m that is no number", async () => {
    const planner = noisyPlanner({ observationHorizon: 1, predictionHorizon: 2, actionHorizon: 1 });
    const execution = { kind: "ensemble", m: Number.NaN } as const;
    await expect(rolloutMany(forkWorld, planner, [1], { execution })).rejects.toThrow("ensemble: found m = NaN");
  });
});

describe("rollout", () => {
  const constant = (rate: number): Actor => ({
    name: "constant",
    controller: "expert",
    reset: () => {},
    act: () => Float32Array.of(rate),
  });

  it("clamps actions to the declared bounds and records what was executed", async () => {
    const { action, length, time, controller, info } = await rollout(forkWorld(), constant(100), { seed: 1 });
    expect(length).toBe(40);
    expect(action.every((rate) => rate === 3)).toBe(true);
    expect(time[39]).toBeCloseTo(3.9, 12);
    expect(new Set(controller)).toEqual(new Set(["expert"]));
    expect(info).toEqual({ success: true, contact: false, mode: "left" });
  });

  it("records the observation that the action answered to", async () => {
    const { observation } = await rollout(forkWorld(), constant(1), { seed: 6 });
    const start = forkWorld().reset(6).observation.position;
    expect(observation.position.subarray(0, 2)).toEqual(start);
    expect(observation.position[2 * 39]).toBe(39);
  });

  it("keeps truncated apart from terminated", async () => {
    const episode = await rollout(forkWorld({ maxSteps: 4 }), constant(1), { seed: 1 });
    expect(episode).toMatchObject({ length: 4, terminated: false, truncated: true, info: { success: false } });
  });

  it("refuses an action that is not finite", async () => {
    await expect(rollout(forkWorld(), constant(Number.NaN), { seed: 2 })).rejects.toThrow(
      "constant in fork, seed 2, step 0: action [NaN]",
    );
  });

  it("accepts an environment that answers later", async () => {
    const world: World = forkWorld();
    const slow: Environment = {
      spec: { ...world.spec, action: box({ name: "lateralRate", unit: "m/s", low: -1, high: 1 }) },
      reset: async (seed) => world.reset(seed),
      step: async (action) => world.step(action),
    };
    const episode = await rollout(slow, constant(100), { seed: 1 });
    expect(episode.action.every((rate) => rate === 1)).toBe(true);
    const [together] = await rolloutMany(
      () => slow,
      noisyPlanner({ observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 }),
      [1],
    );
    expect(together.length).toBeGreaterThan(19);
  });
});
