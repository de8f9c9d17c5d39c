import { describe, expect, it } from "vitest";
import { judgeWorld } from "../../conformance/environment.ts";
import { type DrivingWorld, drivingWorld, ROAD, SCENARIOS, VEHICLE } from "../../src/environments/index.ts";
import { drivingExpert } from "../../src/experts/index.ts";
import type { StepResult } from "../../src/world/index.ts";

for (const scenario of SCENARIOS) {
  judgeWorld(`driving, ${scenario}`, {
    // Random actions brake: most episodes would stand until the clock ends them.
    make: () => drivingWorld({ scenario, maxSteps: 200 }),
    makeTruncated: () => drivingWorld({ scenario, maxSteps: 5 }),
  });
}

/** Drives with one action to the end. */
function hold(world: DrivingWorld, seed: number, steering: number, acceleration: number): StepResult[] {
  world.reset(seed);
  const results: StepResult[] = [];
  while (!results.at(-1)?.terminated && !results.at(-1)?.truncated) {
    results.push(world.step(Float32Array.of(steering, acceleration)));
  }
  return results;
}

describe("the driving world", () => {
  it("tells 3 + 8 + 42 + 42 numbers at 20 Hz", () => {
    const { spec } = drivingWorld();
    expect(Object.values(spec.observation).map(({ names }) => names.length)).toEqual([3, 8, 42, 42]);
    expect(spec.controlRate).toBe(20);
    expect(spec.action.names).toEqual(["steering", "acceleration"]);
    expect([...SCENARIOS].map((scenario) => drivingWorld({ scenario }).spec.name)).toEqual([
      "driving",
      "driving-fork",
      "driving-urgent",
      "driving-leisurely",
    ]);
  });

  it("straight on is a crash into the crate: terminated, no success, no mode", () => {
    for (const scenario of ["fork", "urgent"] as const) {
      const last = hold(drivingWorld({ scenario }), 3, 0, 0).at(-1);
      expect(last).toMatchObject({ terminated: true, truncated: false });
      expect(last?.info).toMatchObject({ success: false, collision: true, obstacleCollision: true, departure: false });
      expect(last?.info.mode).toBeUndefined();
    }
  });

  it("meets the fork's crate after as many steps as the way is long", () => {
    const world = drivingWorld({ scenario: "fork" });
    world.reset(5);
    const { ego, obstacles } = world.scene();
    // Bumper to bumper, at 10 m/s and 0.05 s a step: 0.5 m each.
    const gap = obstacles[0].s - ego.s - (obstacles[0].length + VEHICLE.length) / 2;
    expect(hold(world, 5, 0, 0).length).toBe(Math.ceil(gap / 0.5));
  });

  it("turning away leaves the road: a corner beyond the edge terminates", () => {
    const world = drivingWorld({ scenario: "leisurely" });
    const last = hold(world, 1, 0.1, 0).at(-1);
    expect(last?.info).toMatchObject({ success: false, collision: false, departure: true });
    const { d, headingError } = world.scene().ego;
    const corner = d + (VEHICLE.width * Math.cos(headingError) + VEHICLE.length * Math.sin(headingError)) / 2;
    // It stops in the part of 10 ms in which the corner crosses: at 10 m/s and a steep 30 degrees 0.05 m further.
    expect(corner).toBeGreaterThan(ROAD.edge);
    expect(corner).toBeLessThan(ROAD.edge + 0.06);
  });

  it("braking stops, for good, and the clock ends it", () => {
    const results = hold(drivingWorld({ scenario: "leisurely" }), 2, 0, -8);
    expect(results.at(-1)).toMatchObject({ terminated: false, truncated: true });
    expect(results.at(-1)?.observation.motion[0]).toBe(0);
    // 10² / (2 x 8) = 6.25 m of the route.
    const world = drivingWorld({ scenario: "leisurely", maxSteps: 40 });
    world.reset(2);
    const before = world.scene().ego.s;
    hold(world, 2, 0, -8);
    expect(world.scene().ego.s - before).toBeCloseTo(6.25, 1);
  });

  it("an urgent crate is not there, for lidar and experts, until less than 1 s before it is reached", () => {
    const world = drivingWorld({ scenario: "urgent" });
    for (let seed = 0; seed < 40; seed++) {
      let { observation } = world.reset(seed);
      while (world.scene().obstacles.length === 0) {
        expect(observation.range.every((range) => range === 60)).toBe(true);
        ({ observation } = world.step(Float32Array.of(0, 0)));
      }
      const { ego, obstacles } = world.scene();
      const time = (obstacles[0].s - ego.s - (obstacles[0].length + VEHICLE.length) / 2) / ego.speed;
      // Drawn from 0.85 to 0.95 s, looked at every 0.05 s.
      expect(time).toBeLessThan(0.95);
      expect(time).toBeGreaterThan(0.79);
      expect(Math.min(...observation.range)).toBeLessThan(60);
    }
  });

  it("a leisurely crate lies more than 5 s ahead", () => {
    const world = drivingWorld({ scenario: "leisurely" });
    for (let seed = 0; seed < 40; seed++) {
      world.reset(seed);
      const { ego, obstacles } = world.scene();
      expect((obstacles[0].s - ego.s - 3) / ego.speed).toBeGreaterThan(5);
    }
  });

  it("what has been waited for moves on or is carried off: mode behind", () => {
    const world = drivingWorld({ scenario: "fork" });
    const { info } = drive(world, "patient", 4);
    expect(info).toMatchObject({ success: true, mode: "behind" });
    expect(world.scene().obstacles).toEqual([]);
  });

  it("its rewards add up to the progress, 1 at the goal", () => {
    const world = drivingWorld();
    const expert = drivingExpert(world, "right");
    let { observation } = world.reset(6);
    let sum = 0;
    for (let ended = false; !ended; ) {
      const result = world.step((expert.act(observation) as Float32Array).slice());
      observation = result.observation;
      sum += result.reward;
      ended = result.terminated || result.truncated;
      expect(sum).toBeCloseTo(Number(result.info.progress), 9);
    }
    expect(sum).toBeCloseTo(1, 9);
  });

  it("works come before what may move on, and never close all lanes", () => {
    const world = drivingWorld();
    for (let seed = 0; seed < 300; seed++) {
      world.reset(seed);
      const { obstacles } = world.scene();
      const works = obstacles.filter(({ kind }) => kind === "works");
      const others = obstacles.filter(({ kind, d }) => kind !== "works" && d === 0);
      expect(others.length).toBeGreaterThan(0);
      for (const { s } of works) {
        expect(works.filter((one) => one.s === s).length).toBeLessThan(3);
        expect(others.every((one) => one.s > s)).toBe(true);
      }
    }
  });

  it("goes on to the bit from a snapshot at any moment of an episode, also in another world", () => {
    for (const scenario of SCENARIOS) {
      const world = drivingWorld({ scenario });
      const copy = drivingWorld({ scenario });
      const expert = drivingExpert(world, "patient");
      let { observation } = world.reset(9);
      for (let step = 0, ended = false; !ended; step++) {
        if (step % 25 === 0) copy.restore(JSON.parse(JSON.stringify(world.snapshot())));
        const action = expert.act(observation) as Float32Array;
        const result = world.step(action);
        expect(copy.step(action)).toEqual(result);
        observation = result.observation;
        ended = result.terminated || result.truncated;
      }
      expect(copy.snapshot()).toEqual(world.snapshot());
    }
  });

  it("refuses the snapshot of another scenario, and one whose numbers do not fit", () => {
    const world = drivingWorld({ scenario: "fork" });
    world.reset(0);
    const snapshot = world.snapshot();
    expect(() => drivingWorld().restore(snapshot)).toThrow('scenario "fork", expected a snapshot');
    expect(() => world.restore({ ...snapshot, ego: [1, 2] })).toThrow("ego of another size");
    expect(() => world.restore({ ...snapshot, obstacles: [9, 0, 0, 0, 0] })).toThrow("obstacle kind 9");
    expect(() => world.restore({ ...snapshot, steps: "many" })).toThrow("steps many");
  });
});

function drive(world: DrivingWorld, style: "left" | "right" | "patient", seed: number): StepResult {
  const expert = drivingExpert(world, style);
  let { observation } = world.reset(seed);
  for (;;) {
    const result = world.step(expert.act(observation) as Float32Array);
    if (result.terminated || result.truncated) return result;
    observation = result.observation;
  }
}
