/**
 * Random network distillation (Burda et al. 2019; as a detector FIPER, Römer et al. 2025): a network learns, on the
 * observations of the training data, what another one with random parameters makes of them. Elsewhere it has not learned it.
 */
import { foldIn, type Leaves, randomKey } from "../../base/index.ts";
import { initialise, type Layer, mlp, parameterConstants } from "../../nn/index.ts";
import type { PolicySpec } from "../../policies/index.ts";
import type { GateMoments } from "../../rollouts/index.ts";
import { openRows, type Runtime } from "../../runtime/index.ts";
import { gather, input, mean, program, square, sub, type Tensor } from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";
import { columnOf, featureSizes, featuresOf, type NetworkTraining, trainNetwork } from "./networks.ts";
import { type OpenScore, remembering } from "./score.ts";

export interface Distillation {
  readonly spec: PolicySpec;
  /** Of the network that learned, and of the random one. */
  readonly parameters: Leaves<Float32Array>;
  readonly random: Leaves<Float32Array>;
  readonly hidden: readonly number[];
}

const HIDDEN = [128, 128];
/** Numbers that the random network puts out. */
const EMBEDDING = 32;
/** Of the seed, besides what the trainer draws. */
const RANDOM = 3;

/** Learns from histories `[N, To, Do]`, in the task's units. */
export async function trainDistillation(
  spec: PolicySpec,
  histories: Float32Array,
  options: NetworkTraining,
): Promise<Distillation> {
  const { hidden = HIDDEN, seed } = options;
  const { observation, horizons } = spec;
  const shape = [horizons.observationHorizon, observation.names.length];
  const count = histories.length / (shape[0] * shape[1]);
  const network = networkOf(spec, hidden);
  const random = initialise(network.parameters, foldIn(randomKey(seed), RANDOM));
  const problem: Problem = {
    parameters: network.parameters,
    exampleCount: count,
    columns: { histories: columnOf("histories", histories, count, shape) },
    loss: ({ parameters, columns, examples }) =>
      mean(errors(spec, { network, random }, parameters, gather(columns.histories, examples))),
  };
  return { spec, parameters: await trainNetwork(problem, options), random, hidden };
}

function networkOf(spec: PolicySpec, hidden: readonly number[]): Layer {
  return mlp({ sizes: [featureSizes(spec).history, ...hidden, EMBEDDING], activation: "relu" });
}

/** `[B]`: the mean squared difference of the two networks at histories `[B, To, Do]`. */
function errors(
  spec: PolicySpec,
  { network, random }: { network: Layer; random: Leaves<Float32Array> },
  parameters: Leaves<Tensor>,
  histories: Tensor,
): Tensor {
  const features = featuresOf(spec, histories);
  const [learned, target] = [parameters, parameterConstants(network.parameters, random)].map((own) =>
    network.apply(own, features),
  );
  return mean(square(sub(learned, target)), { axes: 1 });
}

/** Reads `novelty`, summed over the newest `window` moments of the episode that were read; default 1. */
export async function distillationNovelty(
  runtime: Runtime,
  { spec, parameters, random, hidden }: Distillation,
  { window = 1, batch = 64 }: { window?: number; batch?: number } = {},
): Promise<OpenScore> {
  const network = networkOf(spec, hidden);
  const histories = input("histories", [batch, spec.horizons.observationHorizon, spec.observation.names.length]);
  const novelty = errors(spec, { network, random }, parameterConstants(network.parameters, parameters), histories);
  const session = await openRows(runtime, program([histories], { novelty }), batch);
  const judge = async ({ histories: seen, keys }: GateMoments) =>
    (await session.run(keys.length, { histories: seen })).novelty;
  return {
    name: "distillation",
    readings: ["novelty"],
    asksExpert: "never",
    ...remembering({ oncePerPlan: false, window }, judge),
    close: () => session.close(),
  };
}
