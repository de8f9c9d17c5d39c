/**
 * What is acted in. The contract is Gymnasium's (reset, step, terminated apart from truncated), with units, a control rate
 * and a seed in place of a hidden generator. `conformance/environment.ts` judges an implementation.
 */
import type { Box, Observation, ObservationSpace } from "./space.ts";

/** What an environment says about itself before anything happens. */
export interface EnvironmentSpec {
  /** The task's name: lower case, as commands spell it. */
  readonly name: string;
  readonly observation: ObservationSpace;
  readonly action: Box;
  /** Steps per second, Hz. */
  readonly controlRate: number;
  /** The clock: an episode that has not terminated is truncated at this many steps. */
  readonly maxSteps: number;
  /** The ways in which the task can be solved, where the world can tell them apart: values of `Info.mode`. */
  readonly modes?: readonly string[];
}

/** What an environment tells beside the observation. The named fields are those that evaluation reads. */
export interface Info {
  /** Whether the task is solved, judged by the world. */
  readonly success: boolean;
  /** Which of `spec.modes` the episode took, once that is decided. */
  readonly mode?: string;
  readonly [name: string]: number | string | boolean | undefined;
}

export interface StepResult {
  readonly observation: Observation;
  readonly reward: number;
  /** The world ended the episode (success, failure): there is no future to value. */
  readonly terminated: boolean;
  /** The clock ended the episode. Never true together with `terminated`. */
  readonly truncated: boolean;
  readonly info: Info;
}

/** Anything that can be acted in; a robot or another process answers later, hence the promises. */
export interface Environment {
  readonly spec: EnvironmentSpec;
  reset(seed: number): Awaitable<{ observation: Observation; info: Info }>;
  /**
   * One control period under `action` [Da]. Throws RangeError for an action outside `spec.action` or not finite, and Error
   * before the first reset or after the episode's end.
   */
  step(action: Float32Array): Awaitable<StepResult>;
}

type Awaitable<T> = T | Promise<T>;

/** The whole state of a world between two steps: plain JSON. */
export type Snapshot = { readonly [name: string]: number | string | boolean | null | readonly number[] };

/**
 * A simulated environment: synchronous, the same for the same seed and actions, and it can be put back to any moment. The
 * arrays it returns belong to the caller.
 */
export interface World extends Environment {
  reset(seed: number): { observation: Observation; info: Info };
  step(action: Float32Array): StepResult;
  snapshot(): Snapshot;
  /**
   * Goes on as the world of `snapshot` would have, also in another world of the same spec: that is how worlds fork. Answers
   * what is seen there, the same as the reset or the step that led there did.
   */
  restore(snapshot: Snapshot): { observation: Observation; info: Info };
}
