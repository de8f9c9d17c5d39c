/** Windows: which rows belong to one training example. Only indices, so that training gathers from resident columns. */
import { checkHorizons, type Horizons } from "../world/index.ts";
import { spanOf } from "./dataset.ts";

export interface Windows {
  readonly horizons: Horizons;
  /** W. */
  readonly count: number;
  /** [W, To] rows of the dataset, oldest first. The last of a window is the row at which its chunk is planned. */
  readonly observation: Int32Array;
  /** [W, Tp] rows of the dataset; index 0 belongs to the oldest observation. */
  readonly action: Int32Array;
  /** [W, Tp]: 1 where the action lies outside the episode and its first or last row stands in for it. */
  readonly padded: Uint8Array;
}

/**
 * All windows of the given episodes (all of them where none are named), episode by episode. In an episode of L steps a
 * window starts at every s in [-(To-1), L - Tp + (Ta-1)], which makes L - Tp + Ta + To - 1 of them, none in an episode too
 * short (ALGORITHMS.md 4.6). Rows before the first or after the last step repeat that step and never cross into another
 * episode. Repeating the last action means "stay" where actions are positions; where they are velocities, mask it.
 */
export function windowsOf(episodeEnds: Int32Array, horizons: Horizons, episodes?: ArrayLike<number>): Windows {
  checkHorizons(horizons);
  const { observationHorizon, predictionHorizon, actionHorizon } = horizons;
  const spans = Array.from(episodes ?? episodeEnds.keys(), (episode) => spanOf(episodeEnds, episode));
  const perEpisode = ({ start, end }: { start: number; end: number }) =>
    Math.max(0, end - start - predictionHorizon + actionHorizon + observationHorizon - 1);
  const count = spans.reduce((sum, span) => sum + perEpisode(span), 0);
  const observation = new Int32Array(count * observationHorizon);
  const action = new Int32Array(count * predictionHorizon);
  const padded = new Uint8Array(count * predictionHorizon);
  let window = 0;
  for (const span of spans) {
    const { start, end } = span;
    const afterLast = window + perEpisode(span);
    for (let first = start - (observationHorizon - 1); window < afterLast; window++, first++) {
      for (let i = 0; i < observationHorizon; i++) {
        observation[window * observationHorizon + i] = Math.max(start, first + i);
      }
      for (let i = 0; i < predictionHorizon; i++) {
        const row = Math.min(Math.max(start, first + i), end - 1);
        action[window * predictionHorizon + i] = row;
        padded[window * predictionHorizon + i] = row === first + i ? 0 : 1;
      }
    }
  }
  return { horizons, count, observation, action, padded };
}
