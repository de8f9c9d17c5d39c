/** How far a training is and how fast, for a person who watches it: now and then, not at every report. */
import type { Progress } from "./train.ts";

/** `rate`: updates per second since the beginning. */
export interface Pace extends Progress {
  readonly secondsLeft: number;
}

/** Least time between two, ms. */
const BETWEEN = 200;

/** What `onProgress` may be: tells at most five times a second, and the last. The training begins now. */
export function paced(tell: (pace: Pace) => void): (progress: Omit<Progress, "rate">) => void {
  const started = performance.now();
  let last = Number.NEGATIVE_INFINITY;
  return ({ update, updates, loss }) => {
    const now = performance.now();
    if (now - last < BETWEEN && update < updates) return;
    last = now;
    const rate = (1000 * update) / (now - started);
    tell({ update, updates, loss, rate, secondsLeft: (updates - update) / rate });
  };
}
