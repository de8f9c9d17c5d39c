/** gates: which score tells beforehand that a policy is going to fail, and what asking for help by it is worth. */

import type { RecipePart } from "../../recipes/index.ts";

/** Our own score was designed on seeds 50 and 51, and evaluated once on these. */
export const SEEDS = [1, 2, 3] as const;

export const TASKS = ["driving"] as const;
/** The other one is for tests: its episodes are short. */
export type GatesTask = (typeof TASKS)[number] | "driving-urgent";
export const EXPERT = "left";

/** Promised shares of successes that raise an alarm. */
export const ALPHAS = [0.1, 0.05] as const;

/** Type aliases, so that they can be cloned into a thread as data. */
export type DetectorsCell = {
  readonly kind: "detectors";
  readonly task: GatesTask;
  readonly seed: number;
  /** Episodes: of the expert; of the policy, for scores that learn from it, for thresholds, and to judge by. */
  readonly demonstrations: number;
  readonly own: number;
  readonly calibration: number;
  readonly judged: number;
  /** Share of the updates of every network; 1, but for tests. */
  readonly thoroughness: number;
};

export const detectorsCell = (task: GatesTask, seed: number): DetectorsCell => ({
  kind: "detectors",
  task,
  seed,
  demonstrations: 60,
  own: 300,
  calibration: 300,
  judged: 500,
  thoroughness: 1,
});

export const HORIZONS = { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 4 } as const;
export const UPDATES = { policy: 4000, ensemble: 2000, classifier: 2000, risk: 4000, distillation: 1500, own: 1500 };
/** Chunks drawn for STAC and entropy, noise levels of the diffusion loss, plans that STAC adds up. */
export const SAMPLES = 16;
export const LEVELS = 25;
export const WINDOW = 5;

/** How the policy is corrected: by chance, by a gate, or by the model of an operator. */
export const CORRECTED = [
  "recoverability",
  "random",
  "hg-dagger",
  "thrifty-dagger",
  "safe-dagger",
  "lazy-dagger",
  "ensemble-dagger",
] as const;
export type Corrected = (typeof CORRECTED)[number];

/** Shares of the policy's readings above the threshold, which is found so for every score. */
export const SHARES = [0.05, 0.3] as const;
/** Of the runs. */
export const RUN_SEEDS = [1, 2] as const;
/** The seed of the episodes that every policy of every round is judged on. */
export const EVALUATION_SEED = 7;

export type GatedCell = {
  readonly kind: "gated";
  readonly algorithm: Corrected;
  /** Null where no gate asks. */
  readonly alpha: number | null;
  readonly seed: number;
  readonly episodes: number;
  /** Folder of the cell's run, which goes on where it was stopped. */
  readonly run: string;
  /** Share of the updates; 1, but for tests. */
  readonly thoroughness: number;
};

export type Cell = DetectorsCell | GatedCell;

/** A round ends when the expert has driven or said so many steps: all have cost it as much by the end. */
const BUDGET = 1500;
const ROUNDS = 4;

export function recipeOf({ algorithm, alpha, seed, thoroughness }: GatedCell): RecipePart {
  const updates = (full: number) => Math.max(1, Math.round(full * thoroughness));
  return {
    algorithm,
    expert: EXPERT,
    rounds: ROUNDS,
    demonstrations: 10,
    episodes: 20,
    budget: BUDGET,
    selection: 20,
    start: "warm",
    learning: { updates: updates(800) },
    ...(alpha !== null && { gate: { rule: "budget", alpha, trials: 30, updates: updates(500) } }),
    seed,
  };
}
