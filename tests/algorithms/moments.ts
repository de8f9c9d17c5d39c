/** Moments for the tests of gates' scores, and a policy's spec to read them by. */
import { foldIn, randomKey } from "../../src/base/index.ts";
import type { Normaliser } from "../../src/datasets/index.ts";
import { type PolicySpec, policyRecipe } from "../../src/policies/index.ts";
import type { GateMoments } from "../../src/rollouts/index.ts";
import type { Horizons } from "../../src/world/index.ts";

export const identity = (size: number): Normaliser => ({
  scale: new Float32Array(size).fill(1),
  offset: new Float32Array(size),
});

export interface SpecChoice {
  readonly observationSize?: number;
  readonly actionSize?: number;
  readonly horizons?: Horizons;
  readonly observation?: Normaliser;
  readonly action?: Normaliser;
}

export const ONE_STEP: Horizons = { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 };

/** The spec of a one-step policy whose numbers are normalised already, but for what is said otherwise. */
export function specOf({
  observationSize = 1,
  actionSize = 1,
  horizons = ONE_STEP,
  ...own
}: SpecChoice = {}): PolicySpec {
  const names = (kind: string, size: number) => Array.from({ length: size }, (_, i) => `${kind}.${i}`);
  return {
    task: "recorded",
    observation: {
      names: names("seen", observationSize),
      units: Array(observationSize).fill("m"),
      normaliser: own.observation ?? identity(observationSize),
    },
    action: {
      names: names("act", actionSize),
      units: Array(actionSize).fill("N"),
      normaliser: own.action ?? identity(actionSize),
    },
    horizons,
    controlRate: 10,
    recipe: policyRecipe("l2", { hidden: [4] }),
  };
}

/** Moments of as many episodes as there are places, each with a key of its own. */
export function momentsOf({
  places,
  ...own
}: Partial<Omit<GateMoments, "places">> & { readonly places: readonly number[] }): GateMoments {
  return {
    histories: new Float32Array(places.length),
    chunks: new Float32Array(places.length),
    keys: places.map((_, row) => foldIn(randomKey(11), row)),
    episodes: places.map((_, row) => row),
    steps: Int32Array.from(places),
    expert: null,
    ...own,
    places: Int32Array.from(places),
  };
}
