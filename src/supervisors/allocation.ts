/** Which of M operators stands by which of N policies, and for how long (docs/algorithms/control.md, lines 12 to 14). */
import { randomKey, randomStream } from "../base/index.ts";
import type { Readings } from "../rollouts/index.ts";

/** A policy of a fleet, as an allocation sees it. */
export interface FleetPlace {
  /** It failed: its world stands until an operator has put it right. */
  readonly failed: boolean;
  /** An operator has begun to, and has not finished. */
  readonly resetting: boolean;
  /** What the gate read there last. */
  readonly readings: Readings;
}

/** What a priority goes by: the place, and whether its operator stays anyway. */
export interface FleetNeed extends FleetPlace {
  readonly held: boolean;
}

/**
 * How urgent each need is, asked once in every tick from 0: numbers that are compared one after another, greater first; null
 * where nobody is needed.
 */
export type Priority = (needs: readonly FleetNeed[], tick: number) => readonly (readonly number[] | null)[];

export interface AllocationOptions {
  readonly policies: number;
  readonly operators: number;
  readonly priority: Priority;
  /** Ticks that an operator stays at least. */
  readonly leastStay: number;
  /** Of the numbers that decide between equals. */
  readonly seed: number;
}

export interface Allocation {
  /** To be called once in every tick: the operator (0 to M - 1) of each policy, null where none is. */
  next(places: readonly FleetPlace[]): readonly (number | null)[];
}

/** Nobody stands by anybody at first. Throws RangeError for numbers that are no counts. */
export function createAllocation({ policies, operators, priority, leastStay, seed }: AllocationOptions): Allocation {
  checkCounts({ policies, leastStay }, 1);
  checkCounts({ operators }, 0);
  const ties = randomStream(randomKey(seed));
  const operatorAt = new Array<number | null>(policies).fill(null);
  const stayed = new Int32Array(operators);
  let tick = 0;

  const isHeld = ({ resetting }: FleetPlace, policy: number): boolean => {
    const operator = operatorAt[policy];
    return operator !== null && (resetting || stayed[operator] < leastStay);
  };
  const choose = (held: readonly boolean[], urgencies: ReturnType<Priority>): Set<number> => {
    const free = operators - held.filter(Boolean).length;
    const ranked = urgencies.flatMap((urgency, policy) => {
      const tie = ties.uniform();
      return urgency === null || held[policy] ? [] : [{ policy, urgency: [...urgency, tie] }];
    });
    ranked.sort((a, b) => compare(b.urgency, a.urgency));
    return new Set(ranked.slice(0, free).map(({ policy }) => policy));
  };

  return {
    next(places) {
      if (places.length !== policies)
        throw new RangeError(`fleet: found ${places.length} places, expected ${policies}`);
      const held = places.map(isHeld);
      const needs = places.map((place, policy) => ({ ...place, held: held[policy] }));
      const chosen = choose(held, priority(needs, tick++));
      // Who stands by one of the chosen stays there; the others go, and whoever is free takes the first that has nobody.
      for (let policy = 0; policy < policies; policy++) {
        if (!held[policy] && !chosen.has(policy)) operatorAt[policy] = null;
      }
      for (const policy of chosen) {
        if (operatorAt[policy] !== null) continue;
        const operator = stayed.findIndex((_, one) => !operatorAt.includes(one));
        operatorAt[policy] = operator;
        stayed[operator] = 0;
      }
      for (const operator of operatorAt) if (operator !== null) stayed[operator] += 1;
      return [...operatorAt];
    },
  };
}

/** By the first number in which they differ. */
function compare(a: readonly number[], b: readonly number[]): number {
  const i = a.findIndex((value, i) => value !== b[i]);
  return i < 0 ? 0 : a[i] - b[i];
}

/** Throws RangeError where one of them is not an integer of `least` or more. */
export function checkCounts(counts: Readonly<Record<string, number>>, least: number): void {
  for (const [name, count] of Object.entries(counts)) {
    if (!(Number.isInteger(count) && count >= least)) {
      throw new RangeError(`fleet: ${name}: found ${count}, expected an integer >= ${least}`);
    }
  }
}
