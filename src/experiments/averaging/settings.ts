/** What the averaging experiment compares, and how: chosen on other seeds than those that are reported. */
import type { Rate } from "../../base/index.ts";
import { type HeadName, type PolicyRecipe, policyRecipe } from "../../policies/index.ts";
import { type CloningRecipe, recipeDefaults } from "../../recipes/index.ts";

/** The scenes in which an obstacle forces a decision: under 1 s ahead, and in sight for more than 5 s. */
export const SCENES = ["urgent", "leisurely"] as const;
export type AveragingScene = (typeof SCENES)[number];

/** Demonstrations by one style of driver, or half by each of two who contradict each other. */
export const STYLES = { one: ["left"], mixed: ["left", "right"] } as const;
export type AveragingStyle = keyof typeof STYLES;

export const METHODS = ["l2", "l1", "gaussian", "gmm", "autoregressive", "diffusion", "flow", "l2-wide"] as const;
export type Method = (typeof METHODS)[number];

/** Training seeds; demonstrations are those of the same seeds. Settings were chosen on seed 0 and other episodes. */
export const SEEDS = [1, 2, 3] as const;
/** The seed of the episodes that every cell is judged on: the same for all, so that they are paired. */
export const EVALUATION_SEED = 7;
export const EPISODES = 500;
export const DEMONSTRATIONS = 1000;

/** A type alias, so that it can be cloned into a thread as data. */
export type Cell = {
  readonly style: AveragingStyle;
  readonly scene: AveragingScene;
  readonly method: Method;
  readonly seed: number;
  readonly demonstrations: number;
  readonly episodes: number;
  readonly evaluationSeed: number;
  /** Share of the method's updates, above 0 to 1; default 1. */
  readonly thoroughness?: number;
};

type Interval = Readonly<Rate>;

/** What is measured of a cell. */
export type Measured = {
  readonly success: Interval;
  readonly obstacleCollision: Interval;
  readonly departure: Interval;
  readonly left: Interval;
  readonly right: Interval;
};

/** 0.4 s are planned, of which 0.2 s are driven: the choice of a side is made in chunks. */
const HORIZONS = { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 4 } as const;

const headOf = (method: Method): HeadName => (method === "l2-wide" ? "l2" : method);

/** The recipe of a cell. The network of `l2-wide` has 16 times the numbers of the others' between its hidden layers. */
export function settingsOf({ method, seed, thoroughness = 1 }: Cell): Omit<CloningRecipe, "datasets" | "task"> {
  const head = headOf(method);
  return {
    ...recipeDefaults("driving", head),
    policy: POLICIES[method],
    horizons: { ...HORIZONS },
    normalisation: { observation: "standard", action: "limits" },
    padding: "mask",
    updates: Math.ceil(UPDATES[method] * thoroughness),
    validationFraction: 0.02,
    seed,
  };
}

const HIDDEN = [256, 256];
const DENOISER = { kind: "mlp" as const, hidden: [256, 256, 256] as [number, ...number[]], residual: true };

const POLICIES: Readonly<Record<Method, PolicyRecipe>> = {
  l2: policyRecipe("l2", { hidden: HIDDEN }),
  l1: policyRecipe("l1", { hidden: HIDDEN }),
  gaussian: policyRecipe("gaussian", { hidden: HIDDEN }),
  gmm: policyRecipe("gmm", { hidden: HIDDEN, options: { minimumDeviation: 0.05 } }),
  autoregressive: policyRecipe("autoregressive", { hidden: HIDDEN, options: { bins: 32, temperature: 0.3 } }),
  diffusion: policyRecipe("diffusion", { network: DENOISER, options: { sampler: "ddpm", samplingSteps: 100 } }),
  flow: policyRecipe("flow", { network: DENOISER }),
  "l2-wide": policyRecipe("l2", { hidden: [1024, 1024] }),
};

const UPDATES: Readonly<Record<Method, number>> = {
  l2: 4000,
  l1: 4000,
  gaussian: 4000,
  gmm: 6000,
  autoregressive: 10_000,
  diffusion: 12_000,
  flow: 16_000,
  "l2-wide": 4000,
};
