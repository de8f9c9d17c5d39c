/** Which of several lanes needs a person most: a number that compares them, the greater the sooner. */
import type { LiveLane, Readings } from "../rollouts/index.ts";

/** What a lane's gate goes by: the first reading of its rule that has a threshold; null where there is no gate. */
export interface Standing {
  /** Null where it has not read yet. */
  readonly score: number | null;
  readonly threshold: number;
}

export function standingOf({ policy }: LiveLane, readings: Readings): Standing | null {
  const first = policy?.gate && Object.entries(policy.gate.rule.thresholds)[0];
  return first ? { score: readings[first[0]] ?? null, threshold: first[1] } : null;
}

/**
 * An alarm comes first: 1 and more. Below that what the gate reads against its threshold; where there is no gate, how little the
 * policy's plans agree with one another. 0 to 1 each: half where the reading is at its threshold.
 */
export function needOf(alarmed: boolean, standing: Standing | null, disagreement: number): number {
  return (alarmed ? 1 : 0) + share(standing ? excess(standing) : disagreement);
}

const share = (value: number): number => (value === Number.POSITIVE_INFINITY ? 1 : value / (1 + value));

function excess({ score, threshold }: Standing): number {
  if (score === null || Number.isNaN(score)) return 0;
  return Math.max(0, threshold > 0 ? score / threshold : score - threshold);
}

export interface Disagreement {
  /** Of plans that followed one another recently: their mean distance per action, in shares of the action's range. */
  readonly value: number;
  /** To be told after each step. */
  note(lane: LiveLane): void;
}

/** Seconds in which what plans disagreed about counts for e times less. */
const MEMORY = 1;

/**
 * How much a policy changes its mind: the distance of each plan from the one before it over the steps that both plan; where
 * there are none, from the last action of the one to the first of the other. It fades in seconds.
 */
export function createDisagreement(): Disagreement {
  let before: { readonly step: number; readonly chunk: Float32Array } | null = null;
  let value = 0;
  return {
    get value() {
      return value;
    },
    note({ plan, policy, world: { spec } }) {
      value *= Math.exp(-1 / (MEMORY * spec.controlRate));
      if (!plan || !policy || plan.chunk === before?.chunk) return;
      const { observationHorizon, predictionHorizon } = policy.planner.horizons;
      const { low, high } = spec.action;
      const size = low.length;
      const ahead = predictionHorizon - observationHorizon + 1;
      if (before && before.chunk.length === plan.chunk.length) {
        // Both begin with the step in which they were planned.
        const shift = Math.min(plan.step - before.step, ahead - 1);
        const steps = Math.max(1, ahead - (plan.step - before.step));
        let sum = 0;
        for (let i = 0; i < steps * size; i++) {
          const there = (observationHorizon - 1) * size + i;
          const range = high[i % size] - low[i % size];
          sum += Math.abs(plan.chunk[there] - before.chunk[there + shift * size]) / range;
        }
        value = Math.max(value, sum / (steps * size));
      }
      before = plan;
    },
  };
}
