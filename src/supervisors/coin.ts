/** DAgger's mixture: at every decision a coin says who drives, and the expert labels every state (Ross et al. 2011). */
import { foldIn, type RandomStream, randomStream } from "../base/index.ts";
import type { Supervisor } from "../rollouts/index.ts";
import { type Actor, actorKey } from "../world/index.ts";
import { STREAMS } from "./streams.ts";

export interface CoinOptions {
  /** Probability that the expert drives from one decision to the next. */
  readonly beta: number;
  /** Steps from one decision to the next: 1, or the action horizon of a policy that plans chunks. */
  readonly every: number;
  /**
   * Where the policy drives, steps from one label to the next; default 1. Neighbouring states are nearly the same: as many
   * labels further apart reach more different ones (docs/algorithms/dagger.md, "Settings").
   */
  readonly labelEvery?: number;
}

/**
 * `expert` beside a policy: pi = beta pi* + (1 - beta) pi_i, the coin thrown in every decision, never once per episode. Its
 * label is given at every step that it drives, and at every `labelEvery`-th of the policy's. With beta 0 it only labels: shadow
 * labelling. Throws RangeError for a beta outside [0, 1] and for counts below 1.
 */
export function coinSupervisor(expert: Actor, { beta, every, labelEvery = 1 }: CoinOptions): Supervisor {
  if (!(beta >= 0 && beta <= 1)) throw new RangeError(`beta: found ${beta}, expected 0 to 1`);
  for (const [name, steps] of Object.entries({ every, labelEvery })) {
    if (!(Number.isInteger(steps) && steps >= 1))
      throw new RangeError(`${name}: found ${steps}, expected an integer >= 1`);
  }
  let coin: RandomStream;
  return {
    name: expert.name,
    reset(seed) {
      expert.reset(seed);
      coin = randomStream(foldIn(actorKey(seed), STREAMS.coin));
    },
    requests: ({ step }) => (step % every === 0 ? [coin.uniform() < beta ? "takeOver" : "handBack"] : []),
    async answer({ step, phase, observation }, asked) {
      const isDue = step % labelEvery === 0 || phase === "expert" || asked;
      return isDue ? { label: await expert.act(observation) } : null;
    },
  };
}
