/** From where a wheel and pedals, or a pointer, are to an action in the task's own units. */
import { PUSH_T, VEHICLE } from "apprentice";

/** What all devices together say: to the right and upwards (faster) are positive, each in [-1, 1]. */
export interface Axes {
  readonly x: number;
  readonly y: number;
}

/** m/s²: the sideways acceleration of a full deflection, below what the tyres hold (8.8). */
const FULL_SIDEWAYS = 6;
const WHEELBASE = VEHICLE.toFront + VEHICLE.toRear;

/** The angle of the wheels, rad, at a full deflection: all that there is when slow, less the faster it goes. */
export function fullSteering(speed: number): number {
  return Math.min(VEHICLE.maxSteering, Math.atan((FULL_SIDEWAYS * WHEELBASE) / Math.max(speed * speed, 1e-6)));
}

/** [steering, rad, positive to the left; acceleration, m/s²] at a speed in m/s. No pedal: the speed stays. */
export function drivingAction({ x, y }: Axes, speed: number): [steering: number, acceleration: number] {
  const acceleration = y > 0 ? y * VEHICLE.maxAcceleration : -y * VEHICLE.minAcceleration;
  // Not -0: it reads oddly on the screen.
  return [-x * fullSteering(speed) || 0, acceleration || 0];
}

/** px/s of the target when a key is held. */
const TARGET_SPEED = 260;

const inWindow = (value: number) => Math.min(Math.max(value, 0), PUSH_T.window);

/** Where the target goes in `seconds`: a point of the window, px; y points downwards there. */
export function moveTarget(
  target: { readonly x: number; readonly y: number },
  { x, y }: Axes,
  seconds: number,
): { x: number; y: number } {
  return {
    x: inWindow(target.x + x * TARGET_SPEED * seconds),
    y: inWindow(target.y - y * TARGET_SPEED * seconds),
  };
}
