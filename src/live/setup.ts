/** What a session is opened with. */
import { InputError } from "../base/index.ts";
import type { LivePolicy } from "../rollouts/index.ts";
import type { Observation, World } from "../world/index.ts";
import type { ForkPoint } from "./lane.ts";
import type { SessionObserver } from "./observer.ts";
import { checkPolicy } from "./offer.ts";

export interface SessionSetup {
  readonly makeWorld: () => World;
  /** The person drives from beginning to end, or the policy drives and the person may take over. */
  readonly part: "demonstrate" | "watch";
  /** Worlds side by side; more than one only to watch. */
  readonly lanes: number;
  readonly operator: string;
  /** Null only where the person demonstrates. */
  readonly policy: LivePolicy | null;
  /** Where the first episode of the lane in focus begins, instead of at a fresh seed. */
  readonly fork?: ForkPoint;
  /** A seed that no episode had. */
  readonly nextSeed: () => number;
  /** An id that no episode had. */
  readonly makeId: () => string;
  /** The action [Da] of a person who touches nothing; default: 0, as near as the bounds allow. */
  readonly neutral?: (observation: Observation) => ArrayLike<number>;
  readonly observer: SessionObserver;
}

/** Throws InputError where it does not fit together. */
export function checkSetup({ part, lanes, policy }: SessionSetup): void {
  if (!(Number.isInteger(lanes) && lanes >= 1)) throw new InputError(`lanes: found ${lanes}, expected 1 or more`);
  if (part === "demonstrate" && lanes > 1) {
    throw new InputError(`lanes: found ${lanes}, expected 1: a person drives one world at a time`);
  }
  if (part === "watch" && !policy) throw new InputError("policy: found none, expected one: there is nothing to watch");
  if (policy) checkPolicy(policy);
}
