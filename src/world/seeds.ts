/** One episode seed feeds two independent random streams, so that a world does not change when the actor draws more. */
import { foldIn, type Key, randomKey } from "../base/index.ts";

/** The key of everything that the world draws in the episode of `seed`. */
export function worldKey(seed: number): Key {
  return foldIn(randomKey(seed), 0);
}

/** The key of everything that the actor draws in the episode of `seed`. */
export function actorKey(seed: number): Key {
  return foldIn(randomKey(seed), 1);
}
