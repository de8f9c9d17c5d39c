import { describe, expect, it } from "vitest";
import {
  type DrivingView,
  driveAhead,
  drivingView,
  drivingWorld,
  placeOnRoad,
  pushTView,
  pushTWorld,
  SCENARIOS,
  type ViewedObstacle,
} from "../../src/environments/index.ts";
import { drivingExpert } from "../../src/experts/index.ts";

/** Whether a point of the plane lies in something on the road. */
function holds({ x, y, cosine, sine, length, width }: ViewedObstacle, px: number, py: number): boolean {
  const along = (px - x) * cosine + (py - y) * sine;
  const across = (py - y) * cosine - (px - x) * sine;
  return Math.abs(along) <= length / 2 && Math.abs(across) <= width / 2;
}

/** How far it is from the ego, straight ahead, to the first thing that is drawn there, felt by centimetres; 60 for nothing. */
function feelAhead({ ego, obstacles }: DrivingView): number {
  const there = obstacles.filter(({ kind }) => kind !== "hidden" && kind !== "gone");
  for (let range = 0; range < 60; range += 0.01) {
    const [x, y] = [ego.x + range * ego.cosine, ego.y + range * ego.sine];
    if (there.some((one) => holds(one, x, y))) return range;
  }
  return 60;
}

describe("a driving world as it is drawn", () => {
  it.each(SCENARIOS)(
    "%s: what is drawn ahead is where the lidar sees it, and the ego moves as fast as it says",
    (scenario) => {
      const world = drivingWorld({ scenario });
      const expert = drivingExpert(world, "right");
      let { observation } = world.reset(3);
      expert.reset(3);
      const ahead = world.spec.observation.range.names.indexOf("ahead");
      let before = drivingView(world.snapshot());
      let seen = 0;
      for (let step = 0; step < 90; step++) {
        const result = world.step(expert.act(observation) as Float32Array);
        if (result.terminated) break;
        observation = result.observation;
        const view = drivingView(world.snapshot());
        if (observation.range[ahead] < 60) seen++;
        expect(Math.abs(feelAhead(view) - observation.range[ahead])).toBeLessThan(0.02);
        // 20 Hz; the mean of two speeds is that between them but for the change of acceleration and the sideways motion.
        const moved = Math.hypot(view.ego.x - before.ego.x, view.ego.y - before.ego.y);
        expect(Math.abs(moved - (view.ego.speed + before.ego.speed) / 2 / 20)).toBeLessThan(0.01);
        before = view;
      }
      expect(seen).toBeGreaterThan(2);
    },
  );

  it("keeps one road for all snapshots of a seed", () => {
    const world = drivingWorld();
    world.reset(5);
    const first = drivingView(world.snapshot());
    world.step(Float32Array.of(0, 1));
    expect(drivingView(world.snapshot()).road).toBe(first.road);
  });

  it("lays d to the left: the lanes' distance at any s", () => {
    const world = drivingWorld();
    world.reset(5);
    const { road } = drivingView(world.snapshot());
    for (const s of [-5, 0, 33.3, 150, road.length + 9]) {
      const [right, left] = [placeOnRoad(road, s, -3.5), placeOnRoad(road, s, 3.5)];
      expect(Math.hypot(left.x - right.x, left.y - right.y)).toBeCloseTo(7, 6);
      // turned to the left of the road's direction
      expect((left.x - right.x) * -right.sine + (left.y - right.y) * right.cosine).toBeCloseTo(7, 6);
    }
  });

  it("drives ahead as the world then does", () => {
    const world = drivingWorld();
    world.reset(11);
    const actions = Array.from({ length: 16 }, (_, i) => [0.05 * Math.sin(i / 3), i < 8 ? 2 : -9]);
    const poses = driveAhead(world.snapshot(), actions);
    const truth = [drivingView(world.snapshot()).ego];
    for (const [steering, acceleration] of actions) {
      world.step(Float32Array.of(steering, Math.max(acceleration, -8)));
      truth.push(drivingView(world.snapshot()).ego);
    }
    expect(poses).toHaveLength(17);
    poses.forEach(({ x, y }, i) => {
      expect(Math.hypot(x - truth[i].x, y - truth[i].y)).toBeLessThan(1e-6);
    });
  });

  it("refuses what is no snapshot of driving", () => {
    expect(() => drivingView({ scenario: "sea" })).toThrow(/scenario "sea", expected one of traffic/);
  });
});

describe("Push-T as it is drawn", () => {
  it("shows the state of the world", () => {
    const world = pushTWorld();
    world.reset(2);
    for (let step = 0; step < 30; step++) world.step(Float32Array.of(300, 250));
    const { pusher, block } = world.state();
    expect(pushTView(world.snapshot())).toEqual({ pusher, block });
  });

  it("refuses what is no snapshot of it", () => {
    expect(() => pushTView({ seed: 1 })).toThrow(/no snapshot/);
  });
});
