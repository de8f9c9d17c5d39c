/** Training snapshots as checkpoints of a run, and back. */
import { branch, type Leaves, mapLeaves, prefixed } from "../base/index.ts";
import { modelOf, type PolicySpec } from "../policies/index.ts";
import type { Checkpoint, StoredTensor } from "../runs/index.ts";
import type { Plan, TrainingSnapshot, TrainingState } from "../training/index.ts";

/** The checkpoint of a snapshot: every copy (parameter, moments, average) under its name, the plan beside them. */
export function toCheckpoint({ update, plan, state }: TrainingSnapshot, spec: PolicySpec): Checkpoint {
  const shapes = modelOf(spec).parameters;
  const stored = Object.entries(state).map(([copy, leaves]) =>
    prefixed(
      copy,
      mapLeaves(leaves, (data, path): StoredTensor => ({ dtype: "float32", shape: shapes[path].shape, data })),
    ),
  );
  return { update, tensors: Object.assign({}, ...stored), state: { plan } };
}

/** The snapshot in a checkpoint; the trainer checks that it fits. */
export function fromCheckpoint({ update, tensors, state }: Checkpoint): TrainingSnapshot {
  const arrays: Leaves<Float32Array> = mapLeaves(tensors, ({ data }) => data as Float32Array);
  const copies = [...new Set(Object.keys(arrays).map((path) => path.split(".")[0]))];
  return {
    update,
    plan: (state as { plan: Plan }).plan,
    state: Object.fromEntries(copies.map((copy) => [copy, branch(arrays, copy)])) as unknown as TrainingState,
  };
}
