/** What the ego sees and may do: the spaces, and the numbers in them. */
import { box, type EnvironmentSpec, type Observation } from "../../world/index.ts";
import { egoSolid, obstacleSolid, type Solid, solidOf } from "./contact.ts";
import { LIDAR_ANGLES, LIDAR_RANGE, scan } from "./lidar.ts";
import { curvatureAt, ROAD, type Road } from "./road.ts";
import type { Scenario } from "./scenarios.ts";
import { isThere, type Obstacle } from "./traffic.ts";
import { VEHICLE, type Vehicle } from "./vehicle.ts";

/** m ahead of the ego at which the road's curvature is told. */
export const CURVATURE_AHEAD = [0, 10, 20, 30, 45, 60] as const;

/** Where sensors saturate: rad/s, m, rad. */
const MOST = { yawRate: 3, offset: ROAD.edge + 1, headingError: 2 } as const;

const rayNames = LIDAR_ANGLES.map((angle) => {
  const degrees = Math.round((angle * 180) / Math.PI);
  if (degrees === 0) return "ahead";
  if (degrees === -180) return "behind";
  return degrees > 0 ? `left${degrees}` : `right${-degrees}`;
});

const observation = {
  motion: box(
    { name: "speed", unit: "m/s", low: 0, high: VEHICLE.maxSpeed },
    { name: "yawRate", unit: "rad/s", low: -MOST.yawRate, high: MOST.yawRate },
    { name: "steering", unit: "rad", low: -VEHICLE.maxSteering, high: VEHICLE.maxSteering },
  ),
  road: box(
    { name: "lateralOffset", unit: "m", low: -MOST.offset, high: MOST.offset },
    { name: "headingError", unit: "rad", low: -MOST.headingError, high: MOST.headingError },
    ...CURVATURE_AHEAD.map((ahead) => ({ name: `curvature${ahead}`, unit: "1/m", low: -0.02, high: 0.02 })),
  ),
  range: box(...rayNames.map((name) => ({ name, unit: "m", low: 0, high: LIDAR_RANGE }))),
  closing: box(...rayNames.map((name) => ({ name, unit: "m/s", low: -60, high: 60 }))),
};

/** The steering angle and the acceleration that are wanted. */
export const DRIVING_ACTION = box(
  { name: "steering", unit: "rad", low: -VEHICLE.maxSteering, high: VEHICLE.maxSteering },
  { name: "acceleration", unit: "m/s²", low: VEHICLE.minAcceleration, high: VEHICLE.maxAcceleration },
);

/** `motion` [3], `road` [8], `range` [42], `closing` [42]; the action is [steering angle wanted, acceleration wanted]. */
export function drivingSpec(scenario: Scenario, controlRate: number, maxSteps: number): EnvironmentSpec {
  return {
    name: scenario === "traffic" ? "driving" : `driving-${scenario}`,
    observation,
    action: DRIVING_ACTION,
    controlRate,
    maxSteps,
    modes: ["left", "right", "behind"],
  };
}

/** The most things that one lidar scan looks at. */
const MOST_SOLIDS = 32;
const from: Solid = solidOf();
const seen: readonly Solid[] = Array.from({ length: MOST_SOLIDS }, solidOf);

const RAYS = LIDAR_ANGLES.length;
const SIZES = { motion: 3, road: 2 + CURVATURE_AHEAD.length } as const;
const BYTES = 4;

/** New arrays each time, of one buffer: they belong to the caller. Sensors saturate at the bounds. */
export function observe(road: Road, ego: Vehicle, obstacles: readonly Obstacle[]): Observation {
  const buffer = new ArrayBuffer(BYTES * (SIZES.motion + SIZES.road + 2 * RAYS));
  const motion = new Float32Array(buffer, 0, SIZES.motion);
  const onRoad = new Float32Array(buffer, BYTES * SIZES.motion, SIZES.road);
  const range = new Float32Array(buffer, BYTES * (SIZES.motion + SIZES.road), RAYS);
  const closing = new Float32Array(buffer, BYTES * (SIZES.motion + SIZES.road + RAYS), RAYS);
  motion[0] = ego.speed;
  motion[1] = clip(ego.yawRate, MOST.yawRate);
  motion[2] = ego.steering;
  onRoad[0] = clip(ego.d, MOST.offset);
  onRoad[1] = clip(ego.headingError, MOST.headingError);
  for (let i = 0; i < CURVATURE_AHEAD.length; i++) onRoad[2 + i] = curvatureAt(road, ego.s + CURVATURE_AHEAD[i]);
  egoSolid(road, ego, from);
  let count = 0;
  for (const one of obstacles) {
    const reach = LIDAR_RANGE + one.length;
    if (isThere(one) && Math.abs(one.s - ego.s) < reach && count < MOST_SOLIDS) obstacleSolid(road, one, seen[count++]);
  }
  scan(from, seen, count, range, closing);
  return { motion, road: onRoad, range, closing };
}

function clip(value: number, most: number): number {
  return Math.min(Math.max(value, -most), most);
}
