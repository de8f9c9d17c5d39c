/** What suits a task and a head, chosen on other seeds than those reported (docs/algorithms/bc.md, "Settings"). */
import { denoises, type HeadName, type PolicyRecipe, policyRecipe } from "../policies/index.ts";
import type { Horizons } from "../world/index.ts";
import type { CloningRecipe } from "./cloning.ts";

/** The fields of a recipe that have a default. */
export type RecipeDefaults = Omit<CloningRecipe, "datasets" | "task">;

const GENERAL = {
  kind: "behavioural-cloning",
  version: 2,
  observation: [] as string[],
  normalisation: { observation: "limits", action: "limits" },
  weighting: "expert",
  padding: "imitate",
  batchSize: 256,
  learningRate: 1e-3,
  schedule: "cosine",
  warmup: 100,
  beta1: 0.9,
  beta2: 0.999,
  weightDecay: 1e-6,
  clipNorm: 0,
  averaging: 0.75,
  validationFraction: 0.1,
  splitSeed: 0,
  seed: 0,
} as const satisfies Partial<RecipeDefaults>;

interface TaskDefaults {
  readonly horizons: Horizons;
  readonly hidden: readonly number[];
  readonly updates: number;
  readonly validationFraction?: number;
}

/** A manoeuvre of 0.8 s at 20 Hz, replanned every 0.4 s. */
const DRIVING: TaskDefaults = {
  horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 },
  hidden: [256, 256],
  updates: 4000,
};

/** The state says all, and what to do changes with it at once. */
const ONE_STEP: Horizons = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };

const TASKS: Readonly<Record<string, TaskDefaults>> = {
  "push-t": {
    horizons: { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 },
    hidden: [256, 256],
    updates: 3000,
  },
  "udacity-driving": {
    horizons: { observationHorizon: 2, predictionHorizon: 8, actionHorizon: 4 },
    hidden: [64, 64],
    updates: 1000,
    validationFraction: 0.2,
  },
  fork: {
    horizons: { observationHorizon: 1, predictionHorizon: 16, actionHorizon: 16 },
    hidden: [128, 128],
    updates: 6000,
  },
  "cart-pole": { horizons: ONE_STEP, hidden: [256, 256], updates: 4000 },
  pendulum: { horizons: ONE_STEP, hidden: [256, 256], updates: 8000 },
};

/** All fields but what is learned from. */
export function recipeDefaults(task: string, head: HeadName): RecipeDefaults {
  const { horizons, hidden, updates, validationFraction } = TASKS[task] ?? DRIVING;
  return {
    ...GENERAL,
    ...(validationFraction !== undefined && { validationFraction }),
    observation: [],
    policy: defaultPolicy(head, hidden),
    horizons: { ...horizons },
    normalisation: { ...GENERAL.normalisation },
    updates: denoises(head) ? 2 * updates : updates,
  };
}

function defaultPolicy(head: HeadName, hidden: readonly number[]): PolicyRecipe {
  return policyRecipe(head, denoises(head) ? {} : { hidden });
}
