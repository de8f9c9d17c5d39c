/** One episode seed feeds independent random streams, so that a world does not change when the actor draws more. */
import { foldIn, type Key, randomKey } from "../base/index.ts";

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
