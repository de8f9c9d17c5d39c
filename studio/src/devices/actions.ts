/** From where a pointer or keys are to Push-T's target. Driving has its own: `drivingAction` of the core. */
import { type Axes, PUSH_T } from "apprentice";

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
