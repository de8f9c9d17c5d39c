import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { judgeWorld } from "../../conformance/environment.ts";
import {
  CART_POLE,
  type CartPoleWorld,
  cartPoleWorld,
  PENDULUM,
  type PendulumWorld,
  pendulumWorld,
} from "../../src/environments/index.ts";
import type { StepResult } from "../../src/world/index.ts";

judgeWorld("cart-pole", { make: cartPoleWorld, makeTruncated: () => cartPoleWorld({ maxSteps: 5 }) });
judgeWorld("pendulum", { make: pendulumWorld, makeTruncated: () => pendulumWorld({ maxSteps: 5 }) });

/** An episode of tests/golden/make_classic.py. */
interface Recorded {
  readonly world: "CartPole-v1" | "Pendulum-v1";
  readonly driven: string;
  readonly seed: number;
  readonly start: readonly number[];
  readonly actions: readonly number[];
  readonly states: readonly (readonly number[])[];
  readonly rewards: readonly number[];
  readonly terminated: boolean;
  readonly truncated: boolean;
}

const { episodes }: { episodes: readonly Recorded[] } = JSON.parse(
  readFileSync(new URL("../golden/classic.json", import.meta.url), "utf8"),
);

/** The world of a recorded episode at its start. */
function begun({ world, start: [a, b, c, d] }: Recorded): CartPoleWorld | PendulumWorld {
  if (world === "CartPole-v1") {
    const cartPole = cartPoleWorld();
    cartPole.start({ position: a, velocity: b, angle: c, rate: d });
    return cartPole;
  }
  const pendulum = pendulumWorld();
  pendulum.start({ angle: a, rate: b });
  return pendulum;
}

/** Gymnasium's 0 and 1 as a push; a torque as it is. */
const ours = ({ world }: Recorded, action: number) =>
  Float32Array.of(world === "Pendulum-v1" || action === 1 ? action : -1);

describe("the classic worlds beside Gymnasium (tests/golden/make_classic.py)", () => {
  it.each(episodes)("$world, seed $seed, driven $driven: the same states, rewards and end", (episode) => {
    const world = begun(episode);
    const { actions, states, rewards, terminated, truncated } = episode;
    let [furthest, last] = [0, {} as StepResult];
    actions.forEach((action, i) => {
      if (i > 0) expect([last.terminated, last.truncated]).toEqual([false, false]);
      last = world.step(ours(episode, action));
      const found = [...Object.values(world.state()), last.reward];
      found.forEach((value, k) => {
        furthest = Math.max(furthest, Math.abs(value - [...states[i], rewards[i]][k]));
      });
    });
    // 12 digits of numbers up to 100: 5e-11
    expect(furthest).toBeLessThan(1e-9);
    expect([last.terminated, last.truncated]).toEqual([terminated, truncated]);
  });

  it("observes what Gymnasium observes, in its order", () => {
    for (const episode of episodes) {
      const world = begun(episode);
      const { observation } = world.step(ours(episode, episode.actions[0]));
      const [state] = episode.states;
      const [angle, rate] = state;
      const expected = episode.world === "CartPole-v1" ? state : [Math.cos(angle), Math.sin(angle), rate];
      const found = Object.values(observation).flatMap((values) => [...values]);
      expect(found).toHaveLength(expected.length);
      found.forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i], 6);
      });
    }
  });
});

describe("the cart-pole", () => {
  const still = { position: 0, velocity: 0, angle: 0, rate: 0 };

  it("is pushed by the action's sign alone: from 0 on to the right", () => {
    const velocityAfter = (push: number) => {
      const world = cartPoleWorld();
      world.start(still);
      world.step(Float32Array.of(push));
      return world.state().velocity;
    };
    // upright: shared = 10 / 1.1, angular = -shared / (0.5 (4/3 - 0.1/1.1)), linear = shared - 0.05 angular / 1.1
    const shared = 10 / 1.1;
    const linear = shared + (0.05 * shared) / (0.5 * (4 / 3 - 0.1 / 1.1)) / 1.1;
    for (const push of [1, 0.01, 0]) expect(velocityAfter(push)).toBeCloseTo(0.02 * linear, 12);
    for (const push of [-1, -0.01]) expect(velocityAfter(push)).toBeCloseTo(-0.02 * linear, 12);
  });

  it("terminates beyond 2.4 m and 12 degrees, either way, without success, and not before", () => {
    const stepFrom = (change: Partial<typeof still>) => {
      const world = cartPoleWorld();
      world.start({ ...still, ...change });
      return world.step(Float32Array.of(1));
    };
    const { positionLimit, angleLimit } = CART_POLE;
    for (const sign of [1, -1]) {
      // one period moves by velocity x 0.02 s
      const beyond = [
        { position: sign * (positionLimit - 0.01), velocity: sign },
        { angle: sign * (angleLimit - 0.01), rate: sign },
      ];
      for (const change of beyond) {
        expect(stepFrom(change)).toMatchObject({
          terminated: true,
          truncated: false,
          reward: 1,
          info: { success: false },
        });
      }
      const within = [
        { position: sign * (positionLimit - 0.03), velocity: sign },
        { angle: sign * (angleLimit - 0.03), rate: sign },
      ];
      for (const change of within) expect(stepFrom(change)).toMatchObject({ terminated: false, reward: 1 });
    }
  });

  it("succeeds where the clock finds it within the limits; falling in the last step is termination", () => {
    const world = cartPoleWorld({ maxSteps: 1 });
    world.start(still);
    expect(world.step(Float32Array.of(1))).toMatchObject({ truncated: true, info: { success: true } });
    world.start({ ...still, position: 2.4, velocity: 1 });
    expect(world.step(Float32Array.of(1))).toMatchObject({
      terminated: true,
      truncated: false,
      info: { success: false },
    });
  });

  it("starts with four numbers drawn evenly within 0.05 of 0", () => {
    const world = cartPoleWorld();
    const drawn = Array.from({ length: 2000 }, (_, seed) => {
      world.reset(seed);
      return Object.values(world.state());
    });
    for (const i of [0, 1, 2, 3]) {
      const values = drawn.map((numbers) => numbers[i]);
      expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(0.05);
      // deviation of an even draw: 0.05 / sqrt(3) = 0.0289; of its mean over 2000: 0.00065; four of them
      expect(Math.abs(values.reduce((sum, value) => sum + value, 0) / 2000)).toBeLessThan(0.0026);
      expect(Math.max(...values)).toBeGreaterThan(0.0495);
    }
  });

  it("refuses starts that are not finite, and the state before there is one", () => {
    expect(() => cartPoleWorld().state()).toThrow("before the first reset");
    expect(() => cartPoleWorld().start({ ...still, rate: Number.NaN })).toThrow(/NaN\], expected 4 finite numbers/);
  });
});

