/** dagger-driving: what an expert's step is worth when it is asked before, during or instead of the policy's own driving. */
import type { RecipePart } from "../../recipes/index.ts";

/**
 * - `clone`: more demonstrations. `dagger`: labels in every state the policy visits. `hg-dagger`: a model of an operator takes
 *   over and hands back. `iwr`, `sirius`: the same operator, its steps weighted otherwise. `smile`, `dart`.
 */
export const METHODS = ["clone", "dagger", "hg-dagger", "iwr", "sirius", "smile", "dart"] as const;
export type Method = (typeof METHODS)[number];

/** Settings were chosen on seeds 50 and 51. */
export const SEEDS = [1, 2, 3] as const;
export const EVALUATION_SEED = 7;
export const EPISODES = 500;
const ROUNDS = 10;
/** Expert's steps of a round, after which it ends. */
const BUDGET = 6000;
/** s from noticing to acting, of operators that are slower than the attentive one of `hg-dagger` (0.25 s). */
export const DELAYS = [0.5, 1, 2] as const;

export const TASK = "driving";
export const EXPERT = "left";

/** A type alias, so that it can be cloned into a thread as data. */
export type Cell = {
  readonly method: Method | "expert";
  readonly seed: number;
  /** Of the operator, s; null where the method has none, or the usual. */
  readonly delay: number | null;
  readonly episodes: number;
  /** Folder of the cell's run, which goes on where it was stopped. */
  readonly run: string;
  /** Fields of the recipe that are chosen otherwise: for tests. */
  readonly over?: { readonly [field: string]: number };
};

/** The most episodes of a round: an operator who is rarely needed would drive along for ever. */
const MOST_EPISODES: Readonly<Record<"asked" | "watching", number>> = { asked: 20, watching: 40 };

export function recipeOf({ method, seed, delay, over }: Cell): RecipePart {
  const watches = method === "hg-dagger" || method === "iwr" || method === "sirius";
  return {
    algorithm: method === "iwr" || method === "sirius" ? "hg-dagger" : method,
    ...(method === "iwr" || method === "sirius" ? { weighting: method } : {}),
    expert: EXPERT,
    rounds: ROUNDS,
    demonstrations: 10,
    episodes: watches ? MOST_EPISODES.watching : MOST_EPISODES.asked,
    budget: BUDGET,
    ...(delay !== null && { operator: { reactionDelay: delay } }),
    // warm, observations stay normalised by the first demonstrations: on seeds 50 to 52 that learned slower
    start: "scratch",
    selection: 50,
    seed,
    ...over,
  };
}
