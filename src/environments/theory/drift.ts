/**
 * The scalar drift (ALGORITHMS.md 5.2): a point beside a line, moved by what the action says. The expert undoes the
 * whole deviation in one step, so that it shows nothing but the line itself.
 */
import { randomStream } from "../../base/index.ts";
import { box, type EnvironmentSpec, type World, worldKey } from "../../world/index.ts";
import { valueWorld } from "../value-world.ts";
import type { ManyEpisodes } from "./many.ts";

/** m. */
export const DRIFT = {
  /** Starts lie within this of the line: no two alike, and all of them on it as far as a policy can tell. */
  startRange: 1e-5,
  /** The longest move of a step. */
  maxMove: 1,
  /** Success is to end so near. */
  tolerance: 0.01,
} as const;

function driftSpec(maxSteps: number): EnvironmentSpec {
  return {
    name: "drift",
    observation: { point: box({ name: "deviation", unit: "m", low: -Infinity, high: Infinity }) },
    action: box({ name: "move", unit: "m", low: -DRIFT.maxMove, high: DRIFT.maxMove }),
    controlRate: 1,
    maxSteps,
  };
}

const startOf = (seed: number): number =>
  Math.fround((2 * randomStream(worldKey(seed)).uniform() - 1) * DRIFT.startRange);
/** Float32, as it is seen: the move that undoes what is seen then ends on the line, and not 1e-9 m beside it. */
const movedBy = (deviation: number, move: number): number => Math.fround(deviation + move);

interface State {
  readonly deviation: number;
}

/**
 * A drift world: x⁺ = x + a. Reward is -|x| after the step; nothing but the clock ends an episode; success is to end within
 * 1 cm of the line.
 */
export function driftWorld({ maxSteps = 64 }: { maxSteps?: number } = {}): World {
  return valueWorld<State>({
    spec: driftSpec(maxSteps),
    begin: (seed) => ({ deviation: startOf(seed) }),
    advance: ({ deviation }, action) => ({ deviation: movedBy(deviation, action[0]) }),
    observe: ({ deviation }) => ({ point: Float32Array.of(deviation) }),
    reward: ({ deviation }) => 0 - Math.abs(deviation),
    describe: ({ deviation }, steps) => ({
      success: steps >= maxSteps && Math.abs(deviation) <= DRIFT.tolerance,
    }),
    read: ({ deviation }) => (typeof deviation === "number" ? { deviation } : null),
  });
}

/** The same world, an episode per seed side by side: equal to `driftWorld` step by step. */
export function manyDrifts(seeds: readonly number[], { maxSteps = 64 }: { maxSteps?: number } = {}): ManyEpisodes {
  const deviations = Float32Array.from(seeds, startOf);
  return {
    spec: driftSpec(maxSteps),
    count: seeds.length,
    observe: (out) => out.set(deviations),
    step(actions, costs) {
      for (let i = 0; i < deviations.length; i++) {
        deviations[i] = movedBy(deviations[i], actions[i]);
        costs[i] = Math.abs(deviations[i]);
      }
    },
  };
}
