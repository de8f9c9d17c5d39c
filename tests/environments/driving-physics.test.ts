import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import { overlap, type Solid } from "../../src/environments/driving/contact.ts";
import { FOLLOWING, follow } from "../../src/environments/driving/following.ts";
import { LIDAR_ANGLES, LIDAR_RANGE, scan } from "../../src/environments/driving/lidar.ts";
import { curvatureAt, place, randomRoad, roadOf } from "../../src/environments/driving/road.ts";
import { moveOn, type Obstacle, thinkAhead } from "../../src/environments/driving/traffic.ts";
import { drive, LOAD, lateralForce, VEHICLE, type Vehicle } from "../../src/environments/driving/vehicle.ts";

const straight = roadOf(new Float64Array(2001));
const PART = 0.01;

function vehicle(state: Partial<Vehicle> = {}): Vehicle {
  const still = { s: 0, d: 0, headingError: 0, speed: 0, lateralSpeed: 0, yawRate: 0, steering: 0 };
  return { ...still, forwardAcceleration: 0, lateralAcceleration: 0, ...state };
}

describe("the ego vehicle", () => {
  it("accelerates and brakes on a straight as v = v0 + a t, s = v0 t + a t² / 2", () => {
    const car = vehicle({ speed: 5 });
    for (let i = 0; i < 300; i++) drive(car, straight, 0, 2, PART);
    // 5 + 2 x 3 = 11 m/s, 15 + 9 = 24 m.
    expect(car.speed).toBeCloseTo(11, 9);
    expect(car.s).toBeCloseTo(24, 9);
    for (let i = 0; i < 100; i++) drive(car, straight, 0, -8, PART);
    // 11 - 8 = 3 m/s after 11 - 4 = 7 m more.
    expect(car.speed).toBeCloseTo(3, 9);
    expect(car.s).toBeCloseTo(31, 9);
    for (let i = 0; i < 100; i++) drive(car, straight, 0, -8, PART);
    // It stops after 9 / 16 m, and does not roll back.
    expect(car.speed).toBe(0);
    expect(car.s).toBeCloseTo(31.5625, 1);
  });

  it("turns its wheels at 1 rad/s and no faster", () => {
    const car = vehicle({ speed: 5 });
    for (let i = 0; i < 10; i++) drive(car, straight, 0.5, 0, PART);
    expect(car.steering).toBeCloseTo(0.1, 12);
    for (let i = 0; i < 10; i++) drive(car, straight, 0.15, 0, PART);
    expect(car.steering).toBe(0.15);
  });

  it.each([6, 10, 15, 20])("corners at %i m/s with the radius of the linear bicycle model", (speed) => {
    // Rajamani 2012, equation 3.12: steering = wheelbase / R + K v² / R, K = m / wheelbase (toRear / Cf - toFront / Cr).
    const wheelbase = VEHICLE.toFront + VEHICLE.toRear;
    const understeer = ((VEHICLE.mass / wheelbase) * (VEHICLE.toRear - VEHICLE.toFront)) / VEHICLE.stiffness;
    const steering = 0.004;
    const radius = (wheelbase + understeer * speed * speed) / steering;
    const car = vehicle({ speed });
    for (let i = 0; i < 300; i++) drive(car, straight, steering, 0, PART);
    // Saturation takes 0.5 (a / (0.9 g))² of the stiffness: 0.4 % at 20 m/s, where a = 0.56 m/s²; the rest is the arctangent's.
    expect(car.speed / car.yawRate / radius).toBeCloseTo(1, 2);
    expect(car.lateralAcceleration).toBeCloseTo((car.speed * car.speed) / radius, 2);
  });

  it("corners kinematically at walking speed: yaw rate = v tan(steering) / wheelbase", () => {
    const car = vehicle({ speed: 1 });
    for (let i = 0; i < 100; i++) drive(car, straight, 0.3, 0, PART);
    expect(car.yawRate).toBeCloseTo(Math.tan(0.3) / 2.6, 3);
  });

  it("an axle's forces never leave the friction circle, and are linear for small slip", () => {
    const force = fc.double({ min: -0.99, max: 0.99, noNaN: true });
    fc.assert(
      fc.property(fc.double({ min: -2, max: 2, noNaN: true }), force, (slip, part) => {
        const longitudinal = part * VEHICLE.friction * LOAD.front;
        const lateral = lateralForce(slip, LOAD.front, longitudinal);
        expect(lateral * slip).toBeLessThanOrEqual(0);
        expect(Math.hypot(lateral, longitudinal)).toBeLessThanOrEqual(VEHICLE.friction * LOAD.front * (1 + 1e-12));
      }),
    );
    expect(lateralForce(1e-4, LOAD.front, 0)).toBeCloseTo(-VEHICLE.stiffness * 1e-4, 3);
    expect(lateralForce(0.1, LOAD.front, VEHICLE.friction * LOAD.front)).toBe(0);
  });

  it("is never accelerated by more than friction allows, whatever is asked of it", () => {
    const random = randomStream(randomKey(1));
    const most = VEHICLE.friction * 9.81;
    let hardest = 0;
    for (let run = 0; run < 50; run++) {
      const car = vehicle({ speed: 25 * random.uniform() });
      for (let i = 0; i < 20; i++) {
        const [steering, acceleration] = [random.uniform() - 0.5, 11 * random.uniform() - 8];
        for (let part = 0; part < 5; part++) {
          const before = car.speed;
          drive(car, straight, steering, acceleration, PART);
          // Below 4 m/s the kinematic model, which has no tyres, has its say.
          if (Math.min(before, car.speed) < 4.5) continue;
          const asked = Math.hypot(car.forwardAcceleration, car.lateralAcceleration);
          hardest = Math.max(hardest, asked);
          expect(asked).toBeLessThanOrEqual(most * (1 + 1e-12));
        }
      }
    }
    expect(hardest).toBeGreaterThan(0.97 * most);
  });

  it("is the same in parts of 10 ms as in parts of 1 ms, but for 1 cm and 0.01 rad in 2 s of swerving", () => {
    const [coarse, fine] = [vehicle({ speed: 12 }), vehicle({ speed: 12 })];
    for (let i = 0; i < 200; i++) drive(coarse, straight, i < 60 ? 0.1 : -0.05, -0.5, PART);
    for (let i = 0; i < 2000; i++) drive(fine, straight, i < 600 ? 0.1 : -0.05, -0.5, PART / 10);
    expect(Math.abs(coarse.d - fine.d)).toBeLessThan(0.02);
    expect(Math.abs(coarse.s - fine.s)).toBeLessThan(0.01);
    expect(Math.abs(coarse.headingError - fine.headingError)).toBeLessThan(0.01);
  });

  it("keeps its place on the road: on a circle, a car that goes straight leaves it along the tangent", () => {
    const circle = roadOf(new Float64Array(200).fill(0.01));
    const car = vehicle({ s: 10, speed: 10 });
    const pose = { x: 0, y: 0, cosine: 1, sine: 0 };
    place(circle, 10, 0, pose);
    const start = { ...pose };
    for (let i = 0; i < 200; i++) drive(car, circle, 0, 0, PART);
    place(circle, car.s, car.d, pose);
    // 20 m along the tangent at s = 10.
    expect(pose.x).toBeCloseTo(start.x + 20 * start.cosine, 4);
    expect(pose.y).toBeCloseTo(start.y + 20 * start.sine, 4);
  });
});

