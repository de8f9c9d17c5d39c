import { describe, expect, it } from "vitest";
import { drivingWorld, SCENARIOS, type Scenario } from "../../src/environments/index.ts";
import { DRIVING_STYLES, type DrivingStyle, drivingExpert } from "../../src/experts/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import type { Info } from "../../src/world/index.ts";

/** What the world said at the end of one episode per seed. */
function endings(scenario: Scenario, style: DrivingStyle, count: number): Info[] {
  const world = drivingWorld({ scenario });
  const expert = drivingExpert(world, style);
  return Array.from({ length: count }, (_, seed) => {
    let { observation } = world.reset(seed);
    for (;;) {
      const result = world.step(expert.act(observation) as Float32Array);
      if (result.terminated || result.truncated) return result.info;
      observation = result.observation;
    }
  });
}

const failures = (infos: readonly Info[]) => infos.flatMap(({ success }, seed) => (success ? [] : [seed]));

describe("expert drivers", () => {
  // Measured over 1000 seeds elsewhere; here 110 in traffic and 30 in each of the others.
  it.each(["left", "right", "patient"] as const)("of style %s arrive", (style) => {
    expect(failures(endings("traffic", style, 110))).toEqual([]);
    for (const scenario of SCENARIOS) {
      if (scenario !== "traffic") expect(failures(endings(scenario, style, 30))).toEqual([]);
    }
  });

  it("the careless one notices late: it arrives most of the time, not always", () => {
    const infos = endings("traffic", "careless", 100);
    const failed = failures(infos).length;
    expect(failed).toBeGreaterThan(3);
    expect(failed).toBeLessThan(40);
    expect(infos.every(({ success, collision, departure }) => success || collision || departure)).toBe(true);
  });

  it.each([
    ["left", "left"],
    ["right", "right"],
    ["patient", "behind"],
    ["careless", "left"],
  ] as const)("style %s deals with every crate in its one way: %s", (style, mode) => {
    for (const scenario of ["fork", "urgent", "leisurely"] as const) {
      expect(new Set(endings(scenario, style, 30).map((info) => info.mode))).toEqual(new Set([mode]));
    }
  });

  it("keep to their side in traffic, but where it is closed", () => {
    const world = drivingWorld();
    const expert = drivingExpert(world, "left");
    for (let seed = 0; seed < 60; seed++) {
      let { observation } = world.reset(seed);
      const { obstacles } = world.scene();
      const leftClosed = obstacles.some(({ kind, s, d }) => kind === "works" && d > 0 && s === obstacles[0].s);
      for (;;) {
        const result = world.step(expert.act(observation) as Float32Array);
        observation = result.observation;
        if (result.info.mode === "right") expect(leftClosed).toBe(true);
        if (result.terminated || result.truncated) break;
      }
    }
  });

  it("answer at any state: put elsewhere on the road, they still arrive", () => {
    const world = drivingWorld({ scenario: "leisurely" });
    for (const style of DRIVING_STYLES) {
      for (const [d, headingError, speed] of [
        [-3.5, 0, 10],
        [3.5, -0.2, 6],
        [-1.8, 0.15, 0],
        [4.3, 0.05, 14],
      ]) {
        world.reset(7);
        const start = world.snapshot();
        const [s, , , , ...rest] = start.ego as number[];
        world.restore({ ...start, ego: [s, d, headingError, speed, ...rest] });
        const expert = drivingExpert(world, style);
        for (;;) {
          const result = world.step(expert.act({}) as Float32Array);
          if (!result.terminated && !result.truncated) continue;
          expect({ style, d, ...result.info }).toMatchObject({ success: true });
          break;
        }
      }
    }
  });

  it("have no memory: asked twice, or by another expert of the style, they say the same", () => {
    const world = drivingWorld();
    const { observation } = world.reset(11);
    const expert = drivingExpert(world, "right");
    const first = expert.act(observation);
    expect(expert.act(observation)).toEqual(first);
    expect(drivingExpert(world, "right").act(observation)).toEqual(first);
  });

  it("can be rolled out like any actor, under the name of their style", async () => {
    const world = drivingWorld({ scenario: "fork" });
    const episode = await rollout(world, drivingExpert(world, "right"), { seed: 2 });
    expect(episode.actor).toBe("right");
    expect(episode.info).toMatchObject({ success: true, mode: "right" });
    expect(episode.action.every(Number.isFinite)).toBe(true);
  });
});
