/** Who answers a gate: takes over when it asks, hands back when it no longer does. */
import type { Supervisor } from "../rollouts/index.ts";
import type { Actor } from "../world/index.ts";
import { askingOnce } from "./asking.ts";
import { hasElapsed } from "./elapsed.ts";

export interface AnsweringOptions {
  /** s from an alarm to taking over; default 0. */
  readonly delay?: number;
}

/**
 * `expert`, who drives while the gate asks for help, and gives labels where it drives or is asked. An alarm that is over
 * within the delay is not answered. Throws RangeError for a negative delay.
 */
export function answeringSupervisor(expert: Actor, { delay = 0 }: AnsweringOptions = {}): Supervisor {
  if (!(delay >= 0)) throw new RangeError(`delay: found ${delay}, expected 0 or more`);
  const asking = askingOnce(expert);
  let since: number | null = null;
  return {
    name: expert.name,
    reset(seed) {
      asking.reset(seed);
      since = null;
    },
    requests({ alarmed, phase, time }) {
      if (!alarmed) {
        since = null;
        return phase === "expert" ? ["handBack"] : [];
      }
      since ??= time;
      return phase !== "expert" && hasElapsed(delay, since, time) ? ["takeOver"] : [];
    },
    answer: asking.whereDriving,
  };
}
