/** Which episodes train and which are held out. Never by single rows: neighbours in time would leak. */
import { randomKey, randomStream } from "../base/index.ts";
import { type Dataset, spanOf } from "./dataset.ts";

export interface Split {
  /** [E]; the dataset's own, or with one more end where an episode was cut in two. */
  readonly episodeEnds: Int32Array;
  /** Indices of episodes, ascending. */
  readonly train: Int32Array;
  readonly validation: Int32Array;
}

/** Below this many episodes whole ones say too little about others like them: the end of the recording is held out. */
const FEWEST_FOR_EPISODES = 5;

/** By episode where there are at least five, else by time. `validationFraction` in (0, 1). */
export function splitDataset(
  { episodeEnds }: Pick<Dataset, "episodeEnds">,
  options: { validationFraction: number; seed: number },
): Split {
  return episodeEnds.length < FEWEST_FOR_EPISODES
    ? splitByTime(episodeEnds, options)
    : splitByEpisode(episodeEnds, options);
}

/**
 * The same share of what there is to be judged by: of the episodes in which one of these rows lies, where they are at least
 * five; else of the rows, the last ones. All other episodes are learned from. Throws RangeError for a single row.
 */
export function splitByRows(
  episodeEnds: Int32Array,
  rows: ArrayLike<number>,
  options: { validationFraction: number; seed: number },
): Split {
  const wanted = Int32Array.from(rows).sort();
  const isWanted = new Uint8Array(episodeEnds[episodeEnds.length - 1]);
  for (const row of wanted) isWanted[row] = 1;
  const holds = (episode: number) => {
    const { start, end } = spanOf(episodeEnds, episode);
    return isWanted.subarray(start, end).includes(1);
  };
  const judging = [...episodeEnds.keys()].filter(holds);
  if (judging.length < FEWEST_FOR_EPISODES) {
    const cut = wanted[wanted.length - heldOut(wanted.length, options.validationFraction, "steps")];
    return cutAt(episodeEnds, cut);
  }
  const chosen = splitByEpisode(Int32Array.from(judging.keys()), options).validation;
  const validation = Int32Array.from(chosen, (i) => judging[i]);
  const train = Int32Array.from(episodeEnds.keys()).filter((episode) => !validation.includes(episode));
  return { episodeEnds, train, validation };
}

/** Holds out a random share of the episodes, at least one, and leaves at least one. Throws RangeError for a single one. */
export function splitByEpisode(
  episodeEnds: Int32Array,
  { validationFraction, seed }: { validationFraction: number; seed: number },
): Split {
  const episodes = episodeEnds.length;
  const count = heldOut(episodes, validationFraction, "episodes");
  const order = randomStream(randomKey(seed)).permutation(episodes);
  return { episodeEnds, train: order.slice(count).sort(), validation: order.slice(0, count).sort() };
}

/** Holds out the last share of the rows; the episode in which the cut falls becomes two. */
export function splitByTime(episodeEnds: Int32Array, { validationFraction }: { validationFraction: number }): Split {
  const rows = episodeEnds[episodeEnds.length - 1];
  return cutAt(episodeEnds, rows - heldOut(rows, validationFraction, "steps"));
}

function cutAt(episodeEnds: Int32Array, cut: number): Split {
  const ends = Int32Array.from(new Set([...episodeEnds, cut])).sort();
  const episodes = Int32Array.from(ends.keys());
  return {
    episodeEnds: ends,
    train: episodes.filter((episode) => spanOf(ends, episode).end <= cut),
    validation: episodes.filter((episode) => spanOf(ends, episode).start >= cut),
  };
}

function heldOut(count: number, fraction: number, what: string): number {
  if (!(fraction > 0 && fraction < 1)) {
    throw new RangeError(`validationFraction: found ${fraction}, expected a number between 0 and 1`);
  }
  if (count < 2) throw new RangeError(`split: found ${count} ${what}, expected at least 2`);
  return Math.min(Math.max(1, Math.round(fraction * count)), count - 1);
}
