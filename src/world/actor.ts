/** What acts: experts, policies, people. Actors see observations only, never the world behind them. */
import type { Key } from "../base/index.ts";
import type { Observation } from "./space.ts";

/** Who drove a step. */
export type Controller = "policy" | "expert";

/** Acts one step at a time in one environment. */
export interface Actor {
  readonly name: string;
  readonly controller: Controller;
  /** Called before the first observation of an episode; the same seed makes the same choices. */
  reset(seed: number): void;
  /** The action [Da], in the task's units; it may overshoot the bounds, to which the rollout clamps it. */
  act(observation: Observation): Float32Array | Promise<Float32Array>;
}

/**
 * To observations are looked at, Tp actions are predicted, of which Ta are executed. Prediction index 0 belongs to the
 * oldest of the To observations, so the executed slice is [To-1, To-1+Ta) (ALGORITHMS.md 4.6).
 */
export interface Horizons {
  readonly observationHorizon: number;
  readonly predictionHorizon: number;
  readonly actionHorizon: number;
}

/** Throws RangeError unless all are integers >= 1 and the executed slice lies within the prediction. */
export function checkHorizons({ observationHorizon, predictionHorizon, actionHorizon }: Horizons): void {
  for (const [name, value] of Object.entries({ observationHorizon, predictionHorizon, actionHorizon })) {
    if (!Number.isInteger(value) || value < 1)
      throw new RangeError(`${name}: found ${value}, expected an integer >= 1`);
  }
  const needed = observationHorizon - 1 + actionHorizon;
  if (predictionHorizon < needed) {
    throw new RangeError(
      `predictionHorizon: found ${predictionHorizon}, expected at least observationHorizon - 1 + actionHorizon = ${needed}`,
    );
  }
}

/** Plans chunks of actions for many episodes at once: what a policy is to a rollout. */
export interface BatchActor {
  readonly name: string;
  readonly controller: Controller;
  readonly horizons: Horizons;
  /**
   * @param histories [N, To, Do] row-major, oldest first, in the task's units; N = keys.length
   * @param keys one per row: all randomness of that row's plan, so that it does not depend on the rows beside it
   * @returns the chunks [N, Tp, Da] in the task's units
   */
  plan(histories: Float32Array, keys: readonly Key[]): Float32Array | Promise<Float32Array>;
}
