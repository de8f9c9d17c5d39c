/** Chunks that a policy plans for one and the same history: what it would do, and what else. */
import { foldIn, randomKey } from "../../base/index.ts";
import type { BatchActor } from "../../world/index.ts";

/**
 * `count` chunks for one history [To, Do], each with a key of its own made from `seed`. Each is cut to what lies ahead, [Tp - To + 1, Da]:
 * the actions from now on (ALGORITHMS.md 4.6).
 */
export async function sampleChunks(
  actor: BatchActor,
  history: Float32Array,
  count: number,
  seed: number,
): Promise<Float32Array[]> {
  const { observationHorizon, predictionHorizon } = actor.horizons;
  const histories = new Float32Array(count * history.length);
  for (let row = 0; row < count; row++) histories.set(history, row * history.length);
  const keys = Array.from({ length: count }, (_, row) => foldIn(randomKey(seed), row));
  const planned = await actor.plan(histories, keys);
  const width = planned.length / count;
  const size = width / predictionHorizon;
  return keys.map((_, row) => planned.slice(row * width + (observationHorizon - 1) * size, (row + 1) * width));
}
