/**
 * live: a session in real time: a person beside a policy or at the wheel, one world or several, the clock, time that runs
 * backwards, and what keys make of a wheel. The episodes themselves are those of `rollouts`: the same loop, step for step.
 *
 * Law: imports `base`, `world` and `rollouts` only. Clock and timers are arguments; knows no page, no task, no file. Runs
 * unchanged in Node and in a browser's worker.
 */
export { type Clock, type ClockPorts, type ClockStats, type Lateness, startClock } from "./clock.ts";
export { type Axes, afterHolding, afterPress, KEY_RATES, KICK, kick, ramp } from "./keyboard.ts";
export type { ForkPoint } from "./lane.ts";
export type { BegunEpisode, ClosedEpisode, SessionObserver } from "./observer.ts";
export { type LiveSession, openSession } from "./session.ts";
export type { SessionSetup } from "./setup.ts";
export type { LaneView, SessionView } from "./view.ts";
