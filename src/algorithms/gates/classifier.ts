/**
 * A classifier that tells beforehand where the policy would differ from the expert (SafeDAgger, Zhang and Cho 2016;
 * LazyDAgger, Hoque et al. 2021). It learns from states where both said what they would do.
 */
import type { Leaves } from "../../base/index.ts";
import { type Layer, mlp } from "../../nn/index.ts";
import type { PolicySpec } from "../../policies/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { gather, mean, mul, sigmoid, softplus, sub } from "../../tensor/index.ts";
import type { Problem } from "../../training/index.ts";
import { columnOf, featureSizes, featuresOf, type NetworkTraining, openActionScore, trainNetwork } from "./networks.ts";
import { type OpenScore, plannedActions } from "./score.ts";

/** N states, in the task's units. */
export interface JudgedStates {
  /** `[N, To, Do]`, oldest first. */
  readonly histories: Float32Array;
  /** `[N, Da]`: what the policy would do, and what the expert would do. */
  readonly proposed: Float32Array;
  readonly labels: Float32Array;
}

export interface ClassifierOptions extends NetworkTraining {
  /** Squared distance of the normalised actions from which on a state is unsafe; default LazyDAgger's (`lazyTolerance`). */
  readonly tolerance?: number;
}

export interface Classifier {
  readonly spec: PolicySpec;
  readonly parameters: Leaves<Float32Array>;
  readonly hidden: readonly number[];
  /** Share of the states it learned from that were unsafe. */
  readonly unsafe: number;
}

/** LazyDAgger's default, 0.008 Σ (high - low)², for actions that are normalised to [-1, 1]. */
export const lazyTolerance = (actionSize: number): number => 0.008 * 4 * actionSize;

/** LazyDAgger's. */
const HIDDEN = [128, 128];

/** Throws RangeError where the arrays are not of one number of states. */
export async function trainClassifier(
  spec: PolicySpec,
  states: JudgedStates,
  options: ClassifierOptions,
): Promise<Classifier> {
  const { hidden = HIDDEN, tolerance = lazyTolerance(spec.action.names.length) } = options;
  const labels = unsafeStates(spec, states, tolerance);
  const parameters = await trainNetwork(classifierProblem(spec, { ...states, unsafe: labels }, hidden), options);
  return { spec, parameters, hidden, unsafe: labels.reduce((sum, label) => sum + label, 0) / labels.length };
}

/** `[N]`: 1 where ‖policy's - expert's‖² is above the tolerance. */
export function unsafeStates(spec: PolicySpec, { proposed, labels }: JudgedStates, tolerance: number): Float32Array {
  const { scale } = spec.action.normaliser;
  return Float32Array.from({ length: labels.length / scale.length }, (_, row) => {
    const at = row * scale.length;
    const square = scale.reduce((sum, factor, i) => sum + ((proposed[at + i] - labels[at + i]) * factor) ** 2, 0);
    return square > tolerance ? 1 : 0;
  });
}

interface Labelled extends Pick<JudgedStates, "histories" | "proposed"> {
  readonly unsafe: Float32Array;
}

/** Cross-entropy of the logits: softplus(z) - y z. */
function classifierProblem(spec: PolicySpec, states: Labelled, hidden: readonly number[]): Problem {
  const { observation, action, horizons } = spec;
  const count = states.unsafe.length;
  const network = networkOf(spec, hidden);
  return {
    parameters: network.parameters,
    exampleCount: count,
    columns: {
      histories: columnOf("histories", states.histories, count, [
        horizons.observationHorizon,
        observation.names.length,
      ]),
      proposed: columnOf("proposed", states.proposed, count, [action.names.length]),
      unsafe: columnOf("unsafe", states.unsafe, count, [1]),
    },
    loss({ parameters, columns, examples }) {
      const [histories, proposed] = [gather(columns.histories, examples), gather(columns.proposed, examples)];
      const logits = network.apply(parameters, featuresOf(spec, histories, proposed));
      return mean(sub(softplus(logits), mul(gather(columns.unsafe, examples), logits)));
    },
  };
}

function networkOf(spec: PolicySpec, hidden: readonly number[]): Layer {
  return mlp({ sizes: [featureSizes(spec).both, ...hidden, 1], activation: "relu" });
}

/** Reads `unsafe`, the probability that the expert would differ from what the policy is about to do. */
export async function safeDagger(
  runtime: Runtime,
  { spec, parameters, hidden }: Classifier,
  { batch }: { batch?: number } = {},
): Promise<OpenScore> {
  const network = networkOf(spec, hidden);
  return openActionScore(runtime, { spec, parameters }, network, sigmoid, {
    name: "safe-dagger",
    reading: "unsafe",
    batch,
  });
}

/**
 * LazyDAgger: also `discrepancy`, the squared distance of the policy's action from the expert's while the expert drives,
 * which hands back where it is small: with `unsafe` as the threshold and `discrepancy` as the release.
 */
export async function lazyDagger(
  runtime: Runtime,
  classifier: Classifier,
  options: { batch?: number } = {},
): Promise<OpenScore> {
  const safe = await safeDagger(runtime, classifier, options);
  const { scale } = classifier.spec.action.normaliser;
  return {
    ...safe,
    name: "lazy-dagger",
    readings: ["unsafe", "discrepancy"],
    asksExpert: "driving",
    async read(moments) {
      const unsafe = await safe.read(moments);
      const actions = plannedActions(moments, classifier.spec);
      const readings = new Float32Array(2 * unsafe.length).fill(Number.NaN);
      unsafe.forEach((value, row) => {
        const at = row * scale.length;
        const apart = (i: number) => (actions[at + i] - (moments.expert?.[at + i] ?? Number.NaN)) * scale[i];
        readings.set([value, scale.reduce((sum, _, i) => sum + apart(i) ** 2, 0)], 2 * row);
      });
      return readings;
    },
  };
}
