/** Which policy the next episode goes by, and which others are still gone by. */
import { InputError } from "../base/index.ts";
import type { LivePolicy } from "../rollouts/index.ts";
import type { SessionObserver } from "./observer.ts";

export interface Offer {
  /** Null where there is none, or it has failed. */
  readonly policy: LivePolicy | null;
  /** From now on this one. */
  make(policy: LivePolicy): void;
  /** Nobody is to go by it any more. */
  withdraw(policy: LivePolicy | null): void;
  /** A lane goes by it now. */
  use(policy: LivePolicy): void;
  /** Tells of those that nobody goes by. */
  release(isUsed: (policy: LivePolicy) => boolean): void;
}

export function createOffer(first: LivePolicy | null, observer: SessionObserver): Offer {
  let policy = first;
  const known = new Set<LivePolicy>(first ? [first] : []);
  const used = new Set<LivePolicy>();
  return {
    get policy() {
      return policy;
    },
    make(next) {
      known.add(next);
      policy = next;
    },
    withdraw(one) {
      if (policy === one) policy = null;
    },
    use(one) {
      if (used.has(one)) return;
      used.add(one);
      observer.swapped(one);
    },
    release(isUsed) {
      for (const one of known) {
        if (one === policy || isUsed(one)) continue;
        known.delete(one);
        used.delete(one);
        observer.released(one);
      }
    },
  };
}

/** Throws InputError for a policy that cannot be gone by with a person beside it. */
export function checkPolicy({ gate }: LivePolicy): void {
  if (gate?.score.asksExpert !== "always") return;
  throw new InputError(
    `gate: ${gate.score.name} asks the expert in every step, expected one that does not: it is a person`,
  );
}
