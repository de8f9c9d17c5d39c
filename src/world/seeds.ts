/** One episode seed feeds independent random streams, so that a world does not change when the actor draws more. */
import { foldIn, InputError, type Key, randomKey } from "../base/index.ts";

/** The key of everything that the world draws in the episode of `seed`. */
export function worldKey(seed: number): Key {
  return foldIn(randomKey(seed), 0);
}

/** The key of everything that the actor draws in the episode of `seed`. */
export function actorKey(seed: number): Key {
  return foldIn(randomKey(seed), 1);
}

/** The key of what is chosen before the episode of `seed` begins: who is to act in it. */
export function choiceKey(seed: number): Key {
  return foldIn(randomKey(seed), 2);
}

/** Where the seeds of each purpose begin, of the million that belong to one seed of an experiment. */
const PURPOSES = { demonstrations: 0, evaluation: 500_000, selection: 900_000 } as const;
const SEEDS_OF_ONE = 1_000_000;

/**
 * `count` episode seeds of an experiment's `seed`. Those of different purposes never meet: a policy is not judged on starts
 * that it was shown, nor on those by which its checkpoint was chosen. More of them go on where fewer end. Throws InputError
 * where there are not as many, and for a seed that is too large.
 */
export function episodeSeeds(purpose: keyof typeof PURPOSES, seed: number, count: number): number[] {
  const starts = [...Object.values(PURPOSES), SEEDS_OF_ONE];
  const start = PURPOSES[purpose];
  const most = starts[starts.indexOf(start) + 1] - start;
  if (!(Number.isInteger(count) && count >= 0 && count <= most)) {
    throw new InputError(`${purpose}: found ${count} episodes, expected 0 to ${most}`);
  }
  if (!(Number.isInteger(seed) && seed >= 0 && Number.isSafeInteger((seed + 1) * SEEDS_OF_ONE))) {
    throw new InputError(
      `seed: found ${seed}, expected an integer from 0 to ${Math.floor(2 ** 53 / SEEDS_OF_ONE) - 1}`,
    );
  }
  return Array.from({ length: count }, (_, index) => seed * SEEDS_OF_ONE + start + index);
}
