/** The expert's hands: from the way it chose to a steering angle. */
import { arctangent, cosine, sine } from "../../base/index.ts";
import { type Scene, VEHICLE } from "../../environments/index.ts";
import type { Way } from "./way.ts";

const WHEELBASE = VEHICLE.toFront + VEHICLE.toRear;
/** Part of the missing yaw rate (rad/s) that is added to the steering angle (rad), in s: damps fast swerves. */
const YAW_DAMPING = 0.1;
/** The steepest approach to the wanted line, as lateral by forward speed. */
const STEEPEST = 0.45;
/** m/s. Below it a lateral acceleration is turned into curvature as if at this speed. */
const SLOWEST = 3;

/**
 * Steering angle in rad. The lateral offset follows a critically damped second-order system, fast enough to
 * use the allowed lateral acceleration well; its acceleration, as curvature, adds to the road's.
 */
export function steer({ ego, curvature }: Scene, { d, lateralAcceleration }: Way): number {
  const [along, across] = [cosine(ego.headingError), sine(ego.headingError)];
  const rate = ego.speed * across + ego.lateralSpeed * along;
  const off = d - ego.d;
  const frequency = clip(Math.sqrt((2.5 * lateralAcceleration) / Math.max(Math.abs(off), 0.1)), 1, 4);
  const wantedRate = clip((frequency / 2) * off, -STEEPEST * ego.speed, STEEPEST * ego.speed);
  const wanted = clip(2 * frequency * (wantedRate - rate), -lateralAcceleration, lateralAcceleration);
  const speed = Math.max(ego.speed, SLOWEST);
  const bend = (curvature * along) / (1 - ego.d * curvature) + wanted / (speed * speed);
  const angle = arctangent(WHEELBASE * bend) + YAW_DAMPING * (bend * ego.speed - ego.yawRate);
  return clip(angle, -VEHICLE.maxSteering, VEHICLE.maxSteering);
}

function clip(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
