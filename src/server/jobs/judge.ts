/** What a policy is worth, and when its gate asks for help: both from the same starts, which nobody drives in a page. */
import { openSampler, readingsOf, stac, type Watched, watch } from "../../algorithms/index.ts";
import { wilson } from "../../base/index.ts";
import { calibrate } from "../../evaluation/index.ts";
import { denoises, exportPolicy, modelOf, openPolicy, type Policy } from "../../policies/index.ts";
import type { PolicySummary } from "../../protocol/index.ts";
import { judgingSeeds, STUDIO_JUDGING } from "../../recipes/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import { findTask } from "../../tasks/index.ts";

/** Rows that the policy plans at once. */
const BATCH = 64;

export async function judgePolicy(
  policy: Policy,
  { threads }: { threads: number },
): Promise<Pick<PolicySummary, "success" | "gate">> {
  const { makeEnvironment } = findTask(policy.spec.task);
  const planner = await openPolicy(nodeRuntime({ threads }), exportPolicy(policy, { batch: BATCH }));
  let watched: Watched[];
  try {
    watched = await watch({ makeEnvironment, planner, seeds: judgingSeeds(), reads: "plan" });
  } finally {
    await planner.close();
  }
  const successes = watched.filter(({ episode }) => episode.info.success);
  const success = wilson(successes.length, watched.length);
  return { success, gate: await calibratedGate(policy, successes, threads) };
}

/**
 * STAC's threshold that a promised share of successes reaches; null for a head that draws nothing, whose plans do not
 * overlap, or that succeeded too rarely to tell (9 times for a tenth).
 */
async function calibratedGate(
  policy: Policy,
  successes: readonly Watched[],
  threads: number,
): Promise<PolicySummary["gate"]> {
  const { recipe, horizons } = policy.spec;
  const { observationHorizon: To, predictionHorizon: Tp, actionHorizon: Ta } = horizons;
  const overlaps = Tp - (To - 1) > Ta;
  if (!denoises(recipe.head.kind) || !overlaps || modelOf(policy.spec).noiseSize === 0) return null;
  const { samples, window, falseAlarms } = STUDIO_JUDGING;
  const score = stac(await openSampler(nodeRuntime({ threads }), policy, { samples }), { window });
  try {
    const { inconsistency } = await readingsOf(score, successes);
    const threshold = calibrate(inconsistency, falseAlarms);
    return Number.isFinite(threshold) ? { score: "stac", threshold, falseAlarms } : null;
  } finally {
    await score.close();
  }
}
