import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { foldIn, type Key, randomStream } from "../../src/base/index.ts";
import { forkWorld } from "../../src/environments/index.ts";
import { rollout, rolloutMany } from "../../src/rollouts/index.ts";
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
        async (observationHorizon, actionHorizon, spare, seeds) => {
          const predictionHorizon = observationHorizon - 1 + actionHorizon + spare;
          const planner = noisyPlanner({ observationHorizon, predictionHorizon, actionHorizon });
          const together = await rolloutMany(forkWorld, planner, seeds);
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
