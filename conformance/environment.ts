/**
 * The judge of every World: registers one vitest suite. A world passes it whole, or its failing line says which promise of
 * `src/world/environment.ts` it breaks.
 */
import { describe, expect, it } from "vitest";
import { type RandomStream, randomKey, randomStream } from "../src/base/index.ts";
import { findOutside, type Observation, type StepResult, type World } from "../src/world/index.ts";

export interface WorldMakers {
  make: () => World;
  /** The same world with a clock so short that every episode runs into it. */
  makeTruncated: () => World;
}

export function judgeWorld(name: string, { make, makeTruncated }: WorldMakers): void {
  describe(`World conformance: ${name}`, () => {
    it("describes itself: spaces with names, units and bounds, a rate, a clock", () => {
      const { spec } = make();
      expect(spec.name).toMatch(/^[a-z][a-z0-9-]*$/);
      expect(spec.controlRate).toBeGreaterThan(0);
      expect(Number.isInteger(spec.maxSteps) && spec.maxSteps > 0).toBe(true);
      for (const space of [spec.action, ...Object.values(spec.observation)]) {
        const size = space.names.length;
        expect([space.units.length, space.low.length, space.high.length]).toEqual([size, size, size]);
      }
    });

    it("repeats an episode to the bit under the same seed, in a fresh world and in the same one", () => {
      const world = make();
      const first = play(world, 7);
      play(world, 8);
      expect(play(world, 7)).toEqual(first);
      expect(play(make(), 7)).toEqual(first);
    });

    it("starts differently under different seeds", () => {
      const world = make();
      const starts = [1, 2, 3, 4].map((seed) => JSON.stringify(observed(world.reset(seed).observation)));
      expect(new Set(starts).size).toBeGreaterThan(1);
    });

    it("keeps observations within their bounds and rewards finite", () => {
      const world = make();
      for (let seed = 0; seed < 20; seed++) {
        for (const { observation, reward } of play(world, seed)) {
          for (const [array, space] of Object.entries(world.spec.observation)) {
            expect(findOutside(space, observation[array])).toBeNull();
          }
          expect(Number.isFinite(reward)).toBe(true);
        }
      }
    });

    it("hands out arrays that later steps do not change", () => {
      const world = make();
      const { observation } = world.reset(3);
      const before = JSON.stringify(observed(observation));
      world.step(randomAction(world, stream(3)));
      expect(JSON.stringify(observed(observation))).toBe(before);
    });

    it("goes on from a snapshot as it would have, and forks into another world", () => {
      const world = make();
      const random = stream(5);
      let now: Pick<StepResult, "observation" | "info"> = world.reset(5);
      for (let i = 0; i < 3; i++) now = world.step(randomAction(world, random));
      const snapshot = JSON.parse(JSON.stringify(world.snapshot()));
      const position = random.position();
      const onwards = proceed(world, random);
      expect(world.restore(snapshot)).toEqual({ observation: now.observation, info: now.info });
      expect(proceed(world, randomStream(randomKey(5), position))).toEqual(onwards);
      const fork = make();
      expect(fork.restore(snapshot)).toEqual({ observation: now.observation, info: now.info });
      expect(proceed(fork, randomStream(randomKey(5), position))).toEqual(onwards);
    });

    it("ends once, by itself or by the clock, never by both, within maxSteps", () => {
      const world = make();
      for (let seed = 0; seed < 20; seed++) {
        const steps = play(world, seed);
        expect(steps.length).toBeLessThanOrEqual(world.spec.maxSteps);
        steps.forEach(({ terminated, truncated }, i) => {
          expect(terminated && truncated).toBe(false);
          expect(terminated || truncated).toBe(i === steps.length - 1);
        });
      }
    });

    it("truncates when the clock runs out, without terminating", () => {
      const world = makeTruncated();
      const steps = play(world, 11);
      expect(steps.length).toBe(world.spec.maxSteps);
      expect(steps.at(-1)).toMatchObject({ terminated: false, truncated: true });
    });

    it("refuses actions that are not finite, out of bounds or of the wrong size, and stays as it was", () => {
      const world = make();
      world.reset(2);
      const before = world.snapshot();
      const { names, low, high } = world.spec.action;
      names.forEach((dimension, i) => {
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, high[i] + 1, low[i] - 1]) {
          const action = Float32Array.from(low);
          action[i] = value;
          expect(() => world.step(action)).toThrow(RangeError);
          expect(() => world.step(action)).toThrow(new RegExp(`${dimension}.*found ${value}.*expected`));
        }
      });
      expect(() => world.step(new Float32Array(names.length + 1))).toThrow(RangeError);
      expect(world.snapshot()).toEqual(before);
    });

    it("refuses to step before the first reset and after the end", () => {
      const world = make();
      const action = Float32Array.from(world.spec.action.low);
      expect(() => world.step(action)).toThrow(/before the first reset/);
      expect(() => world.snapshot()).toThrow(/before the first reset/);
      play(world, 1);
      expect(() => world.step(action)).toThrow(/after the end/);
    });

    it("refuses a snapshot that is not its own", () => {
      expect(() => make().restore({ nonsense: 1 })).toThrow(/snapshot/);
    });
  });
}

const stream = (seed: number) => randomStream(randomKey(seed));

function play(world: World, seed: number): StepResult[] {
  world.reset(seed);
  return proceed(world, stream(seed));
}

/** Random actions until the end. */
function proceed(world: World, random: RandomStream): StepResult[] {
  const steps: StepResult[] = [];
  for (;;) {
    const step = world.step(randomAction(world, random));
    steps.push(step);
    if (step.terminated || step.truncated) return steps;
  }
}

function randomAction({ spec: { action } }: World, random: RandomStream): Float32Array {
  return Float32Array.from(action.low, (low, i) => low + (action.high[i] - low) * random.uniform());
}

const observed = (observation: Observation) => Object.entries(observation).map(([array, values]) => [array, ...values]);
