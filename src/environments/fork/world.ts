/**
 * The fork (ALGORITHMS.md 10.7 B): a car drives towards a disc and must pass it on the left or on the right. Both are
 * right, their average is a crash. It sees its position only, so that nothing but its own deviation tells it which side
 * it has begun to take.
 */
import { randomStream } from "../../base/index.ts";
import { box, type EnvironmentSpec, type Snapshot, type World, worldKey } from "../../world/index.ts";
import { valueWorld } from "../value-world.ts";

/** Lengths in m, speeds in m/s, times in s. x points ahead, y to the left. */
export const FORK = {
  speed: 10,
  period: 0.1,
  goal: 40,
  obstacle: { x: 20, y: 0, radius: 0.6 },
  startDeviation: 0.05,
  maxLateralRate: 3,
} as const;

/** Steps to the goal (40 m at 1 m a step): the clock can only run out before it where `maxSteps` is set lower. */
const STEPS_TO_GOAL = Math.round(FORK.goal / (FORK.speed * FORK.period));

function forkSpec(maxSteps: number): EnvironmentSpec {
  return {
    name: "fork",
    observation: {
      // y: 12 m is 40 steps at full lateral rate; the start lies within 6 deviations (0.3 m) of 0.
      position: box(
        { name: "x", unit: "m", low: 0, high: FORK.goal },
        { name: "y", unit: "m", low: -12.5, high: 12.5 },
      ),
    },
    action: box({ name: "lateralRate", unit: "m/s", low: -FORK.maxLateralRate, high: FORK.maxLateralRate }),
    controlRate: 1 / FORK.period,
    maxSteps,
    modes: ["left", "right"],
  };
}

interface State {
  x: number;
  y: number;
  contact: boolean;
  /** The side on which the obstacle was passed, once it was. */
  side: "left" | "right" | null;
}

/**
 * A fork world. Reward is 1 at the goal and 0 elsewhere; contact with the disc terminates without success; `info.mode` is
 * the side on which the disc was passed.
 */
export function forkWorld({ maxSteps = STEPS_TO_GOAL }: { maxSteps?: number } = {}): World {
  const succeeded = ({ contact, x }: State) => !contact && x >= FORK.goal;
  return valueWorld<State>({
    spec: forkSpec(maxSteps),
    begin(seed) {
      const y = FORK.startDeviation * randomStream(worldKey(seed)).normal();
      return { x: 0, y, contact: false, side: null };
    },
    advance: (state, action) => advance(state, action[0]),
    observe: ({ x, y }) => ({ position: Float32Array.of(x, y) }),
    reward: (state) => (succeeded(state) ? 1 : 0),
    describe: (state) => ({
      success: succeeded(state),
      contact: state.contact,
      ...(state.side && { mode: state.side }),
    }),
    hasTerminated: ({ contact, x }) => contact || x >= FORK.goal,
    read: readState,
  });
}

function advance({ x, y, side }: State, lateralRate: number): State {
  const next = { x: x + FORK.speed * FORK.period, y: y + lateralRate * FORK.period };
  const contact = touches(x, y, next.x, next.y);
  const passed = !contact && next.x >= FORK.obstacle.x ? (next.y > FORK.obstacle.y ? "left" : "right") : null;
  return { ...next, contact, side: side ?? passed };
}

/** Whether the straight way of one step comes within the obstacle's radius: no step jumps over it. */
function touches(fromX: number, fromY: number, toX: number, toY: number): boolean {
  const { x, y, radius } = FORK.obstacle;
  const [dx, dy] = [toX - fromX, toY - fromY];
  const along = ((x - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy);
  const nearest = Math.min(1, Math.max(0, along));
  const [offX, offY] = [fromX + nearest * dx - x, fromY + nearest * dy - y];
  return offX * offX + offY * offY < radius * radius;
}

function readState({ x, y, contact, side }: Snapshot): State | null {
  const fits =
    typeof x === "number" &&
    typeof y === "number" &&
    typeof contact === "boolean" &&
    (side === "left" || side === "right" || side === null);
  return fits ? { x, y, contact, side } : null;
}
