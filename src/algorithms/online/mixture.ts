/** Mixtures of policies: SMILe's stochastic one (Ross and Bagnell 2010; docs/algorithms/dagger.md). */
import { pickRows, randomStream } from "../../base/index.ts";
import type { BatchActor } from "../../world/index.ts";

/** SMILe's weights after n rounds: of the expert (1 - alpha)^n, of policy i (1 <= i <= n) alpha (1 - alpha)^(i-1). */
export function smileWeights(alpha: number, rounds: number): { expert: number; policies: number[] } {
  if (!(alpha > 0 && alpha <= 1)) throw new RangeError(`alpha: found ${alpha}, expected above 0, at most 1`);
  return {
    expert: (1 - alpha) ** rounds,
    policies: Array.from({ length: rounds }, (_, i) => alpha * (1 - alpha) ** i),
  };
}

/**
 * A planner that draws, for every plan by its key, which of the policies makes it. All must have the same horizons. Throws
 * RangeError where weights are not as many as the policies, or sum to nothing.
 */
export function mixturePlanner(planners: readonly BatchActor[], weights: readonly number[]): BatchActor {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (weights.length !== planners.length || planners.length === 0 || !(total > 0)) {
    throw new RangeError(`mixture: found ${planners.length} policies and weights [${weights.join(", ")}]`);
  }
  const [{ horizons, controller }] = planners;
  return {
    name: `mixture of ${planners.length}`,
    controller,
    horizons,
    async plan(histories, keys) {
      const width = histories.length / keys.length;
      const chosen = keys.map((key) => draw(weights, total * randomStream(key).uniform()));
      let chunks: Float32Array | null = null;
      for (const [i, planner] of planners.entries()) {
        const rows = chosen.flatMap((choice, row) => (choice === i ? [row] : []));
        if (rows.length === 0) continue;
        const own = rows.map((row) => keys[row]);
        const planned = await planner.plan(pickRows(histories, width, rows), own);
        const size = planned.length / rows.length;
        chunks ??= new Float32Array(keys.length * size);
        for (const [at, row] of rows.entries()) chunks.set(planned.subarray(at * size, (at + 1) * size), row * size);
      }
      return chunks ?? new Float32Array(0);
    },
  };
}

function draw(weights: readonly number[], point: number): number {
  let sum = 0;
  const found = weights.findIndex((weight) => {
    sum += weight;
    return point < sum;
  });
  return found < 0 ? weights.length - 1 : found;
}
