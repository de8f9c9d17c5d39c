import { describe, expect, it } from "vitest";
import { type DrivingWorld, drivingWorld, pushTWorld } from "../../src/environments/index.ts";
import { drivingExpert, pushTExpert } from "../../src/experts/index.ts";
import { type Moment, rollout, supervise } from "../../src/rollouts/index.ts";
import {
  type Foresight,
  forkForesight,
  type OperatorOptions,
  operatorModel,
  stallForesight,
} from "../../src/supervisors/index.ts";
import type { BatchActor, Environment } from "../../src/world/index.ts";
import { linePlanner } from "../rollouts/line.ts";

const SCENARIO = { scenario: "fork" } as const;
const OPTIONS = { horizon: 0.5, rescue: 3, every: 1 };

/** Drives into the crate that stands 20 m ahead: it holds wheel and speed. */
const straightOn: BatchActor = {
  ...linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 }),
  name: "straight on",
  plan: (_, keys) => new Float32Array(keys.length * 4 * 2),
};
const DOING = new Float32Array(2);

function foreseeing(world: DrivingWorld, options: Partial<typeof OPTIONS> = {}): Foresight {
  const fork = drivingWorld(SCENARIO);
  return forkForesight(world, { fork, expert: drivingExpert(fork, "left"), ...OPTIONS, ...options });
}

const momentAt = (step: number, more: Partial<Moment> = {}): Moment => ({
  ...{ step, time: step / 10, observation: {}, reward: null, phase: "policy", proposed: null, planned: false },
  ...{ alarmed: false, readings: {} },
  ...more,
});

/** The plain question, in a world that is played to there anew: 10 steps as now, then 60 of the expert's. */
function isLost(seed: number, step: number): boolean {
  const world = drivingWorld(SCENARIO);
  const expert = drivingExpert(world, "left");
  let { observation } = world.reset(seed);
  for (let i = 0; i < step + 10 + 60; i++) {
    const result = world.step(i < step + 10 ? DOING : (expert.act(observation) as Float32Array));
    if (result.terminated || result.truncated) return !result.info.success;
    observation = result.observation;
  }
  return false;
}

describe("foresight by a fork of the world", () => {
  it("sees danger where the expert could no longer save what goes on, and leaves the world as it is", () => {
    for (const seed of [0, 1, 2]) {
      const world = drivingWorld(SCENARIO);
      const foresight = foreseeing(world);
      foresight.reset();
      world.reset(seed);
      const judged: boolean[] = [];
      for (let step = 0; ; step++) {
        const before = world.snapshot();
        judged.push(foresight.isDanger(momentAt(step), DOING));
        expect(world.snapshot()).toEqual(before);
        if (world.step(DOING).terminated) break;
      }
      expect(judged).toEqual(judged.map((_, step) => isLost(seed, step)));
      // It sees the danger coming, and does not begin with it.
      expect(judged[0]).toBe(false);
      expect(judged.indexOf(true)).toBeGreaterThan(5);
      expect(judged.indexOf(true)).toBeLessThan(judged.length - 10);
    }
  });

  it("looks as often as it is told, at once where it has not looked for longer, and anew in each episode", () => {
    const world = drivingWorld(SCENARIO);
    const foresight = foreseeing(world, { every: 4 });
    foresight.reset();
    world.reset(0);
    const looks: number[] = [];
    const snapshot = world.snapshot;
    world.snapshot = () => {
      looks.push(step);
      return snapshot();
    };
    let step = 0;
    for (step of [0, 1, 2, 3, 4, 5, 8, 15, 16, 18, 19]) foresight.isDanger(momentAt(step), DOING);
    foresight.reset();
    step = 1;
    foresight.isDanger(momentAt(step), DOING);
    expect(looks).toEqual([0, 4, 8, 15, 19, 1]);
  });

  it("refuses to look no step ahead, and to look never", () => {
    const world = drivingWorld(SCENARIO);
    expect(() => foreseeing(world, { horizon: 0.01 })).toThrow("foresight: horizon: found 0.01 s");
    expect(() => foreseeing(world, { every: 0 })).toThrow("foresight: every: found 0");
  });

  describe("lets an operator save a policy that drives into the crate", () => {
    const seeds = Array.from({ length: 10 }, (_, seed) => seed);
    const successes = async (options: Partial<OperatorOptions> | null) => {
      const makeSupervisor = (environment: Environment) => {
        const world = environment as DrivingWorld;
        return operatorModel(drivingExpert(world, "left"), foreseeing(world), options ?? {});
      };
      const makeEnvironment = () => drivingWorld(SCENARIO);
      const episodes = await supervise(makeEnvironment, straightOn, seeds, options ? { makeSupervisor } : {});
      return episodes.filter(({ info }) => info.success).length;
    };

    it("always where it reacts in time, never where it reacts too late, nor alone", async () => {
      expect(await successes(null)).toBe(0);
      expect(await successes({ reactionDelay: 0.25 })).toBe(10);
      // It notices half a second before nothing can be saved any more.
      expect(await successes({ reactionDelay: 1 })).toBe(0);
    });

    it("less often where it does not always look", async () => {
      // A lapse hides the danger if it is there in that moment and lasts for longer than the quarter of a second to spare.
      const some = await successes({ reactionDelay: 0.25, lapseRate: 0.5, lapseDuration: 3 });
      expect(some).toBeGreaterThan(0);
      expect(some).toBeLessThan(10);
    });
  });
});

