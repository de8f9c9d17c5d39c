/**
 * Recoverability, our own: how likely it is that going on leads, within some seconds, to a point from which the expert cannot
 * save the episode any more. Several networks learn it from the policy's own episodes, whose points of no return are known
 * (no-return.ts); the plan that is about to be executed is among what they see.
 */
import { foldIn, type Leaves, randomKey } from "../../base/index.ts";
import { type Layer, mlp, named, parameterConstants } from "../../nn/index.ts";
import { normalise, type PolicySpec } from "../../policies/index.ts";
import { openRows, type Runtime } from "../../runtime/index.ts";
import {
  add,
  concat,
  gather,
  input,
  maximum,
  mean,
  minimum,
  mul,
  program,
  reshape,
  sigmoid,
  softplus,
  sub,
  type Tensor,
} from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";
import { ensembleProblem } from "../ensemble/problem.ts";
import { columnOf, type NetworkTraining, trainNetwork } from "./networks.ts";
import type { OpenScore } from "./score.ts";

/** N moments of episodes, in the task's units. */
export interface Foreseen {
  /** `[N, To, Do]`, oldest first, and `[N, Tp, Da]`, what was planned last. */
  readonly histories: Float32Array;
  readonly chunks: Float32Array;
  /** `[N]`: steps since each chunk was planned. */
  readonly places: ArrayLike<number>;
  /** `[N]`: s to the episode's point of no return; below 0 after it, Infinity where there is none. */
  readonly left: ArrayLike<number>;
}

export interface RecoverabilityOptions extends NetworkTraining {
  /** s; each is a question of its own, whether no return comes within it. Default 0.5, 1, 2 and 4. */
  readonly horizons?: readonly number[];
  /** K, each trained on a bootstrap of its own; default 5. */
  readonly members?: number;
}

export interface Recoverability {
  readonly spec: PolicySpec;
  /** Those of member k under `k.`. */
  readonly parameters: Leaves<Float32Array>;
  readonly hidden: readonly number[];
  readonly members: number;
  readonly horizons: readonly number[];
}

const HIDDEN = [128, 128];
const HORIZONS = [0.5, 1, 2, 4];
/** Normalised observations beyond this are cut: they were never seen in a demonstration. */
const FAR = 3;
/** Of the seed, besides what the trainer draws. */
const SEEN = 3;

/** Throws RangeError where the arrays are not of one number of moments. */
export async function trainRecoverability(
  spec: PolicySpec,
  moments: Foreseen,
  options: RecoverabilityOptions,
): Promise<Recoverability> {
  const { hidden = HIDDEN, horizons = HORIZONS, members = 5, seed } = options;
  const count = moments.left.length;
  const soon = new Float32Array(count * horizons.length);
  for (let row = 0; row < count; row++) {
    horizons.forEach((horizon, i) => {
      soon[row * horizons.length + i] = moments.left[row] <= horizon ? 1 : 0;
    });
  }
  const plans = upcoming(spec, moments.chunks, moments.places);
  const network = networkOf(spec, hidden, horizons.length);
  const { observation } = spec;
  const problem: Problem = {
    parameters: network.parameters,
    exampleCount: count,
    columns: {
      histories: columnOf("histories", moments.histories, count, [
        spec.horizons.observationHorizon,
        observation.names.length,
      ]),
      plans: columnOf("plans", plans, count, [spec.horizons.actionHorizon, spec.action.names.length]),
      soon: columnOf("soon", soon, count, [horizons.length]),
    },
    loss({ parameters, columns, examples }) {
      const features = featuresOf(spec, gather(columns.histories, examples), gather(columns.plans, examples));
      const logits = network.apply(parameters, features);
      return mean(sub(softplus(logits), mul(gather(columns.soon, examples), logits)));
    },
  };
  const together = ensembleProblem(problem, { members, draws: "bootstrap", key: foldIn(randomKey(seed), SEEN) });
  return { spec, parameters: await trainNetwork(together, options), hidden, members, horizons };
}

/** `[N, Ta, Da]`: what of the plan comes next; where it has ended, its last action. */
function upcoming({ horizons, action }: PolicySpec, chunks: Float32Array, places: ArrayLike<number>): Float32Array {
  const { observationHorizon: To, predictionHorizon: Tp, actionHorizon: Ta } = horizons;
  const size = action.names.length;
  const plans = new Float32Array(places.length * Ta * size);
  for (let row = 0; row < places.length; row++) {
    for (let step = 0; step < Ta; step++) {
      const from = (row * Tp + Math.min(To - 1 + places[row] + step, Tp - 1)) * size;
      plans.set(chunks.subarray(from, from + size), (row * Ta + step) * size);
    }
  }
  return plans;
}

function networkOf({ observation, action, horizons }: PolicySpec, hidden: readonly number[], outputs: number): Layer {
  const features =
    horizons.observationHorizon * observation.names.length + horizons.actionHorizon * action.names.length;
  return mlp({ sizes: [features, ...hidden, outputs], activation: "relu" });
}

function featuresOf(spec: PolicySpec, histories: Tensor, plans: Tensor): Tensor {
  const [batch] = histories.shape;
  const near = (x: Tensor) => minimum(maximum(x, -FAR), FAR);
  const flat = (x: Tensor) => reshape(x, [batch, x.shape[1] * x.shape[2]]);
  return concat([
    flat(near(normalise(histories, spec.observation.normaliser))),
    flat(near(normalise(plans, spec.action.normaliser))),
  ]);
}

/** Reads `lost`, the mean over members and horizons of the probability that no return comes within the horizon. */
export async function recoverability(
  runtime: Runtime,
  { spec, parameters, hidden, members, horizons }: Recoverability,
  { batch = 64 }: { batch?: number } = {},
): Promise<OpenScore> {
  const histories = input("histories", [batch, spec.horizons.observationHorizon, spec.observation.names.length]);
  const plans = input("plans", [batch, spec.horizons.actionHorizon, spec.action.names.length]);
  const features = featuresOf(spec, histories, plans);
  const found = Array.from({ length: members }, (_, k) => {
    const network = named(String(k), networkOf(spec, hidden, horizons.length));
    const constants = parameterConstants(network.parameters, parameters);
    return mean(sigmoid(network.apply(constants, features)), { axes: 1 });
  });
  const lost = mul(1 / members, found.reduce(add));
  const session = await openRows(runtime, program([histories, plans], { lost: reshape(lost, [batch]) }), batch);
  return {
    name: "recoverability",
    readings: ["lost"],
    asksExpert: "never",
    start: () => {},
    async read({ histories: seen, chunks, places, keys }) {
      return (await session.run(keys.length, { histories: seen, plans: upcoming(spec, chunks, places) })).lost;
    },
    close: () => session.close(),
  };
}
