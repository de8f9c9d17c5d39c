import { describe, expect, it } from "vitest";
import { judgeWorld } from "../../conformance/environment.ts";
import { FORK, forkWorld } from "../../src/environments/index.ts";
import type { StepResult, World } from "../../src/world/index.ts";

judgeWorld("fork", { make: forkWorld, makeTruncated: () => forkWorld({ maxSteps: 5 }) });

/** Drives from `y` with one lateral rate for `steps`, then straight on. */
function drive(world: World, { y, rate, steps }: { y: number; rate: number; steps: number }): StepResult[] {
  world.reset(0);
  world.restore({ x: 0, y, steps: 0, contact: false, side: null });
  const results: StepResult[] = [];
  while (!results.at(-1)?.terminated) results.push(world.step(Float32Array.of(results.length < steps ? rate : 0)));
  return results;
}

describe("the fork", () => {
  it("moves 1 m ahead and rate x 0.1 s aside per step, at 10 Hz", () => {
    const world = forkWorld();
    const y = world.reset(3).observation.position[1];
    const { observation } = world.step(Float32Array.of(-2));
    expect(observation.position[0]).toBe(1);
    expect(observation.position[1]).toBeCloseTo(y - 0.2, 6);
    expect(world.spec.controlRate).toBe(10);
  });

  it("straight on is a crash at the near side of the disc: terminated, no success, no mode", () => {
    const results = drive(forkWorld(), { y: 0, rate: 0, steps: 0 });
    // The disc begins at 19.4 m; the twentieth step is the way from 19 to 20 m.
    expect(results.length).toBe(20);
    expect(results.at(-1)).toMatchObject({ terminated: true, reward: 0, info: { success: false, contact: true } });
    expect(results.at(-1)?.info.mode).toBeUndefined();
  });

  it.each([
    ["left", 3],
    ["right", -3],
  ])("passing on the %s reaches the goal: success after 40 steps", (mode, rate) => {
    const results = drive(forkWorld(), { y: 0, rate, steps: 4 });
    expect(results.length).toBe(40);
    expect(results.at(-1)).toMatchObject({
      terminated: true,
      truncated: false,
      reward: 1,
      info: { success: true, mode },
    });
    expect(results.slice(0, 39).every(({ reward }) => reward === 0)).toBe(true);
    expect(results[18].info.mode).toBeUndefined();
    expect(results[19].info.mode).toBe(mode);
  });

  it("contact is nearer than the radius, to a hair", () => {
    expect(drive(forkWorld(), { y: 0.6, rate: 0, steps: 0 }).length).toBe(40);
    expect(drive(forkWorld(), { y: 0.5999, rate: 0, steps: 0 }).length).toBe(20);
  });

  it("no step jumps over the disc: the way counts, not its ends", () => {
    const world = forkWorld();
    world.reset(0);
    world.restore({ x: 19.5, y: 0.75, steps: 19, contact: false, side: null });
    // Ends (19.5, 0.75), (20.5, 0.45): both outside (0.90 and 0.67 m from the centre), the middle (20, 0.6) as well, and
    // the nearest point, 0.6 / sqrt(1.09) = 0.575 m, within 0.6 m.
    expect(world.step(Float32Array.of(-3)).info.contact).toBe(true);
  });

  it("starts at x = 0 with deviation 0.05 m in y", () => {
    const world = forkWorld();
    const n = 4000;
    const starts = Array.from({ length: n }, (_, seed) => world.reset(seed).observation.position);
    expect(starts.every(([x]) => x === 0)).toBe(true);
    const mean = starts.reduce((sum, [, y]) => sum + y, 0) / n;
    const deviation = Math.sqrt(starts.reduce((sum, [, y]) => sum + (y - mean) ** 2, 0) / n);
    // Standard errors: 0.05 / sqrt(4000) = 0.0008 and 0.05 / sqrt(8000) = 0.0006; four of each.
    expect(Math.abs(mean)).toBeLessThan(0.0032);
    expect(Math.abs(deviation - FORK.startDeviation)).toBeLessThan(0.0024);
  });
});
