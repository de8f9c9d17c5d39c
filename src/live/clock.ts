/** The clock of a session: control steps at a fixed rate, by timeouts that are set anew after each, against when it was due. */
import { InputError } from "../base/index.ts";

export interface ClockPorts {
  /** Monotonic, ms. */
  now(): number;
  /** Calls back after so many ms, or somewhat later; answers what takes that back. */
  after(ms: number, call: () => void): () => void;
}

/** When a step began, ms by the clock's `now`, and how much later that was than it was due, ms. */
export interface Lateness {
  readonly at: number;
  readonly late: number;
}

/** How evenly steps have come, since the clock was started: ms. */
export interface ClockStats {
  readonly steps: number;
  /** Periods that passed without a step of their own, because one before took too long or the machine stood still. */
  readonly missed: number;
  /** Of the newest steps. */
  readonly late: { readonly p50: number; readonly p99: number; readonly max: number };
}

export interface Clock {
  /** 1 is the rate itself, less is slow motion. Throws InputError unless it is finite and above 0. */
  speed(factor: number): void;
  stats(): ClockStats;
  stop(): void;
}

/** Steps of which the lateness is kept. */
const NEWEST = 2000;

/**
 * Calls `tick` at `rate` Hz until it is stopped: never while the one before is under way, and never more often to make up for
 * what was missed. A step that comes late by less than a period does not move those after it; later than that, they are
 * counted from it.
 */
export function startClock(rate: number, tick: (moment: Lateness) => Promise<void>, { now, after }: ClockPorts): Clock {
  let period = 1000 / rate;
  let due = now() + period;
  let [steps, missed, stopped] = [0, 0, false];
  const lates: number[] = [];
  /** Takes back what is waited for; null while a step is under way. */
  let cancel: (() => void) | null = null;

  const wait = () => {
    if (stopped) return;
    cancel = after(Math.max(0, due - now()), ring);
  };
  const ring = () => {
    const at = now();
    // Timers come early, too, by parts of a millisecond.
    if (at < due - EARLY) return wait();
    cancel = null;
    const late = Math.max(0, at - due);
    lates[steps++ % NEWEST] = late;
    const passed = Math.floor(late / period);
    missed += passed;
    due = passed > 0 ? at + period : due + period;
    void tick({ at, late }).then(wait);
  };
  wait();
  return {
    speed(factor) {
      if (!(Number.isFinite(factor) && factor > 0)) throw new InputError(`speed: found ${factor}, expected above 0`);
      const before = due - period;
      period = 1000 / (rate * factor);
      due = Math.max(before + period, now());
      if (!cancel) return;
      cancel();
      wait();
    },
    stats() {
      const sorted = lates.toSorted((a, b) => a - b);
      const share = (part: number) => sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 0;
      return { steps, missed, late: { p50: share(0.5), p99: share(0.99), max: sorted.at(-1) ?? 0 } };
    },
    stop() {
      stopped = true;
      cancel?.();
    },
  };
}

/** ms. */
const EARLY = 0.25;