describe("the road", () => {
  const pose = { x: 0, y: 0, cosine: 1, sine: 0 };

  it("of constant curvature is a circle", () => {
    const circle = roadOf(new Float64Array(300).fill(0.012));
    for (const s of [0, 0.5, 17.3, 100, 298.9]) {
      place(circle, s, 0, pose);
      // x = sin(c s) / c, y = (1 - cos(c s)) / c.
      expect(pose.x).toBeCloseTo(Math.sin(0.012 * s) / 0.012, 5);
      expect(pose.y).toBeCloseTo((1 - Math.cos(0.012 * s)) / 0.012, 5);
      place(circle, s, 2, pose);
      expect(pose.y).toBeCloseTo((1 - Math.cos(0.012 * s)) / 0.012 + 2 * Math.cos(0.012 * s), 5);
    }
  });

  it("integrates its curvature to its heading, and its heading to its place, anywhere", () => {
    const road = randomRoad(400, 0.45, randomStream(randomKey(8)));
    const step = 1e-3;
    fc.assert(
      fc.property(fc.double({ min: 1, max: 399, noNaN: true }), (s) => {
        place(road, s - step, 0, pose);
        const before = { ...pose };
        place(road, s + step, 0, pose);
        const after = { ...pose };
        place(road, s, 0, pose);
        const turned = Math.atan2(after.sine, after.cosine) - Math.atan2(before.sine, before.cosine);
        expect(turned / (2 * step)).toBeCloseTo(curvatureAt(road, s), 3);
        expect((after.x - before.x) / (2 * step)).toBeCloseTo(pose.cosine, 3);
        expect((after.y - before.y) / (2 * step)).toBeCloseTo(pose.sine, 3);
        expect(Math.hypot(pose.cosine, pose.sine)).toBeCloseTo(1, 6);
      }),
    );
  });

  it("turns to within the swing it was given, bend by bend, no tighter than 80 m", () => {
    for (let seed = 0; seed < 50; seed++) {
      const road = randomRoad(400, 0.45, randomStream(randomKey(seed)));
      expect(Math.max(...road.heading.map(Math.abs))).toBeLessThanOrEqual(0.45 + 1e-9);
      // 0.9 rad in 75 m is 1 / 83 m.
      expect(Math.max(...road.curvature.map(Math.abs))).toBeLessThan(1 / 80);
    }
  });
});

