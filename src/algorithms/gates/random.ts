/** Asking by chance: what every other score is to be better than. */
import { randomStream } from "../../base/index.ts";
import type { GateScore } from "../../rollouts/index.ts";

/** Reads `chance`, uniform between 0 and 1, whatever happens: above 1 - alpha in a share alpha of the moments. */
export const randomQueries = (): GateScore => ({
  name: "random",
  readings: ["chance"],
  asksExpert: "never",
  start: () => {},
  read: ({ keys }) => Float32Array.from(keys, (key) => randomStream(key).uniform()),
});
