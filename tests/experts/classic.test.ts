import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cartPoleWorld, pendulumWorld } from "../../src/environments/index.ts";
import { cartPoleExpert, pendulumExpert } from "../../src/experts/index.ts";
import { rollout } from "../../src/rollouts/index.ts";

describe("the cart-pole's expert", () => {
  it("always succeeds, near the middle, with pushes of 1 and -1", async () => {
    for (let seed = 0; seed < 50; seed++) {
      const { info, length, observation, action } = await rollout(cartPoleWorld(), cartPoleExpert(), { seed });
      expect({ seed, length, success: info.success }).toEqual({ seed, length: 500, success: true });
      const positions = observation.cart.filter((_, i) => i % 2 === 0);
      expect(Math.max(...positions.map(Math.abs))).toBeLessThan(0.6);
      expect(action.every((push) => Math.abs(push) === 1)).toBe(true);
    }
  });

  it("brings the cart back from far off", () => {
    const [world, expert] = [cartPoleWorld(), cartPoleExpert()];
    for (const sign of [1, -1]) {
      let result = world.start({ position: sign * 1.5, velocity: sign * 0.8, angle: sign * 0.1, rate: sign * 0.3 });
      for (let step = 0; step < 500; step++) result = world.step(expert.act(result.observation) as Float32Array);
      expect(result.info.success).toBe(true);
    }
  });
});

describe("the pendulum's expert", () => {
  it("always succeeds, well before the clock ends", async () => {
    for (let seed = 0; seed < 100; seed++) {
      const { info } = await rollout(pendulumWorld(), pendulumExpert(), { seed });
      expect(info.success).toBe(true);
      expect(Number(info.held)).toBeGreaterThan(100);
    }
  });

  it("begins also where it hangs still", () => {
    const [world, expert] = [pendulumWorld(), pendulumExpert()];
    let result = world.start({ angle: Math.PI, rate: 0 });
    for (let step = 0; step < 200; step++) result = world.step(expert.act(result.observation) as Float32Array);
    expect(result.info.success).toBe(true);
  });
});

describe("the same laws in Python (bench/dagger/laws.py)", () => {
  const { episodes } = JSON.parse(readFileSync(new URL("../golden/classic.json", import.meta.url), "utf8"));
  const driven = episodes.filter((episode: { driven: string }) => episode.driven === "by the expert");

  it("pushed and turned as ours would have", () => {
    expect(driven.map(({ world }: { world: string }) => world)).toEqual(["CartPole-v1", "Pendulum-v1"]);
    for (const { world, start, states, actions } of driven) {
      const seen: readonly number[][] = [start, ...states.slice(0, -1)];
      const found = seen.map(([a, b, c, d]) => {
        if (world === "CartPole-v1") {
          const observation = { cart: Float32Array.of(a, b), pole: Float32Array.of(c, d) };
          return (cartPoleExpert().act(observation) as Float32Array)[0] === 1 ? 1 : 0;
        }
        const rod = Float32Array.of(Math.cos(a), Math.sin(a), b);
        return (pendulumExpert().act({ rod }) as Float32Array)[0];
      });
      // torques were rounded to 1/1024 N m
      found.forEach((value, i) => {
        expect(Math.abs(value - actions[i])).toBeLessThanOrEqual(world === "CartPole-v1" ? 0 : 0.5 / 1024 + 1e-6);
      });
    }
  });
});
