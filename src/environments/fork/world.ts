/**
 * The fork (ALGORITHMS.md 10.7 B): a car drives towards a disc and must pass it on the left or on the right. Both are
 * right, their average is a crash. It sees its position only, so that nothing but its own deviation tells it which side
 * it has begun to take.
 */
import { randomStream } from "../../base/index.ts";
import { box, type EnvironmentSpec, findOutside, type Snapshot, type World, worldKey } from "../../world/index.ts";

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
  steps: number;
  contact: boolean;
  /** The side on which the obstacle was passed, once it was. */
  side: "left" | "right" | null;
}

/**
 * A fork world. Reward is 1 at the goal and 0 elsewhere; contact with the disc terminates without success; `info.mode` is
 * the side on which the disc was passed.
 */
export function forkWorld({ maxSteps = STEPS_TO_GOAL }: { maxSteps?: number } = {}): World {
  const spec = forkSpec(maxSteps);
  let state: State | null = null;

  const observe = ({ x, y }: State) => ({ position: Float32Array.of(x, y) });
  const succeeded = ({ contact, x }: State) => !contact && x >= FORK.goal;
  const terminated = (now: State) => now.contact || now.x >= FORK.goal;
  const describe = (now: State) => ({
    success: succeeded(now),
    contact: now.contact,
    ...(now.side && { mode: now.side }),
  });

  return {
    spec,
    reset(seed) {
      const y = FORK.startDeviation * randomStream(worldKey(seed)).normal();
      state = { x: 0, y, steps: 0, contact: false, side: null };
      return { observation: observe(state), info: describe(state) };
    },
    step(action) {
      if (!state) throw new Error("fork: step before the first reset");
      if (terminated(state) || state.steps >= maxSteps) throw new Error("fork: step after the end of the episode");
      const problem = findOutside(spec.action, action);
      if (problem) throw new RangeError(`fork: action ${problem}`);
      state = advance(state, action[0]);
      const ended = terminated(state);
      return {
        observation: observe(state),
        reward: succeeded(state) ? 1 : 0,
        terminated: ended,
        truncated: !ended && state.steps >= maxSteps,
        info: describe(state),
      };
    },
    snapshot() {
      if (!state) throw new Error("fork: snapshot before the first reset");
      return { ...state };
    },
    restore(snapshot) {
      state = readState(snapshot);
    },
  };
}

function advance({ x, y, steps, side }: State, lateralRate: number): State {
  const next = { x: x + FORK.speed * FORK.period, y: y + lateralRate * FORK.period };
  const contact = touches(x, y, next.x, next.y);
  const passed = !contact && next.x >= FORK.obstacle.x ? (next.y > FORK.obstacle.y ? "left" : "right") : null;
  return { ...next, steps: steps + 1, contact, side: side ?? passed };
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

function readState(snapshot: Snapshot): State {
  const { x, y, steps, contact, side } = snapshot;
  const fits =
    typeof x === "number" &&
    typeof y === "number" &&
    typeof steps === "number" &&
    typeof contact === "boolean" &&
    (side === "left" || side === "right" || side === null);
  if (!fits) throw new Error(`fork: ${JSON.stringify(snapshot)} is no snapshot of this world`);
  return { x, y, steps, contact, side };
}
