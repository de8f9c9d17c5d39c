/**
 * The ego vehicle: a dynamic bicycle model (Rajamani 2012, Vehicle Dynamics and Control, chapters 2.3 and 2.5) in the
 * road's own coordinates, with steering-rate and tyre-friction limits. Below walking speed, where slip angles lose their
 * meaning, it is blended to the kinematic model (chapter 2.2).
 */
import { arctangent, cosine, sine } from "../../base/index.ts";
import { curvatureAt, type Road } from "./road.ts";

/** SI units, angles in rad. */
export const VEHICLE = {
  length: 4.5,
  width: 1.8,
  mass: 1500,
  /** About the vertical axis, kg m². */
  inertia: 2500,
  /** From the centre of mass to the axles. */
  toFront: 1.25,
  toRear: 1.35,
  /** Cornering stiffness of each axle at small slip, N/rad. */
  stiffness: 90_000,
  friction: 0.9,
  maxSteering: 0.5,
  maxSteeringRate: 1,
  maxSpeed: 25,
  minAcceleration: -8,
  maxAcceleration: 3,
} as const;

const GRAVITY = 9.81;
const WHEELBASE = VEHICLE.toFront + VEHICLE.toRear;
/** Vertical load of the axles, N; driving and braking forces are shared in the same proportion. */
export const LOAD = {
  front: (VEHICLE.mass * GRAVITY * VEHICLE.toRear) / WHEELBASE,
  rear: (VEHICLE.mass * GRAVITY * VEHICLE.toFront) / WHEELBASE,
} as const;
/** m/s: kinematic below the first, dynamic above the second. */
const BLEND = { from: 1, to: 4 } as const;
/** s, with which the kinematic model's lateral speed and yaw rate are taken on. */
const KINEMATIC_LAG = 0.05;

/** Where a vehicle is on the road and how it moves. */
export interface Motion {
  /** Centre of mass along and left of the centre line, m. */
  s: number;
  d: number;
  /** Heading against the road's, rad, positive to the left. */
  headingError: number;
  /** Along and left of the vehicle's own axis, m/s. */
  speed: number;
  lateralSpeed: number;
  /** rad/s. */
  yawRate: number;
}

export interface Vehicle extends Motion {
  /** Angle of the front wheels, rad. */
  steering: number;
  /** Of the centre of mass, along and left of the vehicle's axis, m/s². */
  forwardAcceleration: number;
  lateralAcceleration: number;
}

/**
 * Lateral force of an axle, N: -stiffness x slip for small slip, and never more than what friction leaves beside the
 * `longitudinal` force, sqrt((friction x load)² - longitudinal²).
 */
export function lateralForce(slip: number, load: number, longitudinal: number): number {
  const grip = VEHICLE.friction * load;
  const left = grip * grip - longitudinal * longitudinal;
  if (left <= 0) return 0;
  const linear = -VEHICLE.stiffness * slip;
  return linear / Math.sqrt(1 + (linear * linear) / left);
}

const first: Vehicle = still();
const middle: Vehicle = still();
const second: Vehicle = still();

function still(): Vehicle {
  return {
    s: 0,
    d: 0,
    headingError: 0,
    speed: 0,
    lateralSpeed: 0,
    yawRate: 0,
    steering: 0,
    forwardAcceleration: 0,
    lateralAcceleration: 0,
  };
}

/**
 * Moves `vehicle` on by `seconds` (midpoint rule): its wheels turn towards `steering` (rad) at no more than the greatest
 * rate, its motor or brakes ask for `acceleration` (m/s²). It never rolls backwards nor beyond its greatest speed.
 */
export function drive(vehicle: Vehicle, road: Road, steering: number, acceleration: number, seconds: number): void {
  const turn = VEHICLE.maxSteeringRate * seconds;
  vehicle.steering += Math.min(Math.max(steering - vehicle.steering, -turn), turn);
  const { speed } = vehicle;
  const asked = (speed <= 0 && acceleration < 0) || (speed >= VEHICLE.maxSpeed && acceleration > 0) ? 0 : acceleration;
  slopes(vehicle, road, vehicle.steering, asked, first);
  shift(vehicle, first, seconds / 2, middle);
  slopes(middle, road, vehicle.steering, asked, second);
  shift(vehicle, second, seconds, vehicle);
  vehicle.forwardAcceleration = second.forwardAcceleration;
  vehicle.lateralAcceleration = second.lateralAcceleration;
}