describe("foresight by things no longer getting better", () => {
  it("is where no reward has been greater by enough for a while", () => {
    const foresight = stallForesight({ patience: 0.3, least: 0.1 });
    foresight.reset();
    const rewards = [null, 0.5, 0.55, 0.59, 0.6, 0.61, 0.4, 0.62, 0.9, 0.2, 0.2, 0.2];
    const danger = rewards.map((reward, step) => foresight.isDanger(momentAt(step, { reward }), DOING));
    // Greater than 0.5 by more than 0.1 in step 5 (0.61) and step 8 (0.9): danger 3 steps after the last of these.
    expect(danger.map((is) => (is ? "D" : "."))).toEqual([...("....D...." + "..D")]);
    foresight.reset();
    expect(foresight.isDanger(momentAt(0), DOING)).toBe(false);
  });

  it("lets an operator finish Push-T for a policy that stands still", async () => {
    const { spec } = pushTWorld();
    const [before, own] = Object.values(spec.observation).map(({ names }) => names.length);
    const still: BatchActor = {
      ...straightOn,
      name: "still",
      horizons: { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 },
      plan: (histories, keys) =>
        Float32Array.from(
          keys.flatMap((_, row) => [...histories.subarray(row * (before + own) + before, (row + 1) * (before + own))]),
        ),
    };
    const patience = 1;
    const [episode] = await supervise(() => pushTWorld(), still, [0], {
      makeSupervisor: () =>
        operatorModel(pushTExpert(), stallForesight({ patience, least: 0.01 }), { leastControl: 5 }),
    });
    expect(episode.info.success).toBe(true);
    // The first reward is seen in step 1; after 1 s without a better one and a quarter to react it acts, at 10 Hz in step 14,
    // and for 5 s at least.
    expect(episode.controller.indexOf("expert")).toBe(14);
    expect(episode.controller.indexOf("policy", 14)).toBeGreaterThanOrEqual(64);
    // An expert that counts the steps of its pushes does what it would do alone from there.
    const { spec: _, ...alone } = await rollout(worldAfter(14), pushTExpert(), { seed: 0 });
    expect(episode.action.subarray(2 * 14, 2 * 64)).toEqual(alone.action.subarray(0, 2 * 50));
  });
});

/** Push-T of a seed in which the policy has stood still for so many steps. */
function worldAfter(steps: number): Environment {
  const world = pushTWorld();
  return {
    spec: world.spec,
    reset(seed) {
      let { observation, info } = world.reset(seed);
      for (let i = 0; i < steps; i++)
        ({ observation, info } = world.step(Float32Array.from(Object.values(observation)[1])));
      return { observation, info };
    },
    step: world.step,
  };
}
