/** DAgger's rounds (Ross et al. 2011, Algorithm 3.1), with beta 1 in the first and 0 afterwards: the paper's parameter-free choice. */
import { type CloneOptions, cloneRecorded } from "../../algorithms/index.ts";
import type { Normalisation } from "../../datasets/index.ts";
import { exportPolicy, openPolicy, type Policy, type PolicySpec } from "../../policies/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import type { BatchActor, Episode } from "../../world/index.ts";

/** How a policy is learned from episodes whose states are all labelled, the expert's own included. */
export interface Learning
  extends Pick<CloneOptions, "policy" | "horizons" | "padding" | "optimizer" | "batchSize" | "updates"> {
  readonly observation: Normalisation;
  readonly seed: number;
  readonly signal: AbortSignal;
}

/** A policy of these episodes; with the spec of an earlier one, or a new one fitted to them. */
export async function clone(episodes: readonly Episode[], learning: Learning, spec?: PolicySpec): Promise<Policy> {
  const aggregation = { weighting: "expert" } as const;
  return (await cloneRecorded(episodes, { ...learning, aggregation, spec, runtime: nodeRuntime({ threads: 1 }) }))
    .policy;
}

export interface DaggerOptions {
  readonly rounds: number;
  /** Episodes of a round, all states labelled: driven by the expert in round 0, where there is no policy, later by the policy. */
  readonly record: (planner: BatchActor | null, round: number) => Promise<readonly Episode[]>;
  /** Environments that the planner is asked about at once. */
  readonly together: number;
  readonly learning: Learning;
}

/** From the seed of one round's training to that of the next. */
const SEED_STRIDE = 1000;

/** The last round's policy, and all episodes that it was learned from. */
export async function dagger(options: DaggerOptions): Promise<{ policy: Policy; episodes: readonly Episode[] }> {
  const { rounds, record, together, learning } = options;
  const episodes = [...(await record(null, 0))];
  let policy = await clone(episodes, learning);
  for (let round = 1; round < rounds; round++) {
    const planner = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch: together }));
    try {
      episodes.push(...(await record(planner, round)));
    } finally {
      await planner.close();
    }
    policy = await clone(episodes, { ...learning, seed: learning.seed + SEED_STRIDE * round }, policy.spec);
  }
  return { policy, episodes };
}