function shift(from: Motion, slope: Motion, seconds: number, out: Motion): void {
  out.s = from.s + seconds * slope.s;
  out.d = from.d + seconds * slope.d;
  out.headingError = from.headingError + seconds * slope.headingError;
  out.speed = Math.min(Math.max(from.speed + seconds * slope.speed, 0), VEHICLE.maxSpeed);
  out.lateralSpeed = from.lateralSpeed + seconds * slope.lateralSpeed;
  out.yawRate = from.yawRate + seconds * slope.yawRate;
}

/** Writes the time derivatives of `at`, and the acceleration of its centre of mass, into `out`. */
function slopes(at: Motion, road: Road, steering: number, acceleration: number, out: Vehicle): void {
  const { speed, lateralSpeed, yawRate, headingError } = at;
  const curvature = curvatureAt(road, at.s);
  const [along, across] = [cosine(headingError), sine(headingError)];
  out.s = (speed * along - lateralSpeed * across) / (1 - at.d * curvature);
  out.d = speed * across + lateralSpeed * along;
  out.headingError = yawRate - curvature * out.s;

  const [wheelCosine, wheelSine] = [cosine(steering), sine(steering)];
  const dynamic = Math.min(Math.max((speed - BLEND.from) / (BLEND.to - BLEND.from), 0), 1);
  let speedSlope = 0;
  let lateralSlope = 0;
  let yawSlope = 0;
  if (dynamic > 0) {
    const push = VEHICLE.mass * acceleration;
    const pushFront = (push * VEHICLE.toRear) / WHEELBASE;
    const slipFront = arctangent((lateralSpeed + VEHICLE.toFront * yawRate) / speed) - steering;
    const slipRear = arctangent((lateralSpeed - VEHICLE.toRear * yawRate) / speed);
    const front = lateralForce(slipFront, LOAD.front, pushFront);
    const rear = lateralForce(slipRear, LOAD.rear, push - pushFront);
    const frontAcross = front * wheelCosine + pushFront * wheelSine;
    const frontAlong = pushFront * wheelCosine - front * wheelSine;
    speedSlope = dynamic * ((frontAlong + push - pushFront) / VEHICLE.mass + yawRate * lateralSpeed);
    lateralSlope = dynamic * ((frontAcross + rear) / VEHICLE.mass - yawRate * speed);
    yawSlope = (dynamic * (VEHICLE.toFront * frontAcross - VEHICLE.toRear * rear)) / VEHICLE.inertia;
  }
  if (dynamic < 1) {
    const kinematic = 1 - dynamic;
    const turning = kinematicYawRate(speed, wheelSine / wheelCosine, acceleration);
    speedSlope += kinematic * acceleration;
    lateralSlope += (kinematic * (VEHICLE.toRear * turning - lateralSpeed)) / KINEMATIC_LAG;
    yawSlope += (kinematic * (turning - yawRate)) / KINEMATIC_LAG;
  }
  out.speed = speedSlope;
  out.lateralSpeed = lateralSlope;
  out.yawRate = yawSlope;
  out.forwardAcceleration = speedSlope - yawRate * lateralSpeed;
  out.lateralAcceleration = lateralSlope + yawRate * speed;
}

/** speed x tan(steering) / wheelbase, no faster than friction bends the way beside the forward `acceleration`. */
function kinematicYawRate(speed: number, tangent: number, acceleration: number): number {
  if (speed <= 0) return 0;
  const grip = VEHICLE.friction * GRAVITY;
  const most = Math.sqrt(Math.max(grip * grip - acceleration * acceleration, 0)) / speed;
  return Math.min(Math.max((speed * tangent) / WHEELBASE, -most), most);
}
