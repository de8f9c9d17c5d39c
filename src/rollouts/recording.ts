/** One episode while it happens: what was seen last, whether it goes on, and what is kept of the steps so far. */
import type { Controller, EnvironmentSpec, Episode, Info, Observation, StepResult } from "../world/index.ts";

export interface Recording<Kept> {
  /** What the next action answers to. */
  readonly observation: Observation;
  readonly ended: boolean;
  /** Steps so far. */
  readonly length: number;
  /**
   * The action as it may be executed: clamped to the declared bounds, a new array. It is all of `values` [Da], or what they
   * hold at `offset`. Throws Error where it is not finite.
   */
  admit(values: Float32Array, offset?: number): Float32Array;
  add(executed: Float32Array, chunkPlace: number, result: StepResult): void;
  kept(): Kept;
}

export interface Beginning {
  spec: EnvironmentSpec;
  seed: number;
  actor: { readonly name: string; readonly controller: Controller };
  /** The environment's answer to `reset`. */
  first: { observation: Observation; info: Info };
}

/** How an episode went, without its steps. */
export interface Outcome extends Pick<Episode, "seed" | "actor" | "length" | "terminated" | "truncated" | "info"> {
  /** Sum of the rewards, and the greatest of them, each as float32: as an episode records them. */
  readonly reward: number;
  readonly maxReward: number;
}

/** What a kind of recording does with each step and makes of them all. */
interface Keeper<Kept> {
  keep(observation: Observation, executed: Float32Array, chunkPlace: number, reward: number): void;
  kept(end: Pick<Outcome, "length" | "terminated" | "truncated" | "info">): Kept;
}

/** Keeps every step. */
export const recordEpisode = (beginning: Beginning): Recording<Episode> => record(beginning, columns(beginning));

/** Keeps nothing but how it went. */
export const recordOutcome = (beginning: Beginning): Recording<Outcome> => record(beginning, outcome(beginning));

function record<Kept>({ spec, seed, actor, first }: Beginning, keeper: Keeper<Kept>): Recording<Kept> {
  const { names, low, high } = spec.action;
  const size = names.length;
  let { observation, info } = first;
  let [terminated, truncated] = [false, false];
  let length = 0;
  return {
    get observation() {
      return observation;
    },
    get ended() {
      return terminated || truncated;
    },
    get length() {
      return length;
    },
    admit(values, offset) {
      const action = new Float32Array(size);
      const start = offset ?? 0;
      let finite = offset === undefined ? values.length === size : offset + size <= values.length;
      for (let i = 0; i < size; i++) {
        const value = values[start + i];
        finite &&= Number.isFinite(value);
        action[i] = Math.min(Math.max(value, low[i]), high[i]);
      }
      if (finite) return action;
      const found = offset === undefined ? values : values.subarray(offset, offset + size);
      throw new Error(
        `${actor.name} in ${spec.name}, seed ${seed}, step ${length}: action [${found.join(", ")}], ` +
          `expected ${size} finite numbers (${names.join(", ")})`,
      );
    },
    add(executed, chunkPlace, result) {
      keeper.keep(observation, executed, chunkPlace, result.reward);
      length += 1;
      ({ observation, info, terminated, truncated } = result);
    },
    kept: () => keeper.kept({ length, terminated, truncated, info }),
  };
}

function outcome({ seed, actor }: Beginning): Keeper<Outcome> {
  let reward = 0;
  let maxReward = Number.NEGATIVE_INFINITY;
  return {
    keep(_observation, _executed, _chunkPlace, value) {
      reward += Math.fround(value);
      maxReward = Math.max(maxReward, Math.fround(value));
    },
    kept: (end) => ({ seed, actor: actor.name, ...end, reward, maxReward }),
  };
}

/** Rows that a column begins with; it doubles when it is full. */
const ROWS = 64;

function columns({ spec, seed, actor }: Beginning): Keeper<Episode> {
  const observations = Object.entries(spec.observation).map(([array, { names }]) => ({
    array,
    column: growing(`"${array}"`, names.length),
  }));
  const actions = growing("action", spec.action.names.length);
  const rewards: number[] = [];
  const places: number[] = [];
  return {
    keep(observation, executed, chunkPlace, reward) {
      for (const { array, column } of observations) column.add(observation[array]);
      actions.add(executed);
      rewards.push(reward);
      places.push(chunkPlace);
    },
    kept: (end) => ({
      spec,
      seed,
      actor: actor.name,
      ...end,
      observation: Object.fromEntries(observations.map(({ array, column }) => [array, column.values()])),
      action: actions.values(),
      reward: Float32Array.from(rewards),
      time: Float64Array.from(rewards, (_, step) => step / spec.controlRate),
      chunkPlace: Int32Array.from(places),
      controller: rewards.map(() => actor.controller),
    }),
  };
}

/** A column [L, size] that grows row by row. */
function growing(name: string, size: number) {
  let values = new Float32Array(ROWS * size);
  let rows = 0;
  return {
    add(row: Float32Array) {
      if (row?.length !== size) {
        throw new RangeError(`episode column ${name}, step ${rows}: found ${row?.length} numbers, expected ${size}`);
      }
      if (rows * size === values.length) {
        const more = new Float32Array(2 * values.length);
        more.set(values);
        values = more;
      }
      values.set(row, rows * size);
      rows += 1;
    },
    values: () => values.slice(0, rows * size),
  };
}
