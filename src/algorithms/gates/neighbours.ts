/** How far the observations are from those that the policy was trained on: no model, and nothing to train. */
import { pickRows, randomKey, randomStream } from "../../base/index.ts";
import type { PolicySpec } from "../../policies/index.ts";
import type { GateScore } from "../../rollouts/index.ts";
import { normalised } from "./score.ts";

export interface NeighbourOptions {
  /** Which of the nearest histories is looked at; default the 5th. */
  readonly nearest?: number;
  /** Histories that are kept, drawn at random; default 5000. */
  readonly most?: number;
  readonly seed?: number;
}

/**
 * Reads `distance`, the root mean square over the normalised numbers of a history of how far it is from its k-th nearest
 * among those `[N, To, Do]` of the training data (Sun et al. 2022, for classifiers). Throws RangeError for fewer than k.
 */
export function neighbourDistance(
  spec: PolicySpec,
  histories: Float32Array,
  { nearest = 5, most = 5000, seed = 0 }: NeighbourOptions = {},
): GateScore {
  const size = spec.horizons.observationHorizon * spec.observation.names.length;
  const { normaliser } = spec.observation;
  const points = normalised(drawn(histories, { size, most, seed }), normaliser);
  if (!(Number.isInteger(nearest) && nearest >= 1 && nearest * size <= points.length)) {
    throw new RangeError(`nearest: found ${nearest}, expected 1 to ${points.length / size}`);
  }
  return {
    name: "neighbours",
    readings: ["distance"],
    asksExpert: "never",
    start: () => {},
    read({ histories: seen, keys }) {
      const queries = normalised(seen, normaliser);
      return Float32Array.from(keys, (_, row) => {
        const query = queries.subarray(row * size, (row + 1) * size);
        return Math.sqrt(kthSmallestSquare(points, query, nearest) / size);
      });
    },
  };
}

function drawn(histories: Float32Array, { size, most, seed }: { size: number; most: number; seed: number }) {
  const count = histories.length / size;
  if (count <= most) return histories;
  return pickRows(histories, size, randomStream(randomKey(seed)).permutation(count).subarray(0, most));
}

/** Of the squared distances of a query to all points, the k-th smallest; a point is left as soon as it is too far. */
function kthSmallestSquare(points: Float32Array, query: Float32Array, k: number): number {
  const best = new Float64Array(k).fill(Number.POSITIVE_INFINITY);
  for (let from = 0; from < points.length; from += query.length) {
    let square = 0;
    for (let i = 0; i < query.length && square < best[k - 1]; i++) {
      const difference = points[from + i] - query[i];
      square += difference * difference;
    }
    if (square >= best[k - 1]) continue;
    let place = k - 1;
    for (; place > 0 && best[place - 1] > square; place--) best[place] = best[place - 1];
    best[place] = square;
  }
  return best[k - 1];
}
