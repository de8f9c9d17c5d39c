/** The clock of a session: control steps at a fixed rate, by timeouts that are set anew after each, against when it was due. */

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
