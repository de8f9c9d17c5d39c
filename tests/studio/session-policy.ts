/** Small policies of the studio's tasks with random parameters: they drive badly, and as fast as none that was trained. */
import { foldIn, mapLeaves, randomKey, randomStream, sizeOf } from "../../src/base/index.ts";
import { exportPolicy, modelOf, type Policy, type PolicySpec, policyRecipe } from "../../src/policies/index.ts";
import { findTask } from "../../src/tasks/index.ts";
import { type Horizons, observationNames } from "../../src/world/index.ts";

export interface TaskPolicyOptions {
  readonly task?: string;
  readonly head?: "l2" | "diffusion" | "gmm";
  readonly horizons?: Horizons;
  readonly seed?: number;
}

const HORIZONS = { observationHorizon: 2, predictionHorizon: 6, actionHorizon: 3 };

export function taskPolicy({
  task = "driving",
  head = "l2",
  horizons = HORIZONS,
  seed = 5,
}: TaskPolicyOptions = {}): Policy {
  const { spec: world } = findTask(task).makeEnvironment();
  const names = observationNames(world.observation);
  const boxes = Object.values(world.observation);
  const [low, high] = [world.action.low, world.action.high];
  const spec: PolicySpec = {
    task,
    observation: {
      names,
      units: boxes.flatMap(({ units }) => units),
      normaliser: { scale: new Float32Array(names.length).fill(0.01), offset: new Float32Array(names.length) },
    },
    action: {
      names: world.action.names,
      units: world.action.units,
      normaliser: {
        scale: Float32Array.from(low, (least, i) => 4 / (high[i] - least)),
        offset: Float32Array.from(low, (least, i) => (-2 * (high[i] + least)) / (high[i] - least)),
      },
    },
    horizons,
    controlRate: world.controlRate,
    recipe: policyRecipe(head, {
      network: { kind: "mlp", hidden: [8, 8, 8], residual: false },
      ...(head === "diffusion" && { options: { steps: 10, samplingSteps: 4 } }),
      ...(head === "gmm" && { options: { modes: 3, sampling: "full" } }),
    }),
  };
  const parameters = mapLeaves(modelOf(spec).parameters, ({ shape }, path) => {
    const key = Array.from(path).reduce((folded, letter) => foldIn(folded, letter.codePointAt(0)!), randomKey(seed));
    const stream = randomStream(key);
    const fanIn = shape.length > 1 ? sizeOf(shape) / shape[0] : 4;
    return Float32Array.from({ length: sizeOf(shape) }, () => stream.normal() / Math.sqrt(fanIn));
  });
  return { spec, parameters };
}

export const policyFile = (options: TaskPolicyOptions, version: string, threshold: number | null = null) => ({
  version,
  bytes: exportPolicy(taskPolicy(options)),
  threshold,
});
