/** What auxiliary models learn from: the histories of recorded steps. */
import { type Dataset, rowsOf } from "../../datasets/index.ts";

type Recorded = Pick<Dataset, "observation" | "episodeEnds">;

/**
 * `[N, To, Do]`, one history for each of the N rows of some episodes (all where none are named), in their order: the last
 * To observations up to it, oldest first, the first of the episode repeated before its beginning.
 */
export function historiesOf(
  { observation, episodeEnds }: Recorded,
  observationHorizon: number,
  episodes: ArrayLike<number> = episodeEnds.map((_, episode) => episode),
): Float32Array {
  const size = observation.names.length;
  const histories = new Float32Array(rowsOf(episodeEnds, episodes).length * observationHorizon * size);
  let next = 0;
  for (const episode of Array.from(episodes)) {
    const start = episode === 0 ? 0 : episodeEnds[episode - 1];
    for (let row = start; row < episodeEnds[episode]; row++) {
      for (let back = observationHorizon - 1; back >= 0; back--, next += size) {
        const from = Math.max(start, row - back) * size;
        histories.set(observation.values.subarray(from, from + size), next);
      }
    }
  }
  return histories;
}
