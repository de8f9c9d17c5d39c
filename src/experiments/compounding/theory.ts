/** What is to be expected of the cost over T steps, and how fast a measured cost grows (ALGORITHMS.md 5.1 and 5.2). */
import { type Mean, meanOfValues } from "../../base/index.ts";

export interface ChainErrors {
  /** Probability of a wrong turn on the track. */
  readonly error: number;
  /** Probability of a right turn off it. */
  readonly recovery: number;
}

/**
 * J(T) of the chain: the sum over t from 1 to T of P(off at t) = ε/(ε+r) (1 - (1-ε-r)^t). With r = 0 it is
 * T - (1-ε)(1-(1-ε)^T)/ε, near εT²/2; with r = 1-ε it is εT.
 */
export function chainCost({ error, recovery }: ChainErrors, steps: number): number {
  const leaving = error + recovery;
  if (leaving === 0) return 0;
  const stay = 1 - leaving;
  return (error / leaving) * (steps - (stay * (1 - stay ** steps)) / leaving);
}

export interface DriftErrors {
  /** What the policy does on the line, δ, m. */
  readonly bias: number;
  /** How much of a deviation it undoes in a step, k: 0 none, 1 all of it; below 0 it adds to it. */
  readonly correction: number;
}

/** J(T) of the drift: the sum over t from 1 to T of |x_t| with x_t = δ (1-(1-k)^t)/k; δT(T+1)/2 for k = 0, δT for k = 1. */
export function driftCost({ bias, correction }: DriftErrors, steps: number): number {
  let [deviation, cost] = [0, 0];
  for (let step = 0; step < steps; step++) {
    deviation = (1 - correction) * deviation + Math.abs(bias);
    cost += Math.abs(deviation);
  }
  return cost;
}

/** A cost measured over episodes of T steps. */
export interface CostPoint {
  readonly steps: number;
  readonly cost: Mean;
}

/**
 * The slope of log J over log T: the least-squares line through the points, all alike. Its 95 % interval is what the
 * intervals of the points make of it (delta method; points are of different episodes). Throws RangeError for fewer than two
 * points.
 */
export function slopeOf(points: readonly CostPoint[]): Mean {
  if (points.length < 2) throw new RangeError(`slope: found ${points.length} points, expected at least 2`);
  const logs = points.map(({ steps }) => Math.log(steps));
  const centre = logs.reduce((sum, x) => sum + x, 0) / logs.length;
  const spread = logs.reduce((sum, x) => sum + (x - centre) ** 2, 0);
  let [mean, squares] = [0, 0];
  points.forEach(({ cost }, i) => {
    const weight = (logs[i] - centre) / spread;
    mean += weight * Math.log(cost.mean);
    squares += ((weight * (cost.high - cost.low)) / (2 * cost.mean)) ** 2;
  });
  const half = Math.sqrt(squares);
  const n = points.reduce((sum, { cost }) => sum + cost.n, 0);
  return { mean, low: mean - half, high: mean + half, n };
}

/** The slope of a closed form over the same T, by the same line. */
export const slopeOfForm = (form: (steps: number) => number, lengths: readonly number[]): number =>
  slopeOf(lengths.map((steps) => ({ steps, cost: exactly(form(steps)) }))).mean;

const exactly = (mean: number): Mean => ({ mean, low: mean, high: mean, n: 1 });

/** Slopes of several trainings together: Student's t over them, which holds the variation between trainings. */
export const slopeOverSeeds = (slopes: readonly Mean[]): Mean => meanOfValues(slopes.map(({ mean }) => mean));
