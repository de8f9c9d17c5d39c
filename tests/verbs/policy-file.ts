/** A policy file for any task: an untrained network, which is enough to be rolled out. */
import { randomKey, randomStream, sizeOf } from "../../src/base/index.ts";
import { exportPolicy, modelOf, type PolicySpec, policyRecipe } from "../../src/policies/index.ts";
import type { Task } from "../../src/tasks/index.ts";
import { type Horizons, observationNames, observationSize } from "../../src/world/index.ts";

export interface PolicyFileOptions {
  task: Task;
  head?: "l2" | "gmm";
  batch?: number;
  horizons?: Horizons;
  /** The numbers that it looks at; default: all. */
  columns?: readonly number[];
  seed?: number;
}

/** Actions spread over about the middle half of their bounds; observations are taken as they are, divided by 20. */
export function policyFile(options: PolicyFileOptions): Uint8Array {
  const { task, head = "gmm", batch = 1, seed = 1 } = options;
  const { horizons = { observationHorizon: 2, predictionHorizon: 6, actionHorizon: 4 } } = options;
  const { name, observation, action, controlRate } = task.makeEnvironment().spec;
  const { columns = Array.from({ length: observationSize(observation) }, (_, i) => i) } = options;
  const names = columns.map((column) => observationNames(observation)[column]);
  const scale = Float32Array.from(action.low, (low, i) => 4 / (action.high[i] - low));
  const spec: PolicySpec = {
    task: name,
    observation: {
      names,
      units: names.map(() => "1"),
      normaliser: { scale: new Float32Array(names.length).fill(0.05), offset: new Float32Array(names.length) },
    },
    action: {
      names: action.names,
      units: action.units,
      normaliser: { scale, offset: scale.map((factor, i) => (-factor * (action.low[i] + action.high[i])) / 2) },
    },
    horizons,
    controlRate,
    recipe: policyRecipe(head, { hidden: [32, 32] }),
  };
  const stream = randomStream(randomKey(seed));
  const parameters = Object.entries(modelOf(spec).parameters).map(([path, { shape }]) => [
    path,
    Float32Array.from({ length: sizeOf(shape) }, () => stream.normal() / Math.sqrt(shape.at(-1) ?? 1)),
  ]);
  return exportPolicy({ spec, parameters: Object.fromEntries(parameters) }, { batch });
}
