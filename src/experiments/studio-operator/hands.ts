/** Hands at a keyboard: an expert's driving as a person at keys can do it, through the ramp of the studio's page. */
import { type DrivingWorld, drivingAction, wheelAt } from "../../environments/index.ts";
import { type Axes, afterHolding, afterPress } from "../../live/index.ts";
import type { Actor } from "../../world/index.ts";

/** What keys can want of one axis: neither of the two, or one of them. */
const WANTED = [0, -1, 1] as const;
/** What a change of keys has to be worth, in squared shares of a full deflection: fingers do not dance for nothing. */
const CHANGE = 1e-4;

export interface Hands extends Actor {
  /** How often a key went down since the reset. */
  readonly presses: number;
  /** Puts the hands where the wheel stands that somebody else let go of; no key is held. */
  seize(): void;
}

/**
 * What `wanted`, an expert of `world`, does, but by keys: in each step those are held that bring wheel and pedals nearest to what
 * it wants after a control period. The actions are ramps of keys, not the expert's own numbers. Reads the world, not the
 * observation; what it does in a step depends on the steps before.
 */
export function keyboardHands(world: DrivingWorld, wanted: Actor): Hands {
  const period = 1 / world.spec.controlRate;
  const none: Axes = { x: 0, y: 0 };
  let [at, keys] = [none, none];
  let presses = 0;
  const pressedBy = ({ x, y }: Axes): number => (x !== 0 && x !== keys.x ? 1 : 0) + (y !== 0 && y !== keys.y ? 1 : 0);
  const after = (next: Axes): Axes => afterHolding(pressedBy(next) > 0 ? afterPress(at, next) : at, next, period);
  return {
    get name() {
      return `${wanted.name} at the keyboard`;
    },
    controller: "expert",
    get presses() {
      return presses;
    },
    reset(seed) {
      wanted.reset(seed);
      presses = 0;
      [at, keys] = [none, none];
    },
    seize() {
      const { ego } = world.scene();
      [at, keys] = [{ x: wheelAt(ego.steering, ego.speed), y: 0 }, none];
    },
    act(observation) {
      const { speed } = world.scene().ego;
      const [steering, acceleration] = wanted.act(observation) as Float32Array;
      const [fullX] = drivingAction({ x: -1, y: 0 }, speed);
      const missX = ({ x }: Axes) => (drivingAction({ x, y: 0 }, speed)[0] - steering) / fullX;
      // Braking and speeding up have pedals of their own, each of its own range.
      const missY = ({ y }: Axes) => {
        const [, found] = drivingAction({ x: 0, y }, speed);
        return (found - acceleration) / Math.abs(drivingAction({ x: 0, y: acceleration < 0 ? -1 : 1 }, speed)[1]);
      };
      const x = nearest((key) => missX(after({ x: key, y: keys.y })), keys.x);
      const y = nearest((key) => missY(after({ x: keys.x, y: key })), keys.y);
      at = after({ x, y });
      presses += pressedBy({ x, y });
      keys = { x, y };
      return Float32Array.from(drivingAction(at, speed));
    },
  };
}

function nearest(missOf: (key: number) => number, held: number): number {
  const costOf = (key: number) => missOf(key) ** 2 + (key === held ? 0 : CHANGE);
  return WANTED.reduce<number>((best, key) => (costOf(key) < costOf(best) ? key : best), held);
}
