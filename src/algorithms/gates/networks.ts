/** Small networks over histories, and actions, trained by our trainer: what the learned scores share. */
import type { Leaves } from "../../base/index.ts";
import { type Layer, parameterConstants } from "../../nn/index.ts";
import { adam, type EmaRecipe } from "../../optim/index.ts";
import { normalise, type PolicySpec } from "../../policies/index.ts";
import { openRows, type Runtime } from "../../runtime/index.ts";
import { concat, input, program, reshape, type Tensor } from "../../tensor/index.ts";
import { type Column, createTrainer, type Problem, train } from "../../training/index.ts";
import { type OpenScore, plannedActions } from "./score.ts";

export interface NetworkTraining {
  readonly runtime: Runtime;
  readonly seed: number;
  readonly updates: number;
  /** Default 256. */
  readonly batchSize?: number;
  /** Of Adam, constant; default 1e-3. */
  readonly learningRate?: number;
  /** Sizes of the hidden layers. */
  readonly hidden?: readonly number[];
}

/** The parameters after training; their average where one is kept. */
export async function trainNetwork(
  problem: Problem,
  options: NetworkTraining,
  ema?: EmaRecipe,
): Promise<Leaves<Float32Array>> {
  const { runtime, seed, updates, batchSize = 256, learningRate = 1e-3 } = options;
  const optimizer = adam({ schedule: { kind: "constant", rate: learningRate }, ...(ema && { ema }) });
  const trainer = await createTrainer({ problem, optimizer, batchSize, seed, runtime });
  try {
    await train(trainer, { updates });
    return trainer.parameters();
  } finally {
    await trainer.close();
  }
}

/** Numbers of `featuresOf` a history, and of a history with an action. */
export function featureSizes({ observation, action, horizons }: PolicySpec): { history: number; both: number } {
  const history = horizons.observationHorizon * observation.names.length;
  return { history, both: history + action.names.length };
}

/** `[B, To·Do (+ Da)]`: histories `[B, To, Do]` and, where they are given, actions `[B, Da]` side by side, normalised. */
export function featuresOf(spec: PolicySpec, histories: Tensor, actions?: Tensor): Tensor {
  const seen = normalise(histories, spec.observation.normaliser);
  const flat = reshape(seen, [histories.shape[0], featureSizes(spec).history]);
  return actions ? concat([flat, normalise(actions, spec.action.normaliser)]) : flat;
}

/** How a score is called and what it reads; the rows that it is asked about at once, default 64. */
export interface ActionScore {
  readonly name: string;
  readonly reading: string;
  readonly batch?: number;
}

/**
 * A score of one reading of every moment: what `value` makes, `[B, 1]`, of a trained network's output at the features of
 * the history and of what the policy is about to do.
 */
export async function openActionScore<Output>(
  runtime: Runtime,
  { spec, parameters }: { readonly spec: PolicySpec; readonly parameters: Leaves<Float32Array> },
  network: Layer<Tensor, Output>,
  value: (output: Output) => Tensor,
  { name, reading, batch = 64 }: ActionScore,
): Promise<OpenScore> {
  const histories = input("histories", [batch, spec.horizons.observationHorizon, spec.observation.names.length]);
  const actions = input("actions", [batch, spec.action.names.length]);
  const output = network.apply(
    parameterConstants(network.parameters, parameters),
    featuresOf(spec, histories, actions),
  );
  const read = reshape(value(output), [batch]);
  const session = await openRows(runtime, program([histories, actions], { [reading]: read }), batch);
  return {
    name,
    readings: [reading],
    asksExpert: "never",
    start: () => {},
    async read(moments) {
      const feeds = { histories: moments.histories, actions: plannedActions(moments, spec) };
      return (await session.run(moments.keys.length, feeds))[reading];
    },
    close: () => session.close(),
  };
}

/** Rows of float32 as a column. Throws RangeError where they are not `count` rows of the shape. */
export function columnOf(name: string, data: Float32Array, count: number, shape: readonly number[]): Column {
  const size = shape.reduce((product, length) => product * length, 1);
  if (data.length !== count * size) {
    throw new RangeError(`${name}: found ${data.length} numbers, expected ${count} x ${size}`);
  }
  return { shape: [count, ...shape], dtype: "float32", data };
}
