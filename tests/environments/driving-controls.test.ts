import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drivingAction, fullSteering, wheelAt } from "../../src/environments/index.ts";

const position = fc.double({ min: -1, max: 1, noNaN: true });
const speed = fc.double({ min: 0, max: 25, noNaN: true });

describe("a driver's controls", () => {
  it("steer as far as 6 m/s² sideways allow: v² tan(a) / wheelbase", () => {
    for (const speed of [8, 10, 20]) {
      expect((speed * speed * Math.tan(fullSteering(speed))) / 2.6).toBeCloseTo(6, 9);
    }
    expect(fullSteering(0)).toBe(0.5);
  });

  it("turn left for the left key, and lie in the task's bounds", () => {
    expect(drivingAction({ x: -1, y: 0 }, 0)).toEqual([0.5, 0]);
    expect(drivingAction({ x: 0, y: 1 }, 10)).toEqual([0, 3]);
    expect(drivingAction({ x: 0, y: -1 }, 10)).toEqual([0, -8]);
    fc.assert(
      fc.property(position, position, speed, (x, y, speed) => {
        const [steering, acceleration] = drivingAction({ x, y }, speed);
        expect(Math.abs(steering)).toBeLessThanOrEqual(0.5);
        expect(acceleration).toBeGreaterThanOrEqual(-8);
        expect(acceleration).toBeLessThanOrEqual(3);
      }),
    );
  });

  it("stand where the wheels stand", () => {
    fc.assert(
      fc.property(position, speed, (x, at) => {
        expect(wheelAt(drivingAction({ x, y: 0 }, at)[0], at)).toBeCloseTo(x, 9);
      }),
    );
    // Further than the wheel goes at 20 m/s.
    expect(wheelAt(0.5, 20)).toBe(-1);
  });
});
