/** The rows of a result as they are read again, and what several of them say together. */
import type { Mean, Rate } from "../../base/index.ts";
import { pooledRate, type ResultRow } from "../cells.ts";
import type { Method, WorldName } from "./settings.ts";

type Interval = Pick<Mean, "mean" | "low" | "high">;

interface OfPolicy {
  readonly world: WorldName;
  readonly method: Method;
  readonly seed: number;
}

export interface PolicyRow extends OfPolicy {
  /** A rate on the chain; m on the drift. */
  readonly error: Rate | number;
  readonly ownError: Rate | number;
  readonly recovery?: Rate;
  readonly correction?: number | null;
}

export interface CostRow extends OfPolicy {
  readonly steps: number;
  readonly cost: Mean;
  /** With what it is at the ends of the intervals of the errors that it takes. */
  readonly closedForm: Interval;
}

export interface SlopeRow extends Omit<OfPolicy, "seed"> {
  readonly seed: number | "all";
  readonly slope: Mean;
  readonly closedForm: number;
}

export interface DriveRow {
  readonly method: "bc" | "dagger";
  readonly seed: number;
  readonly expertSteps: number;
  readonly success: Rate;
  readonly ownError: Mean;
  readonly expertStatesError: Mean;
}

export interface CourseRow {
  readonly method: "bc" | "dagger" | "expert";
  readonly seed: number;
  readonly second: number;
  readonly running: Rate;
  readonly failed: Rate;
  readonly error: Mean | null;
  readonly expertStatesError: Mean | null;
  readonly distance: Mean | null;
  readonly off: Rate | null;
}

interface Rows {
  readonly policy: PolicyRow;
  readonly cost: CostRow;
  readonly slope: SlopeRow;
  readonly drive: DriveRow;
  readonly course: CourseRow;
}

/** Those of a kind. */
export const rowsOf = <Kind extends keyof Rows>(rows: readonly ResultRow[], kind: Kind): Rows[Kind][] =>
  rows.filter((row) => row.kind === kind) as unknown as Rows[Kind][];

/** Means of different episodes as the mean of all of them; the interval holds the variation between episodes alone. */
export function pooledMeans(means: readonly (Mean | null)[]): Mean | null {
  const found = means.filter((one) => one !== null && one.n > 1) as Mean[];
  const n = found.reduce((sum, one) => sum + one.n, 0);
  if (n === 0) return null;
  const mean = found.reduce((sum, one) => sum + (one.n / n) * one.mean, 0);
  const half = Math.hypot(...found.map((one) => ((one.n / n) * (one.high - one.low)) / 2));
  return { mean, low: mean - half, high: mean + half, n };
}

/** Rates over different episodes as the rate over all of them. */
export function pooledRates(rates: readonly (Rate | null)[]): Rate | null {
  const found = rates.filter((one) => one !== null);
  return found.length === 0 ? null : pooledRate(found);
}
