/** What the experiment compares and how: chosen on other seeds (1 to 3, 11 to 13) than those that are reported. */
import {
  chainWorld,
  driftWorld,
  type ManyEpisodes,
  manyChains,
  manyDrifts,
  rightTurn,
} from "../../environments/index.ts";
import { chainExpert, driftExpert } from "../../experts/index.ts";
import { adamw, type OptimizerRecipe, powerEma } from "../../optim/index.ts";
import { type PolicyRecipe, policyRecipe } from "../../policies/index.ts";
import type { Actor, Horizons, World } from "../../world/index.ts";
import { inexact, type Slip, wrongSide } from "./labels.ts";

/** Training seeds; the episodes that are learned from and judged on are theirs too. */
export const SEEDS = [4, 5, 6] as const;

/** T: lengths over which the cost is measured. */
export const LENGTHS = [16, 32, 64, 128, 256] as const;

/** What a policy learns in: the worlds of ALGORITHMS.md 5.2, and the chain from whose bottom nothing leads back. */
export const WORLDS = ["chain", "cliff", "drift"] as const;
export type WorldName = (typeof WORLDS)[number];

/** `bc-undecayed`: as `bc`, but nothing pulls the weights that the data says nothing about to 0. */
export const METHODS = ["bc", "dagger", "bc-undecayed"] as const;
export type Method = (typeof METHODS)[number];

/** A type alias, so that it can be cloned into a thread as data. */
export type TheoryCell = {
  readonly kind: "theory";
  readonly world: WorldName;
  readonly method: Method;
  readonly seeds: readonly number[];
  readonly lengths: readonly number[];
  /** That the cost of each length is the mean of; and that errors are counted in, of the greatest length. */
  readonly episodes: number;
  readonly measured: number;
  /** That are learned from, each of the greatest length: all of the expert's, or a share of them in each of DAgger's rounds. */
  readonly demonstrations: number;
  readonly updates: number;
};

export const THEORY = {
  lengths: LENGTHS,
  episodes: 100_000,
  measured: 100_000,
  demonstrations: 256,
  updates: 4000,
} as const;

/** Rounds of DAgger, the demonstrations counted: each has as many episodes, and together as many as BC has. */
export const ROUNDS = 4;

/** A type alias, as above. */
export type DrivingCell = {
  readonly kind: "driving";
  readonly seed: number;
  /** That are judged, by the seconds of `seconds`. */
  readonly episodes: number;
  readonly seconds: number;
  /** DAgger's: the demonstrations of round 0, the rounds, and the labels after which each later one ends. */
  readonly demonstrations: number;
  readonly rounds: number;
  readonly labels: number;
  /** Default: the task's own. */
  readonly updates?: number;
};

/** From 0.12 of success after the demonstrations to 0.93 on seed 11. The slowest experts take 38 s, the fastest 26. */
export const DRIVING = {
  episodes: 500,
  seconds: 26,
  demonstrations: 10,
  rounds: 7,
  labels: 5000,
} as const;

/** What learns to drive: it answers every state anew, as the theory has it. */
export const DRIVING_POLICY = {
  policy: policyRecipe("l1", { hidden: [256, 256, 256] }),
  horizons: { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 },
  observation: "standard",
  updates: 2000,
} as const;

export type Cell = TheoryCell | DrivingCell;

interface SmallWorld {
  make(maxSteps: number): World;
  many(seeds: readonly number[], maxSteps: number): ManyEpisodes;
  expert(): Actor;
  /** What is wrong with the expert's labels. */
  readonly slip: Slip;
  readonly policy: PolicyRecipe;
  /** The expert's action, from an observation at `place`. */
  right(observations: Float32Array, place: number): number;
  /** How wrong an action is where another is right. */
  error(action: number, right: number): number;
  /** Whether a state off the track can be left. */
  readonly wayBack: boolean;
  /** Whether the observation at `place` is of a state that the expert never leads to. */
  isOff(observations: Float32Array, place: number): boolean;
}

/** Probability that a label names the wrong turn. */
export const WRONG_LABELS = 7e-4;
/** m: what a label of the drift is too much by, and the deviation of its error. */
export const INEXACT_LABELS = { bias: 5e-4, deviation: 2e-3 } as const;

const chain = (wayBack: boolean): SmallWorld => ({
  make: (maxSteps) => chainWorld({ maxSteps, wayBack }),
  many: (seeds, maxSteps) => manyChains(seeds, { maxSteps, wayBack }),
  expert: chainExpert,
  slip: wrongSide(WRONG_LABELS),
  wayBack,
  // of an autoregression over two bins a single number is a coin of learned probability; it is thrown, not rounded
  policy: policyRecipe("autoregressive", { hidden: [32, 32], options: { bins: 2, temperature: 1 } }),
  right: (observations, place) => rightTurn(observations[place], observations[place + 1]),
  error: (action, right) => (action >= 0 === right >= 0 ? 0 : 1),
  isOff: (observations, place) => observations[place + 1] === 1,
});

export const SMALL_WORLDS: Readonly<Record<WorldName, SmallWorld>> = {
  chain: chain(true),
  cliff: chain(false),
  drift: {
    make: (maxSteps) => driftWorld({ maxSteps }),
    many: (seeds, maxSteps) => manyDrifts(seeds, { maxSteps }),
    expert: driftExpert,
    slip: inexact(INEXACT_LABELS.bias, INEXACT_LABELS.deviation),
    wayBack: true,
    policy: policyRecipe("l2", { hidden: [32, 32] }),
    right: (observations, place) => 0 - observations[place],
    error: (action, right) => Math.abs(action - right),
    isOff: () => false,
  },
};

export const ONE_STEP: Horizons = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };
export const BATCH_SIZE = 256;

/**
 * Weights that the data says nothing about are not moved by its gradients: with decay they go to 0, so that what was never
 * seen is ignored, as the closed forms of 5.2 have it; without, a policy does there whatever it was initialised to do.
 */
export const DECAY: Readonly<Record<Method, number>> = { bc: 0.1, dagger: 0.1, "bc-undecayed": 0 };

export const optimizerOf = (method: Method, updates: number): OptimizerRecipe =>
  adamw({
    schedule: { kind: "cosine", rate: 1e-2, warmup: Math.min(100, updates - 1), total: updates },
    weightDecay: DECAY[method],
    ema: powerEma,
  });
