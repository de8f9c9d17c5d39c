/** Worlds whose state is a value: one frame of reset, step and snapshot for all of them, around the rules of each. */
import {
  type EnvironmentSpec,
  findOutside,
  type Info,
  type Observation,
  type Snapshot,
  type World,
} from "../world/index.ts";

/** What tells such a world from others. `State` is plain JSON, a new value after each step; the frame counts the steps. */
export interface Rules<State extends object> {
  readonly spec: EnvironmentSpec;
  begin(seed: number): State;
  advance(state: State, action: Float32Array, steps: number): State;
  observe(state: State, steps: number): Observation;
  /** Of the step that led from `before` to `state`. */
  reward(state: State, before: State, action: Float32Array): number;
  describe(state: State, steps: number): Info;
  /** Whether the episode has ended but for the clock; left out: only the clock ends one. */
  hasTerminated?(state: State, steps: number): boolean;
  /** The state in a snapshot, null where it is none. */
  read(snapshot: Snapshot): State | null;
}

export interface ValueWorld<State> extends World {
  /** Begins an episode at a given state. */
  startAt(state: State): { observation: Observation; info: Info };
  /** Throws Error before the first reset. */
  state(): State;
}

export function valueWorld<State extends object>(rules: Rules<State>): ValueWorld<State> {
  const { spec } = rules;
  const { name, maxSteps } = spec;
  let current: { readonly state: State; readonly steps: number } | null = null;

  const now = (what: string) => {
    if (!current) throw new Error(`${name}: ${what} before the first reset`);
    return current;
  };
  const hasTerminated = (state: State, steps: number) => rules.hasTerminated?.(state, steps) ?? false;
  const startAt = (state: State) => {
    current = { state, steps: 0 };
    return { observation: rules.observe(state, 0), info: rules.describe(state, 0) };
  };

  return {
    spec,
    reset: (seed) => startAt(rules.begin(seed)),
    startAt,
    step(action) {
      const { state: before, steps: taken } = now("step");
      if (hasTerminated(before, taken) || taken >= maxSteps) {
        throw new Error(`${name}: step after the end of the episode`);
      }
      const problem = findOutside(spec.action, action);
      if (problem) throw new RangeError(`${name}: action ${problem}`);
      const state = rules.advance(before, action, taken);
      const steps = taken + 1;
      current = { state, steps };
      const terminated = hasTerminated(state, steps);
      return {
        observation: rules.observe(state, steps),
        reward: rules.reward(state, before, action),
        terminated,
        truncated: !terminated && steps >= maxSteps,
        info: rules.describe(state, steps),
      };
    },
    state: () => now("state").state,
    snapshot() {
      const { state, steps } = now("snapshot");
      return { ...state, steps };
    },
    restore(snapshot) {
      const state = rules.read(snapshot);
      const { steps } = snapshot;
      if (!state || typeof steps !== "number") {
        throw new Error(`${name}: ${JSON.stringify(snapshot)} is no snapshot of this world`);
      }
      current = { state, steps };
      return { observation: rules.observe(state, steps), info: rules.describe(state, steps) };
    },
  };
}
