/** DART (Laskey et al. 2017): the expert drives under noise that it did not intend, and what it intended is the label. */
import { foldIn, type RandomStream, randomStream } from "../base/index.ts";
import type { Supervisor } from "../rollouts/index.ts";
import { type Actor, actorKey } from "../world/index.ts";
import { STREAMS } from "./streams.ts";

/**
 * `expert` in control from the first step; it executes its label plus noise of the covariance L Lᵀ, L `[Da, Da]` by rows.
 * Throws RangeError where L has not as many rows as actions have numbers, or a row is not as long.
 */
export function disturbedSupervisor(expert: Actor, factor: readonly (readonly number[])[]): Supervisor {
  const size = factor.length;
  const other = factor.find((row) => row.length !== size);
  if (other) throw new RangeError(`disturbance: found a row of ${other.length} numbers in a factor of ${size} rows`);
  let noise: RandomStream;
  return {
    name: expert.name,
    reset(seed) {
      expert.reset(seed);
      noise = randomStream(foldIn(actorKey(seed), STREAMS.disturbance));
    },
    requests: ({ phase }) => (phase === "expert" ? [] : ["takeOver"]),
    async answer({ observation }) {
      const label = await expert.act(observation);
      if (label.length !== size) {
        throw new RangeError(`disturbance: found a factor of ${size} rows, expected ${label.length}`);
      }
      const drawn = factor.map(() => noise.normal());
      const action = label.map((value, i) => value + factor[i].reduce((sum, f, j) => sum + f * drawn[j], 0));
      return { label, action };
    },
  };
}