describe("the intelligent driver model", () => {
  it("is at rest at the equilibrium gap (s0 + v T) / sqrt(1 - (v / v0)^4)", () => {
    for (const [speed, desired] of [
      [0, 8],
      [5, 8],
      [7, 10],
    ]) {
      const gap = (FOLLOWING.standstill + speed * FOLLOWING.headway) / Math.sqrt(1 - (speed / desired) ** 4);
      expect(follow(speed, desired, gap, 0)).toBeCloseTo(0, 12);
    }
    expect(follow(8, 8, Number.POSITIVE_INFINITY, 0)).toBe(0);
    expect(follow(10, 10, 0, 10)).toBe(-FOLLOWING.hardest);
  });

  it("brings a vehicle to that gap behind a slower one, with no contact on the way", () => {
    const size = { d: 0, length: 4.5, width: 1.8, acceleration: 0, waited: 0, notice: 0, kind: "moving" } as const;
    const cars: Obstacle[] = [
      { ...size, s: 0, speed: 8, desired: 8 },
      { ...size, s: 60, speed: 4, desired: 4 },
    ];
    const ego = vehicle({ s: -500 });
    let closest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 4000; i++) {
      thinkAhead(cars, ego);
      moveOn(cars, 0.05);
      closest = Math.min(closest, cars[1].s - cars[0].s - 4.5);
    }
    // (2 + 4 x 1.2) / sqrt(1 - 1/16) = 7.023 m.
    expect(cars[1].s - cars[0].s - 4.5).toBeCloseTo(7.023, 2);
    expect(closest).toBeGreaterThan(6);
  });
});

const number = (low: number, high: number) => fc.double({ min: low, max: high, noNaN: true });
const solids = fc
  .record({ x: number(-50, 50), y: number(-50, 50), heading: number(-4, 4), l: number(0.3, 8), w: number(0.3, 3) })
  .chain((place) =>
    fc.record({ vx: number(-10, 10), vy: number(-10, 10) }).map(
      ({ vx, vy }): Solid => ({
        x: place.x,
        y: place.y,
        cosine: Math.cos(place.heading),
        sine: Math.sin(place.heading),
        halfLength: place.l,
        halfWidth: place.w,
        velocityX: vx,
        velocityY: vy,
      }),
    ),
  );

type Point = readonly [x: number, y: number];

/** Corners of a rectangle that is `grown` m larger on every side, in order. */
function corners({ x, y, cosine, sine, halfLength, halfWidth }: Solid, grown = 0): Point[] {
  return [
    [1, 1],
    [-1, 1],
    [-1, -1],
    [1, -1],
  ].map(([a, b]) => {
    const [along, across] = [a * (halfLength + grown), b * (halfWidth + grown)];
    return [x + along * cosine - across * sine, y + along * sine + across * cosine];
  });
}

