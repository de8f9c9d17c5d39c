/** A small world, policies and experts whose every number can be worked out by hand. */
import { type Key, randomStream } from "../../src/base/index.ts";
import {
  type Actor,
  type BatchActor,
  box,
  type EnvironmentSpec,
  type Horizons,
  type Observation,
  type Snapshot,
  type World,
} from "../../src/world/index.ts";

export interface LineOptions {
  /** Steps after which it succeeds. */
  length?: number;
  maxSteps?: number;
  /** |x| beyond which it fails. */
  limit?: number;
  /** Where it starts; default: the seed as x, 0 as y. */
  start?: readonly [number, number];
}

/** x and y move by the action; 10 Hz. Reward: the step's number. It fails beyond the limit and succeeds after `length` steps. */
export function lineWorld({ length = 20, maxSteps = 1000, limit = 1e6, start }: LineOptions = {}): World {
  const dimension = (name: string, most: number) => ({ name, unit: "m", low: -most, high: most });
  const spec: EnvironmentSpec = {
    name: "line",
    observation: { position: box(dimension("x", 1e9), dimension("y", 1e9)), clock: box(dimension("step", 1e6)) },
    action: box(dimension("dx", 5), dimension("dy", 5)),
    controlRate: 10,
    maxSteps,
  };
  let state = { x: 0, y: 0, step: 0 };
  const observe = (): Observation => ({
    position: Float32Array.of(state.x, state.y),
    clock: Float32Array.of(state.step),
  });
  const failed = () => Math.abs(state.x) > limit;
  const info = () => ({ success: !failed() && state.step >= length });
  return {
    spec,
    reset(seed) {
      const [x, y] = start ?? [seed, 0];
      state = { x, y, step: 0 };
      return { observation: observe(), info: info() };
    },
    step([dx, dy]) {
      state = { x: state.x + dx, y: state.y + dy, step: state.step + 1 };
      const terminated = failed() || state.step >= length;
      return {
        observation: observe(),
        reward: state.step,
        terminated,
        truncated: !terminated && state.step >= maxSteps,
        info: info(),
      };
    },
    snapshot: () => ({ ...state }),
    restore(snapshot: Snapshot) {
      state = { ...(snapshot as typeof state) };
      return { observation: observe(), info: info() };
    },
  };
}

/** Says 100 + the number of the step, and half of x: what it said where can be seen from the number. Clamped to 5. */
export const lineExpert = (): Actor => ({
  name: "expert",
  controller: "expert",
  reset() {},
  act: labelOf,
});

export const labelOf = ({ position, clock }: Observation): Float32Array =>
  Float32Array.of(-1 - clock[0] / 100, position[0] / 1024);

/** A chunk's actions: 1 + hundredths of the step it was planned in, and thousandths of its place; and what the key draws. */
export function linePlanner(horizons: Horizons, batches: number[] = []): BatchActor {
  const { observationHorizon, predictionHorizon } = horizons;
  return {
    name: "planner",
    controller: "policy",
    horizons,
    plan(histories, keys) {
      batches.push(keys.length);
      const width = histories.length / keys.length;
      return Float32Array.from(
        keys.flatMap((key, row) => chunkOf(histories.subarray(row * width, (row + 1) * width), key)),
      );
    },
  };
  function chunkOf(history: Float32Array, key: Key): number[] {
    const stream = randomStream(key);
    const step = history[3 * observationHorizon - 1];
    return Array.from({ length: predictionHorizon }, (_, i) => [
      1 + step / 100 + i / 1000,
      stream.uniform() + history[0] / 1024,
    ]).flat();
  }
}
