/** A driver's wheel and pedals: from where they stand to an action in the task's own units. */
import { arctangent } from "../../base/index.ts";
import { VEHICLE } from "./vehicle.ts";

/** m/s²: the sideways acceleration of a full deflection, below what the tyres hold (8.8). */
const FULL_SIDEWAYS = 6;
const WHEELBASE = VEHICLE.toFront + VEHICLE.toRear;

/** The angle of the wheels, rad, at a full deflection: all that there is when slow, less the faster it goes (m/s). */
export function fullSteering(speed: number): number {
  return Math.min(VEHICLE.maxSteering, arctangent((FULL_SIDEWAYS * WHEELBASE) / Math.max(speed * speed, 1e-6)));
}

/**
 * [steering, rad, positive to the left; acceleration, m/s²] at a speed in m/s, of a wheel x to the right and pedals y (faster is
 * positive), each in [-1, 1]. No pedal: the speed stays.
 */
export function drivingAction(
  { x, y }: { readonly x: number; readonly y: number },
  speed: number,
): [steering: number, acceleration: number] {
  const acceleration = y > 0 ? y * VEHICLE.maxAcceleration : -y * VEHICLE.minAcceleration;
  // Not -0: it reads oddly on the screen.
  return [-x * fullSteering(speed) || 0, acceleration || 0];
}

/** Where a wheel stands that holds the wheels at an angle (rad) at a speed (m/s), in [-1, 1]. */
export function wheelAt(steering: number, speed: number): number {
  return Math.min(Math.max(-steering / fullSteering(speed), -1), 1) || 0;
}
