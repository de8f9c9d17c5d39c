/** How many threads a command starts where it is not told. */
import { availableParallelism } from "node:os";

/** Episodes below which a further thread takes longer to start than it saves. */
const WORTH = 25;

/** As many as there are cores, at most 8, and no more than have 25 episodes each. */
export function defaultWorkers(episodes: number): number {
  return Math.max(1, Math.min(availableParallelism(), 8, Math.floor(episodes / WORTH)));
}
