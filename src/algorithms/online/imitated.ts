/** What is to be imitated of a dataset in whose steps a policy took part, or an expert said more than it did. */
import { InputError, joined } from "../../base/index.ts";
import { type Control, type Dataset, rowsOf, type Split } from "../../datasets/index.ts";
import { hasLabel } from "../../world/index.ts";
import type { Supervision } from "../bc/problem.ts";
import { type AggregateOptions, type Driven, superviseDriven } from "./aggregate.ts";

export interface Imitated {
  /** The actions are the targets: the expert's label where there is one, else what was executed. */
  readonly dataset: Dataset;
  /** Left out where an expert drove every step and said no more: then all steps count alike. */
  readonly supervision?: Supervision;
}

/** Which episodes are learned from, of a dataset or as a split has cut it. */
type Learned = Pick<Split, "episodeEnds" | "train">;

/**
 * What counts of a dataset, as `aggregate` has it of episodes. Weights follow from how frequent classes of steps are among the
 * episodes that are learned from; left out: all. Throws an InputError where no expert drove or labelled any step of these.
 */
export function imitatedIn(dataset: Dataset, options: AggregateOptions, learned?: Learned): Imitated {
  const { control, action, provenance } = dataset;
  if (!control) return { dataset };
  const counted = learned && new Set(rowsOf(learned.episodeEnds, learned.train));
  const { supervision, counts, targets } = superviseDriven(
    drivenOf(dataset, control),
    options,
    counted && ((row) => counted.has(row)),
  );
  if (counts.demonstration + counts.intervention + counts.label === 0) {
    throw new InputError(
      `dataset ${provenance.source}: found no step to learn from that an expert drove or labelled, expected at least one`,
    );
  }
  return { dataset: { ...dataset, action: { ...action, values: joined(Float32Array, targets) } }, supervision };
}

/** [N]: 1 where an expert drove or said what it would do. Null where an expert drove throughout. */
export function expertRows({ control, action }: Dataset): Uint8Array | null {
  if (!control) return null;
  const said = { label: control.label, spec: { action } };
  return control.expert.map((drove, row) => (drove === 1 || hasLabel(said, row) ? 1 : 0));
}

function drivenOf({ action, episodeEnds }: Dataset, control: Control): Driven[] {
  const size = action.names.length;
  return Array.from(episodeEnds, (end, episode) => {
    const start = episode === 0 ? 0 : episodeEnds[episode - 1];
    const part = (values: Float32Array) => values.subarray(start * size, end * size);
    return {
      length: end - start,
      controller: Array.from(control.expert.subarray(start, end), (drove) => (drove === 1 ? "expert" : "policy")),
      action: part(action.values),
      label: part(control.label),
      spec: { action },
    };
  });
}
