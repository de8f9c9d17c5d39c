/** Who stands beside a policy: sees what happens, requests control, acts when in control, and says what it would do. */
import type { Observation } from "../world/index.ts";
import type { Phase, Request } from "./control.ts";
import type { Readings } from "./gate.ts";

/** One step, before it is taken, as a supervisor sees it. */
export interface Moment {
  /** Number of the step in its episode, and seconds since the reset. */
  readonly step: number;
  readonly time: number;
  readonly observation: Observation;
  /** What the step before it earned; null before the first. */
  readonly reward: number | null;
  readonly phase: Phase;
  /** What the policy would do now [Da], by the plan that it made last; null where it was not asked. */
  readonly proposed: Float32Array | null;
  /** Whether the policy begins a new chunk here: a decision of its own. */
  readonly planned: boolean;
  /** Whether the gate asks for help; what it read last, and its thresholds ("NAME.threshold"). */
  readonly alarmed: boolean;
  readonly readings: Readings;
}

/** What an expert says about a moment. */
export interface Answer {
  /** What it would do here [Da], as it is learned from; null where it drives without saying so. */
  readonly label: Float32Array | null;
  /** What it does instead, when in control (DART disturbs it); default: the label. */
  readonly action?: Float32Array;
}

export interface Supervisor {
  readonly name: string;
  /** Called before the first observation of an episode; the same seed makes the same choices. */
  reset(seed: number): void;
  /** What it requests before the step. Asked again, step for step, while the world is paused. */
  requests(moment: Moment): Awaitable<readonly Request[]>;
  /** What it does or would do; must not be null in phase "expert", nor where `asked` (a gate has to know). */
  answer(moment: Moment, asked: boolean): Awaitable<Answer | null>;
}

type Awaitable<T> = T | Promise<T>;
