/** Who answers a gate: takes over when it asks, hands back when it no longer does. */
import type { Supervisor } from "../rollouts/index.ts";
import type { Actor } from "../world/index.ts";

export interface AnsweringOptions {
  /** s from an alarm to taking over; default 0. */
  readonly delay?: number;
}

/** `expert`, who drives while the gate asks for help, and gives labels where it drives or is asked. */
export function answeringSupervisor(expert: Actor, { delay = 0 }: AnsweringOptions = {}): Supervisor {
  let since: number | null = null;
  return {
    name: expert.name,
    reset(seed) {
      expert.reset(seed);
      since = null;
    },
    requests({ alarmed, phase, time }) {
      if (!alarmed) {
        since = null;
        return phase === "expert" ? ["handBack"] : [];
      }
      since ??= time;
      return phase !== "expert" && time - since >= delay ? ["takeOver"] : [];
    },
    async answer({ phase, observation }, asked) {
      return phase === "expert" || asked ? { label: await expert.act(observation) } : null;
    },
  };
}
