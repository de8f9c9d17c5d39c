/** Who of a fleet needs an operator most: the priorities that Hoque et al. 2022 compare (docs/algorithms/control.md, line 13). */
import { type RandomStream, randomKey, randomStream } from "../base/index.ts";
import type { Readings } from "../rollouts/index.ts";
import type { Priority } from "./allocation.ts";

/** A reading of the gate, and what it has to exceed to count at all. */
export interface Criterion {
  readonly reading: string;
  readonly threshold: number;
}

/** Constraint violation (it failed), uncertainty, risk. */
export type CriterionLetter = "C" | "U" | "R";

export interface CriteriaOptions {
  readonly uncertainty?: Criterion;
  readonly risk?: Criterion;
  /** Ticks in which those that failed come last, so that operators teach before they put right; default 0. */
  readonly warmUp?: number;
}

/**
 * One criterion after another, in the given order: "CUR" is C.U.R., "UC" is Fleet-EnsembleDAgger as its authors ran it, "C"
 * goes to those that failed only, "U" leaves them standing. Throws RangeError for a letter that has no criterion.
 */
export function criteriaPriority(order: string, { uncertainty, risk, warmUp = 0 }: CriteriaOptions = {}): Priority {
  const exceeding =
    ({ reading, threshold }: Criterion) =>
    (readings: Readings) =>
      readings[reading] > threshold ? readings[reading] : Number.NEGATIVE_INFINITY;
  const values: Partial<Record<string, (readings: Readings) => number>> = {
    ...(uncertainty && { U: exceeding(uncertainty) }),
    ...(risk && { R: exceeding(risk) }),
  };
  const letters = [...order];
  const unknown = letters.find((letter) => letter !== "C" && !values[letter]);
  if (order === "" || unknown !== undefined) {
    throw new RangeError(
      `priority "${order}": expected one or more of C, ${Object.keys(values).join(", ") || "nothing else"}`,
    );
  }
  return (needs, tick) =>
    needs.map(({ failed, readings }) => {
      const violation = failed ? (tick < warmUp ? -1 : 1) : 0;
      const urgency = letters.map((letter) => (letter === "C" ? violation : (values[letter]?.(readings) ?? 0)));
      const isUrgent = urgency.some((value, i) => (letters[i] === "C" ? value > 0 : Number.isFinite(value)));
      return isUrgent ? urgency : null;
    });
}

export interface ThriftyOptions {
  /** Names of the gate's readings. */
  readonly risk: string;
  readonly novelty: string;
  /** How much risk counts beside novelty; default 0.5. */
  readonly alpha?: number;
  /** What the weighted mean of both, as standard scores, has to exceed; default 0.15. */
  readonly threshold?: number;
}

/** Keeps a standard deviation of nothing from dividing by 0. */
const LEAST_DEVIATION = 1e-4;

/**
 * Fleet-ThriftyDAgger: alpha z(risk) + (1 - alpha) z(novelty), each as its standard score among all that was read so far in
 * the whole fleet; after those who exceed the threshold come those that failed.
 */
export function thriftyPriority({ risk, novelty, alpha = 0.5, threshold = 0.15 }: ThriftyOptions): Priority {
  const [risks, novelties] = [runningScore(), runningScore()];
  return (needs) => {
    for (const { readings } of needs) {
      risks.add(readings[risk]);
      novelties.add(readings[novelty]);
    }
    return needs.map(({ failed, readings }) => {
      const score = alpha * risks.scoreOf(readings[risk]) + (1 - alpha) * novelties.scoreOf(readings[novelty]);
      const counts = score > threshold;
      return counts || failed ? [counts ? score : 0, failed ? 1 : 0] : null;
    });
  };
}

/** Standard scores among all values so far; what was not read does not count, and scores NaN. */
function runningScore() {
  let [count, mean, squares] = [0, 0, 0];
  return {
    add(value: number | undefined) {
      if (value === undefined) return;
      count += 1;
      const away = value - mean;
      mean += away / count;
      squares += away * (value - mean);
    },
    scoreOf: (value: number | undefined): number =>
      value === undefined ? Number.NaN : (value - mean) / (Math.sqrt(squares / count) + LEAST_DEVIATION),
  };
}

export interface RandomOptions {
  readonly seed: number;
  /** Of how many operators are busy, on average; default: all of them. */
  readonly busy: number;
}

/** Anybody, so that `busy` operators are: whose operator stays counts among them. */
export function randomPriority({ seed, busy }: RandomOptions): Priority {
  const random: RandomStream = randomStream(randomKey(seed));
  return (needs) => {
    const wanted = Math.floor(busy) + (random.uniform() < busy - Math.floor(busy) ? 1 : 0);
    const order = random.permutation(needs.length);
    const others = [...order].filter((policy) => !needs[policy].held);
    const chosen = new Set(others.slice(0, Math.max(0, wanted - (needs.length - others.length))));
    return needs.map((_, policy) => (chosen.has(policy) ? [] : null));
  };
}
