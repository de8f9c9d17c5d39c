/** How widely the policy's plans are spread (action-chunk entropy: FIPER, Römer et al. 2025). */
import type { GateMoments } from "../../rollouts/index.ts";
import type { Sampler } from "./samples.ts";
import { type OpenScore, remembering } from "./score.ts";

export interface EntropyOptions {
  /** Edge of a cell as a part of the range [-1, 1] of a normalised action; default 0.1. */
  readonly cell?: number;
  /** Plans whose entropies are added up; default 1. */
  readonly window?: number;
}

/**
 * Reads `entropy`, bits: of the cells of a grid in which the sampled actions of a step fall, all dimensions together, on
 * average over the steps of the chunk. At most log2 of the number of samples, which is reached where cells are too small.
 */
export function chunkEntropy(sampler: Sampler, { cell = 0.1, window = 1 }: EntropyOptions = {}): OpenScore {
  const { spec } = sampler.policy;
  const { predictionHorizon: Tp } = spec.horizons;
  const size = spec.action.names.length;
  const judge = async ({ histories, keys }: GateMoments) => {
    const drawn = await sampler.draw(histories, keys);
    return Float32Array.from(keys, (_, row) => {
      let bits = 0;
      for (let place = 0; place < Tp; place++) {
        const actions = new Float32Array(sampler.samples * size);
        for (let s = 0; s < sampler.samples; s++) {
          const from = ((row * sampler.samples + s) * Tp + place) * size;
          actions.set(drawn.subarray(from, from + size), s * size);
        }
        bits += entropyOfCells(actions, size, 2 * cell);
      }
      return bits / Tp;
    });
  };
  return {
    name: "chunk-entropy",
    readings: ["entropy"],
    asksExpert: "never",
    ...remembering({ oncePerPlan: true, window }, judge),
    close: () => sampler.close(),
  };
}

/** Shannon's entropy, bits, of the cells of edge `edge` in which points `[S, size]` fall. */
export function entropyOfCells(points: Float32Array, size: number, edge: number): number {
  const counts = new Map<string, number>();
  const total = points.length / size;
  for (let i = 0; i < total; i++) {
    const cell = points
      .subarray(i * size, (i + 1) * size)
      .map((value) => Math.floor(value / edge))
      .join();
    counts.set(cell, (counts.get(cell) ?? 0) + 1);
  }
  let bits = 0;
  for (const count of counts.values()) bits -= (count / total) * Math.log2(count / total);
  return bits;
}
