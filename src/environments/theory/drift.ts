/**
 * The scalar drift (ALGORITHMS.md 5.2): a point beside a line, moved by what the action says. The expert undoes the
 * whole deviation in one step, so that it shows nothing but the line itself.
 */
import { randomStream } from "../../base/index.ts";
import { box, type EnvironmentSpec, findOutside, type World, worldKey } from "../../world/index.ts";
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
  readonly steps: number;
}

/**
 * A drift world: x⁺ = x + a. Reward is -|x| after the step; nothing but the clock ends an episode; success is to end within
 * 1 cm of the line.
 */
export function driftWorld({ maxSteps = 64 }: { maxSteps?: number } = {}): World {
  const spec = driftSpec(maxSteps);
  let state: State | null = null;

  const observe = ({ deviation }: State) => ({ point: Float32Array.of(deviation) });
  const describe = ({ deviation, steps }: State) => ({
    success: steps >= maxSteps && Math.abs(deviation) <= DRIFT.tolerance,
  });

  return {
    spec,
    reset(seed) {
      state = { deviation: startOf(seed), steps: 0 };
      return { observation: observe(state), info: describe(state) };
    },
    step(action) {
      if (!state) throw new Error("drift: step before the first reset");
      if (state.steps >= maxSteps) throw new Error("drift: step after the end of the episode");
      const problem = findOutside(spec.action, action);
      if (problem) throw new RangeError(`drift: action ${problem}`);
      state = { deviation: movedBy(state.deviation, action[0]), steps: state.steps + 1 };
      return {
        observation: observe(state),
        reward: 0 - Math.abs(state.deviation),
        terminated: false,
        truncated: state.steps >= maxSteps,
        info: describe(state),
      };
    },
    snapshot() {
      if (!state) throw new Error("drift: snapshot before the first reset");
      return { ...state };
    },
    restore(snapshot) {
      const { deviation, steps } = snapshot;
      if (typeof deviation !== "number" || typeof steps !== "number") {
        throw new Error(`drift: ${JSON.stringify(snapshot)} is no snapshot of this world`);
      }
      state = { deviation, steps };
    },
  };
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
