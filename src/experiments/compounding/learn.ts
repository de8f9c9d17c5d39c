/** Policies for the small worlds: cloned from the expert's states, or from their own, by labels that are sometimes wrong. */
import type { Policy } from "../../policies/index.ts";
import { supervise } from "../../rollouts/index.ts";
import { coinSupervisor } from "../../supervisors/index.ts";
import { type BatchActor, type Episode, episodeSeeds } from "../../world/index.ts";
import { clone, dagger, type Learning } from "./dagger.ts";
import { slipping } from "./labels.ts";
import { BATCH_SIZE, ONE_STEP, optimizerOf, ROUNDS, SMALL_WORLDS, type TheoryCell } from "./settings.ts";

/** The policy of a cell for one of its seeds: BC's episodes are the expert's, DAgger's as many, a share of them in each round. */
export async function learn(cell: TheoryCell, seed: number, signal: AbortSignal): Promise<Policy> {
  const { world, method, demonstrations, updates } = cell;
  const seeds = episodeSeeds("demonstrations", seed, demonstrations);
  const learning: Learning = {
    policy: SMALL_WORLDS[world].policy,
    horizons: ONE_STEP,
    observation: "limits",
    optimizer: optimizerOf(method, updates),
    batchSize: BATCH_SIZE,
    updates,
    seed,
    signal,
  };
  if (method !== "dagger") return clone(await record(cell, seeds, null), learning);
  const share = Math.ceil(demonstrations / ROUNDS);
  const inRound = (planner: BatchActor | null, round: number) =>
    record(cell, seeds.slice(round * share, (round + 1) * share), planner);
  return (await dagger({ rounds: ROUNDS, record: inRound, together: share, learning })).policy;
}

/** Episodes of the greatest length in which every state is labelled; driven by the policy, or where there is none by the expert. */
export function record(
  { world, lengths }: Pick<TheoryCell, "world" | "lengths">,
  seeds: readonly number[],
  planner: BatchActor | null,
): Promise<Episode[]> {
  const { make, expert, slip } = SMALL_WORLDS[world];
  const beta = planner ? 0 : 1;
  return supervise(() => make(Math.max(...lengths)), planner ?? NOBODY, seeds, {
    makeSupervisor: () => slipping(coinSupervisor(expert(), { beta, every: 1 }), slip),
  });
}

/** Stands where a policy would: what it plans in the first step is dropped, for the expert drives from there to the end. */
const NOBODY: BatchActor = {
  name: "nobody",
  controller: "policy",
  horizons: ONE_STEP,
  plan: (_, keys) => new Float32Array(keys.length),
};
