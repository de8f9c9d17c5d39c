/** What is fixed of a policy before it is corrected: its actions reach as far as their space does. */
import type { Dataset, Normalisation, Normaliser, Split } from "../../datasets/index.ts";
import type { PolicyRecipe, PolicySpec } from "../../policies/index.ts";
import type { Box, Horizons } from "../../world/index.ts";
import { policySpec } from "../bc/clone.ts";

export interface BoundedOptions {
  /** The first round's. */
  readonly dataset: Dataset;
  readonly policy: PolicyRecipe;
  readonly horizons: Horizons;
  /** How observations are normalised; fitted to the dataset. */
  readonly observation: Normalisation;
  /** The space of the actions. */
  readonly bounds: Box;
}

/**
 * The policy's spec, its actions normalised by the bounds of their space: limits fitted to a few demonstrations would clip
 * corrections away. A dimension without bounds is fitted.
 */
export function boundedSpec({ observation, bounds, ...options }: BoundedOptions): PolicySpec {
  const { low, high } = bounds;
  const split = allOf(options.dataset);
  const spec = policySpec({ ...options, split, normalisation: { observation, action: "limits" } });
  const { scale, offset } = spec.action.normaliser;
  const isBounded = (i: number) => Number.isFinite(low[i]) && Number.isFinite(high[i]) && high[i] > low[i];
  const bounded: Normaliser = {
    scale: scale.map((fitted, i) => (isBounded(i) ? 2 / (high[i] - low[i]) : fitted)),
    offset: offset.map((fitted, i) => (isBounded(i) ? -(high[i] + low[i]) / (high[i] - low[i]) : fitted)),
  };
  return { ...spec, action: { ...spec.action, normaliser: bounded } };
}

/** All episodes to learn from, none held out: rounds are judged in the world. */
export const allOf = ({ episodeEnds }: Pick<Dataset, "episodeEnds">): Split => ({
  episodeEnds,
  train: Int32Array.from(episodeEnds.keys()),
  validation: new Int32Array(0),
});
