/**
 * live: a session in real time: a person beside a policy or at the wheel, one world or several, the clock, and time that runs
 * backwards. The episodes themselves are those of `rollouts`: the same loop, step for step.
 *
 * Law: imports `base`, `world` and `rollouts` only. Clock and timers are arguments; knows no page, no task, no file. Runs
 * unchanged in Node and in a browser's worker.
 */
export type { Clock, ClockPorts, ClockStats, Lateness } from "./clock.ts";
export type { BegunEpisode, ClosedEpisode, SessionObserver } from "./observer.ts";
export type { ForkPoint, LiveSession, SessionSetup } from "./session.ts";
export type { LaneView, SessionView } from "./view.ts";

import type { Clock, ClockPorts, Lateness } from "./clock.ts";
import type { LiveSession, SessionSetup } from "./session.ts";

/** Begins a session; its first episodes wait at their start, paused. Throws InputError where the setup does not fit. */
export declare function openSession(setup: SessionSetup): Promise<LiveSession>;
/**
 * Calls `tick` at `rate` Hz until it is stopped, never while the one before is under way, and never more often to make up for
 * what was missed.
 */
export declare function startClock(rate: number, tick: (moment: Lateness) => Promise<void>, ports: ClockPorts): Clock;
