import { describe, expect, it } from "vitest";
import { drivingView, drivingWorld, pushTView, pushTWorld } from "../../src/browser.ts";
import { createMotion, mixDriving, mixPose, mixPushT } from "../../studio/src/scene/motion.ts";
import { createPace } from "../../studio/src/scene/pace.ts";

const turned = (angle: number) => ({ x: 0, y: 0, cosine: Math.cos(angle), sine: Math.sin(angle) });

describe("what is drawn between two control steps", () => {
  it("begins at the first moment, and is on its way for one period after each next", () => {
    const motion = createMotion<number>((a, b, share) => a + (b - a) * share);
    expect(motion.at(0)).toBeNull();
    motion.tell(10, { episode: "a", step: 0, now: 0, period: 50 });
    expect(motion.at(20)).toBe(10);
    motion.tell(20, { episode: "a", step: 1, now: 50, period: 50 });
    expect([50, 75, 100, 400].map((now) => motion.at(now))).toEqual([10, 15, 20, 20]);
    expect([75, 100].map((now) => motion.isMoving(now))).toEqual([true, false]);
  });

  it("goes on from where it is when a step comes early, without a jump", () => {
    const motion = createMotion<number>((a, b, share) => a + (b - a) * share);
    motion.tell(0, { episode: "a", step: 0, now: 0, period: 50 });
    motion.tell(10, { episode: "a", step: 1, now: 50, period: 50 });
    motion.tell(20, { episode: "a", step: 2, now: 75, period: 50 });
    // At 75 ms it was half way from 0 to 10; from there to 20 in 50 ms.
    expect([75, 100, 125].map((now) => motion.at(now))).toEqual([5, 12.5, 20]);
  });

  it("jumps to another episode, and over many steps; it follows time backwards", () => {
    const motion = createMotion<number>((a, b, share) => a + (b - a) * share);
    motion.tell(0, { episode: "a", step: 0, now: 0, period: 50 });
    motion.tell(100, { episode: "b", step: 1, now: 50, period: 50 });
    expect(motion.at(60)).toBe(100);
    motion.tell(200, { episode: "b", step: 50, now: 100, period: 50 });
    expect(motion.at(110)).toBe(200);
    motion.tell(190, { episode: "b", step: 49, now: 150, period: 50 });
    expect(motion.at(175)).toBe(195);
  });

  it("turns the short way round", () => {
    const { cosine, sine } = mixPose(turned(3), turned(-3), 0.5);
    // From 3 to -3 rad over π, not over 0.
    expect(cosine).toBeCloseTo(-1, 9);
    expect(sine).toBeCloseTo(0, 9);
    expect(Math.hypot(cosine, sine)).toBeCloseTo(1, 12);
    const block = (angle: number) => ({ pusher: { x: 0, y: 0 }, block: { x: 0, y: 0, angle } });
    expect(mixPushT(block(3), block(-3), 0.5).block.angle).toBeCloseTo(Math.PI, 9);
    expect(mixPushT(block(0.1), block(6.3), 1).block.angle).toBeCloseTo(6.3 - 2 * Math.PI, 9);
  });

  it("is the world's own moment at both ends", () => {
    const world = drivingWorld();
    world.reset(4);
    const before = drivingView(world.snapshot());
    world.step(Float32Array.of(0.1, 1));
    const after = drivingView(world.snapshot());
    for (const [share, truth] of [
      [0, before],
      [1, after],
    ] as const) {
      const mixed = mixDriving(before, after, share);
      expect(mixed.ego.x).toBeCloseTo(truth.ego.x, 9);
      expect(mixed.ego.speed).toBeCloseTo(truth.ego.speed, 9);
      mixed.obstacles.forEach((one, i) => {
        expect(one.x).toBeCloseTo(truth.obstacles[i].x, 9);
      });
    }
    world.reset(5);
    const elsewhere = drivingView(world.snapshot());
    expect(mixDriving(after, elsewhere, 0.5)).toBe(elsewhere);
    const table = pushTWorld();
    table.reset(1);
    const start = pushTView(table.snapshot());
    expect(mixPushT(start, start, 0.3).pusher).toEqual(start.pusher);
  });
});

describe("how sharp it is drawn", () => {
  const note = (pace: ReturnType<typeof createPace>, ms: number, times: number) => {
    for (let i = 0; i < times; i++) pace.note(ms);
  };

  it("draws fewer pixels where pictures come too slowly, and never tries again what was too slow", () => {
    const pace = createPace("auto", 2);
    note(pace, 60, 20);
    expect(pace.ratio).toBe(1.5);
    note(pace, 16, 200);
    // Back up, but below what was too slow: 0.9 x 2.
    expect(pace.ratio).toBeCloseTo(1.8, 9);
    note(pace, 60, 2000);
    expect(pace.ratio).toBe(0.5);
  });

  it("stays as it is where somebody has chosen", () => {
    for (const [quality, ratio] of [
      ["high", 2],
      ["low", 0.75],
    ] as const) {
      const pace = createPace(quality, 3);
      note(pace, 200, 100);
      expect(pace.ratio).toBe(ratio);
    }
  });
});
