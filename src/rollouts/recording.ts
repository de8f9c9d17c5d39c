/** One episode while it happens: what was seen last, whether it goes on, and what is kept of the steps so far. */
import type { Controller, EnvironmentSpec, Episode, Info, Observation, Step, StepResult } from "../world/index.ts";

export interface Recording<Kept> {
  /** What the next action answers to. */
  readonly observation: Observation;
  readonly ended: boolean;
  /** Steps so far. */
  readonly length: number;
  /** Of the last step; null before the first. */
  readonly reward: number | null;
  /**
   * The action as it may be executed: clamped to the declared bounds, a new array. It is all of `values` [Da], or what they
   * hold at `offset`. Throws Error where it is not finite.
   */
  admit(values: Float32Array, offset?: number): Float32Array;
  add(step: Acted, result: StepResult): void;
  kept(): Kept;
}

/** What was done in a step, and what is known of why. */
export interface Acted {
  /** [Da]. */
  readonly executed: Float32Array;
  readonly chunkPlace: number;
  /** Who drove. */
  readonly controller: Controller;
  /** [Da]; null or left out where nobody was asked. */
  readonly proposed?: Float32Array | null;
  readonly label?: Float32Array | null;
  /** What the gate read in this step. */
  readonly readings?: Readonly<Record<string, number>> | null;
}

export interface Beginning {
  spec: EnvironmentSpec;
  seed: number;
  actor: { readonly name: string; readonly controller: Controller };
  /** Who supervises, and which version of the policy acts, where that is known. */
  operator?: string;
  policyVersion?: string;
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
  keep(observation: Observation, step: Acted, result: StepResult): void;
  kept(end: End): Kept;
}

/** How far an episode has come. */
export type End = Pick<Outcome, "length" | "terminated" | "truncated" | "info">;

/** Keeps every step. */
export const recordEpisode = (beginning: Beginning): Recording<Episode> => record(beginning, columns(beginning));

/** Keeps nothing but how it went. */
export const recordOutcome = (beginning: Beginning): Recording<Outcome> => record(beginning, outcome(beginning));

/** Hands each step on as it happens, with what was seen after it, and keeps nothing but how far it has come. */
export const recordSteps = (beginning: Beginning, onStep: OnStep): Recording<End> =>
  record(beginning, stream(beginning, onStep));

type OnStep = (step: StreamedStep, next: Observation) => void;

/** A step with all that the loop knows of it. */
export interface StreamedStep extends Step {
  readonly proposed: Float32Array | null;
  readonly label: Float32Array | null;
  readonly gate: Readonly<Record<string, number>>;
}

function record<Kept>({ spec, seed, actor, first }: Beginning, keeper: Keeper<Kept>): Recording<Kept> {
  const { names, low, high } = spec.action;
  const size = names.length;
  let { observation, info } = first;
  let [terminated, truncated] = [false, false];
  let length = 0;
  let reward: number | null = null;
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
    get reward() {
      return reward;
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
    add(step, result) {
      keeper.keep(observation, step, result);
      length += 1;
      ({ observation, info, terminated, truncated, reward } = result);
    },
    kept: () => keeper.kept({ length, terminated, truncated, info }),
  };
}

function outcome({ seed, actor }: Beginning): Keeper<Outcome> {
  let reward = 0;
  let maxReward = Number.NEGATIVE_INFINITY;
  return {
    keep(_observation, _step, result) {
      reward += Math.fround(result.reward);
      maxReward = Math.max(maxReward, Math.fround(result.reward));
    },
    kept: (end) => ({ seed, actor: actor.name, ...end, reward, maxReward }),
  };
}

function stream({ spec }: Beginning, onStep: OnStep): Keeper<End> {
  let length = 0;
  return {
    keep(observation, step, { reward, terminated, truncated, observation: next }) {
      const { executed: action, controller, chunkPlace, proposed = null, label = null, readings } = step;
      const time = length++ / spec.controlRate;
      const what = { observation, action, controller, chunkPlace, proposed, label, gate: readings ?? {} };
      onStep({ ...what, reward, terminated, truncated, time }, next);
    },
    kept: (end) => end,
  };
}

/** Rows that a column begins with; it doubles when it is full. */
const ROWS = 64;

function columns({ spec, seed, actor, operator, policyVersion }: Beginning): Keeper<Episode> {
  const size = spec.action.names.length;
  const observations = Object.entries(spec.observation).map(([array, { names }]) => ({
    array,
    column: growing(`"${array}"`, names.length),
  }));
  const actions = growing("action", size);
  const rewards: number[] = [];
  const places: number[] = [];
  const controllers: Controller[] = [];
  const proposed = sparse("proposed", size);
  const labels = sparse("label", size);
  const gate = new Map<string, number[]>();
  return {
    keep(observation, step, { reward }) {
      const row = rewards.length;
      for (const { array, column } of observations) column.add(observation[array]);
      actions.add(step.executed);
      if (step.proposed) proposed.set(row, step.proposed);
      if (step.label) labels.set(row, step.label);
      for (const name in step.readings) {
        const values = gate.get(name) ?? [];
        values[row] = step.readings[name];
        gate.set(name, values);
      }
      rewards.push(reward);
      places.push(step.chunkPlace);
      controllers.push(step.controller);
    },
    kept(end) {
      const { length } = rewards;
      return {
        spec,
        seed,
        actor: actor.name,
        ...end,
        observation: Object.fromEntries(observations.map(({ array, column }) => [array, column.values()])),
        action: actions.values(),
        reward: Float32Array.from(rewards),
        time: Float64Array.from(rewards, (_, step) => step / spec.controlRate),
        chunkPlace: Int32Array.from(places),
        controller: controllers,
        ...proposed.values(length),
        ...labels.values(length),
        ...(gate.size > 0 && { gate: readingsOf(gate, length) }),
        ...(operator !== undefined && { operator }),
        ...(policyVersion !== undefined && { policyVersion }),
      };
    },
  };
}

const readingsOf = (gate: ReadonlyMap<string, readonly number[]>, length: number) =>
  Object.fromEntries(
    [...gate].map(([name, values]) => [name, Float64Array.from({ length }, (_, row) => values[row] ?? Number.NaN)]),
  );

/** A column [L, size] that not every step has a row of: NaN where there is none, left out where no step has one. */
function sparse<Name extends "proposed" | "label">(name: Name, size: number) {
  const column = growing(name, size);
  const unknown = new Float32Array(size).fill(Number.NaN);
  let rows = 0;
  const fill = (until: number) => {
    for (; rows < until; rows++) column.add(unknown);
  };
  return {
    set(row: number, values: Float32Array) {
      fill(row);
      column.add(values);
      rows += 1;
    },
    values(length: number): { [name in Name]?: Float32Array } {
      if (rows === 0) return {};
      fill(length);
      return { [name]: column.values() } as { [name in Name]?: Float32Array };
    },
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
