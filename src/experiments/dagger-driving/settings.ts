/** dagger-driving: what an expert's step is worth when it is asked before, during or instead of the policy's own driving. */
import type { Algorithm, RecipePart } from "../../recipes/index.ts";

/**
 * - `clone`: more demonstrations. `dagger`: labels in every fourth state that the policy visits; `dagger-every-step`: in every
 *   one, so that as many labels are of a quarter of the episodes. `hg-dagger`: a model of an operator takes over and hands
 *   back. `iwr`, `sirius`: the same operator, its steps weighted otherwise. `smile`, `dart`.
 */
export const METHODS = ["clone", "dagger", "dagger-every-step", "hg-dagger", "iwr", "sirius", "smile", "dart"] as const;
export type Method = (typeof METHODS)[number];

/** Settings were chosen on seeds 50 to 55, judged on episodes of another seed. */
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

/** How a method is run: who supervises, the most episodes of a round (the budget ends most of them before), and what else differs. */
const WAYS: Readonly<Record<Method, { readonly algorithm: Algorithm; readonly episodes: number } & RecipePart>> = {
  clone: { algorithm: "clone", episodes: 20 },
  dagger: { algorithm: "dagger", episodes: 80, labelEvery: 4 },
  "dagger-every-step": { algorithm: "dagger", episodes: 20, labelEvery: 1 },
  // an operator who is rarely needed would watch for ever
  "hg-dagger": { algorithm: "hg-dagger", episodes: 40 },
  iwr: { algorithm: "hg-dagger", episodes: 40, weighting: "iwr" },
  sirius: { algorithm: "hg-dagger", episodes: 40, weighting: "sirius" },
  smile: { algorithm: "smile", episodes: 80, labelEvery: 4 },
  dart: { algorithm: "dart", episodes: 20 },
};

export function recipeOf({ method, seed, delay, over }: Cell): RecipePart {
  if (method === "expert") throw new Error("the expert does not learn");
  return {
    ...WAYS[method],
    expert: EXPERT,
    rounds: ROUNDS,
    demonstrations: 10,
    budget: BUDGET,
    ...(delay !== null && { operator: { reactionDelay: delay } }),
    // warm, observations stay normalised by the first demonstrations: on seeds 50 to 52 that learned slower
    start: "scratch",
    selection: 50,
    seed,
    ...over,
  };
}
