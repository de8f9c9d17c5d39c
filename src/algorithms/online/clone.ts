/** Learning from all that was recorded so far: who drove and who said what decides what is imitated (docs/algorithms/dagger.md). */
import type { Normalisation } from "../../datasets/index.ts";
import type { Policy } from "../../policies/index.ts";
import type { Episode } from "../../world/index.ts";
import { type CloneOptions, cloneBehaviour } from "../bc/clone.ts";
import { type Aggregate, type AggregateOptions, aggregate } from "./aggregate.ts";
import { allOf, boundedSpec } from "./bounded.ts";

export interface CloneRecordedOptions
  extends Omit<CloneOptions, "dataset" | "split" | "supervision" | "normalisation"> {
  readonly aggregation: AggregateOptions;
  /** How observations are normalised, unless the spec is given. */
  readonly observation: Normalisation;
}

export interface ClonedRecorded extends Aggregate {
  readonly policy: Policy;
}

/**
 * A policy of all the episodes, at least one, none held out: rounds are judged in the world. Unless its spec is given it is
 * fitted to them, actions by the bounds of their space. Throws the signal's reason where it came.
 */
export async function cloneRecorded(
  episodes: readonly Episode[],
  { aggregation, observation, spec, signal, ...options }: CloneRecordedOptions,
): Promise<ClonedRecorded> {
  const aggregated = aggregate(episodes, aggregation);
  const { dataset, supervision } = aggregated;
  const bounds = episodes[0].spec.action;
  const policy = await cloneBehaviour({
    ...options,
    dataset,
    supervision,
    split: allOf(dataset),
    spec: spec ?? boundedSpec({ ...options, dataset, observation, bounds }),
    signal,
  });
  signal?.throwIfAborted();
  return { ...aggregated, policy };
}
