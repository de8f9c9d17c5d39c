/** A policy in many episodes side by side: it is asked in every step of each, as in a rollout, and under the same keys. */
import { foldIn, type Key } from "../../base/index.ts";
import type { ManyEpisodes } from "../../environments/index.ts";
import type { PolicyActor } from "../../policies/index.ts";
import { actorKey, type Box } from "../../world/index.ts";

export interface PlayOptions {
  /** One per episode of `many`, as it was made with. */
  readonly seeds: readonly number[];
  readonly steps: number;
  /** The right action of a state, from its observation at `place`. */
  readonly right: (observations: Float32Array, place: number) => number;
  /** Who moves the world: the policy is asked either way. */
  readonly driver: "policy" | "expert";
  /** What was seen [E, Do], and what the policy answered [E], in each step. */
  readonly onAsked?: (observations: Float32Array, actions: Float32Array) => void;
}

/**
 * What each episode costs in all, [E]. For worlds with one action dimension and policies that look at one observation and
 * plan one action.
 */
export async function play(planner: PolicyActor, many: ManyEpisodes, options: PlayOptions): Promise<Float64Array> {
  const { seeds, steps, right, driver, onAsked } = options;
  const { count, spec } = many;
  const size = planner.metadata.observation.names.length;
  const { observationHorizon, predictionHorizon } = planner.horizons;
  if (seeds.length !== count || observationHorizon * predictionHorizon * spec.action.names.length !== 1) {
    throw new RangeError(`play: found ${seeds.length} seeds for ${count} episodes, or a policy of chunks`);
  }
  const episodeKeys = seeds.map(actorKey);
  const observations = new Float32Array(count * size);
  const costs = new Float64Array(count);
  const totals = new Float64Array(count);
  // a policy without chance is handed keys that it does not look at
  const draws = planner.metadata.noiseSize > 0;
  let keys: readonly Key[] = episodeKeys;
  for (let step = 0; step < steps; step++) {
    many.observe(observations);
    if (draws) keys = episodeKeys.map((key) => foldIn(key, step));
    const actions = await planner.plan(observations, keys);
    clampInto(spec.action, actions);
    onAsked?.(observations, actions);
    if (driver === "expert") for (let i = 0; i < count; i++) actions[i] = right(observations, i * size);
    many.step(actions, costs);
    for (let i = 0; i < count; i++) totals[i] += costs[i];
  }
  return totals;
}

function clampInto({ low: [low], high: [high] }: Box, actions: Float32Array): void {
  for (let i = 0; i < actions.length; i++) actions[i] = Math.min(Math.max(actions[i], low), high);
}