describe("the pendulum", () => {
  it("is rewarded for the state that it leaves: -(angle² + 0.1 rate² + 0.001 torque²), the angle wrapped", () => {
    const world = pendulumWorld();
    const rewardFrom = (angle: number, rate: number, torque: number) => {
      world.start({ angle, rate });
      return world.step(Float32Array.of(torque)).reward;
    };
    expect(rewardFrom(0.5, -2, 1.5)).toBeCloseTo(-(0.25 + 0.4 + 0.001 * 2.25), 9);
    expect(rewardFrom(0.5 + 2 * Math.PI, 0, 0)).toBeCloseTo(-0.25, 12);
    expect(rewardFrom(0.5 - 4 * Math.PI, 0, 0)).toBeCloseTo(-0.25, 12);
    expect(rewardFrom(Math.PI + 0.1, 0, 0)).toBeCloseTo(-((Math.PI - 0.1) ** 2), 12);
  });

  it("succeeds while it has been upright and slow for 20 steps", () => {
    const world = pendulumWorld();
    world.start({ angle: 0, rate: 0 });
    const still = Array.from({ length: 25 }, () => world.step(Float32Array.of(0)).info);
    expect(still.map(({ held }) => held)).toEqual(Array.from({ length: 25 }, (_, i) => i + 1));
    expect(still.map(({ success }) => success).indexOf(true)).toBe(19);
    // 3 x 2 N m for 0.05 s: 0.3 rad/s each, too fast after two
    expect(world.step(Float32Array.of(2)).info.success).toBe(true);
    expect(world.step(Float32Array.of(2)).info).toMatchObject({ success: false, held: 0 });
    // upright is 0.2 rad: held by the torque that gravity needs there, 5 sin 0.19 and 5 sin 0.21
    const heldAt = (angle: number) => {
      world.start({ angle, rate: 0 });
      return world.step(Float32Array.of(-5 * Math.sin(angle))).info.held;
    };
    expect([0.19, -0.19, 0.21, -0.21].map(heldAt)).toEqual([1, 1, 0, 0]);
  });

  it("goes on counting from a snapshot", () => {
    const [world, fork] = [pendulumWorld(), pendulumWorld()];
    world.start({ angle: 0, rate: 0 });
    for (let i = 0; i < 7; i++) world.step(Float32Array.of(0));
    fork.restore(JSON.parse(JSON.stringify(world.snapshot())));
    expect(fork.step(Float32Array.of(0)).info.held).toBe(8);
  });

  it("never turns faster than 8 rad/s, and counts whole turns", () => {
    const world = pendulumWorld();
    world.start({ angle: 3, rate: 8 });
    for (let i = 0; i < 200; i++) {
      world.step(Float32Array.of(2));
      expect(Math.abs(world.state().rate)).toBeLessThanOrEqual(PENDULUM.maxRate);
    }
    expect(world.state().angle).toBeGreaterThan(4 * Math.PI);
  });

  it("starts at any angle, within 1 rad/s", () => {
    const world = pendulumWorld();
    const drawn = Array.from({ length: 2000 }, (_, seed) => {
      world.reset(seed);
      return world.state();
    });
    expect(Math.max(...drawn.map(({ rate }) => Math.abs(rate)))).toBeLessThanOrEqual(1);
    expect(Math.max(...drawn.map(({ angle }) => Math.abs(angle)))).toBeLessThanOrEqual(Math.PI);
    // of 8 equal sectors each has 250 on average, deviation sqrt(2000 x 7/64) = 14.8; four of them
    const sectors = new Array(8).fill(0);
    for (const { angle } of drawn) sectors[Math.min(7, Math.floor(((angle + Math.PI) / (2 * Math.PI)) * 8))] += 1;
    for (const count of sectors) expect(Math.abs(count - 250)).toBeLessThan(60);
  });

  it("refuses starts that are not finite, and the state before there is one", () => {
    expect(() => pendulumWorld().state()).toThrow("before the first reset");
    expect(() => pendulumWorld().start({ angle: Infinity, rate: 0 })).toThrow(/expected 2 finite numbers/);
  });
});