/** Distance along the ray to a rectangle by intersecting each of its sides; 0 inside, Infinity where it is missed. */
function plainRange(x: number, y: number, angle: number, solid: Solid, grown: number): number {
  const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
  const points = corners(solid, grown);
  const sides = points.map((from, i) => [from, points[(i + 1) % 4]] as const);
  const inside = sides.every(([[ax, ay], [bx, by]]) => (bx - ax) * (y - ay) - (by - ay) * (x - ax) >= 0);
  if (inside) return 0;
  const hits = sides.map(([[ax, ay], [bx, by]]) => {
    const [ex, ey] = [bx - ax, by - ay];
    const crossed = dx * ey - dy * ex;
    const range = ((ax - x) * ey - (ay - y) * ex) / crossed;
    const part = ((ax - x) * dy - (ay - y) * dx) / crossed;
    return range >= 0 && part >= 0 && part <= 1 ? range : Number.POSITIVE_INFINITY;
  });
  return Math.min(...hits);
}

describe("the lidar", () => {
  it("has 42 rays, symmetric but for the one straight back", () => {
    expect(LIDAR_ANGLES.length).toBe(42);
    const both = LIDAR_ANGLES.slice(1);
    expect(both.map((angle) => -angle + 0)).toEqual(both.toReversed());
  });

  it("reads what intersecting every side of every rectangle reads, and the closing speed along the ray", () => {
    fc.assert(
      fc.property(solids, fc.array(solids, { maxLength: 6 }), (from, others) => {
        const ranges = new Float32Array(LIDAR_ANGLES.length);
        const closing = new Float32Array(LIDAR_ANGLES.length);
        scan(from, others, others.length, ranges, closing);
        const heading = Math.atan2(from.sine, from.cosine);
        LIDAR_ANGLES.forEach((offset, ray) => {
          const angle = heading + offset;
          const read = (grown: number) => others.map((one) => plainRange(from.x, from.y, angle, one, grown));
          // A ray that grazes a corner may go either way: it must lie between rectangles a little larger and smaller.
          const [large, small] = [read(1e-6), read(-1e-6)];
          expect(ranges[ray]).toBeGreaterThanOrEqual(Math.min(LIDAR_RANGE, ...large) - 1e-4);
          expect(ranges[ray]).toBeLessThanOrEqual(Math.min(LIDAR_RANGE, ...small) + 1e-4);
          const speeds = others.map(
            (one) =>
              (from.velocityX - one.velocityX) * Math.cos(angle) + (from.velocityY - one.velocityY) * Math.sin(angle),
          );
          const candidates = speeds.filter((_, i) => large[i] <= ranges[ray] + 1e-4);
          if (Math.min(...large) > LIDAR_RANGE) expect(closing[ray]).toBe(0);
          else if (ranges[ray] < LIDAR_RANGE - 1e-3) {
            expect(candidates.some((speed) => Math.abs(speed - closing[ray]) < 1e-4)).toBe(true);
          }
        });
      }),
      { numRuns: 300 },
    );
  });
});

describe("contact", () => {
  it("is found where no line along a side parts the corners", () => {
    const near = fc.tuple(solids, solids).map(([a, b]) => [a, { ...b, x: a.x + b.x / 8, y: a.y + b.y / 8 }] as const);
    const parted = (a: Solid, b: Solid, slack: number) => {
      const axes = [a, b].flatMap(({ cosine, sine }) => [[cosine, sine] as const, [-sine, cosine] as const]);
      return axes.some(([x, y]) => {
        const [one, other] = [a, b].map((solid) => corners(solid).map((corner) => corner[0] * x + corner[1] * y));
        return Math.min(...one) > Math.max(...other) + slack || Math.min(...other) > Math.max(...one) + slack;
      });
    };
    fc.assert(
      fc.property(near, ([a, b]) => {
        if (parted(a, b, 1e-9)) expect(overlap(a, b)).toBe(false);
        if (!parted(a, b, -1e-9)) expect(overlap(a, b)).toBe(true);
        expect(overlap(a, b)).toBe(overlap(b, a));
      }),
    );
  });
});
