import { describe, expect, it } from "vitest";
import { forkWorld } from "../../src/environments/index.ts";
import { judge } from "../../src/evaluation/index.ts";
import { forkExpert } from "../../src/experts/index.ts";
import { rollout } from "../../src/rollouts/index.ts";

describe("the fork's expert", () => {
  it("always succeeds, on either side equally often", async () => {
    const n = 400;
    const world = forkWorld();
    const expert = forkExpert();
    const episodes = [];
    for (let seed = 0; seed < n; seed++) episodes.push(await rollout(world, expert, { seed }));
    const { success, modes } = judge(episodes);
    expect(success.rate).toBe(1);
    expect(modes.left.rate + modes.right.rate).toBe(1);
    // Standard deviation sqrt(0.25 / 400) = 0.025; four of them.
    expect(Math.abs(modes.left.rate - 0.5)).toBeLessThan(0.1);
  });

  it("tracks 1.75 m on its side and keeps to that side", async () => {
    const { observation, info } = await rollout(forkWorld(), forkExpert(), { seed: 12 });
    const y = observation.position.filter((_, i) => i % 2 === 1);
    const side = info.mode === "left" ? 1 : -1;
    expect(y[39] * side).toBeCloseTo(1.75, 1);
    expect(y.slice(2).every((value) => value * side > 0)).toBe(true);
  });

  it("follows u = clip(1.5 (y_ref - y)) with noise of 0.05 m/s", () => {
    const expert = forkExpert();
    expert.reset(1);
    const near = (y: number) =>
      Array.from({ length: 2000 }, () => (expert.act({ position: Float32Array.of(0, y) }) as Float32Array)[0]);
    const side = Math.sign(near(0)[0]);
    const rates = near(side * 1.25);
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const deviation = Math.sqrt(rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length);
    // 1.5 x 0.5 m = 0.75 m/s; standard errors 0.05 / sqrt(2000) = 0.0011 and 0.05 / sqrt(4000) = 0.0008; four of each.
    expect(Math.abs(mean - side * 0.75)).toBeLessThan(0.0045);
    expect(Math.abs(deviation - 0.05)).toBeLessThan(0.0032);
    // 1.5 x 3.5 m/s is clipped to 3.
    expect(near(-side * 1.75)[0]).toBe(side * 3);
  });

  it("repeats itself under the same seed, and refuses to act without one", async () => {
    const first = await rollout(forkWorld(), forkExpert(), { seed: 4 });
    expect(await rollout(forkWorld(), forkExpert(), { seed: 4 })).toEqual(first);
    expect(() => forkExpert().act({ position: new Float32Array(2) })).toThrow("before the first reset");
  });
});
