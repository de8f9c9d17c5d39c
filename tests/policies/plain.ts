/** Small policies, and what they do in plain numbers: a slow twin of the exported file. */
import { randomKey, randomStream, sizeOf } from "../../src/base/index.ts";
import { modelOf, type Policy, type PolicySpec, policyRecipe } from "../../src/policies/index.ts";

/** The fields of a spec that tests choose; 3 observations, 2 actions, K = 3. */
export interface PolicyChoice {
  head: "l2" | "gmm";
  observationHorizon: number;
}

const MODES = 3;

/** A policy with random parameters of a size at which every unit matters. */
export function smallPolicy({ head, observationHorizon }: PolicyChoice, seed = 1): Policy {
  const spec: PolicySpec = {
    task: "small",
    observation: {
      names: ["p.x", "p.y", "speed"],
      units: ["m", "m", "m/s"],
      normaliser: { scale: Float32Array.of(0.5, 2, 0.1), offset: Float32Array.of(-0.25, 1, 0) },
    },
    action: {
      names: ["force.x", "force.y"],
      units: ["N", "N"],
      normaliser: { scale: Float32Array.of(0.02, 4), offset: Float32Array.of(0.5, -1) },
    },
    horizons: { observationHorizon, predictionHorizon: 4, actionHorizon: 2 },
    controlRate: 20,
    recipe: policyRecipe(head, { hidden: [5, 4], options: head === "gmm" ? { modes: MODES } : {} }),
  };
  const stream = randomStream(randomKey(seed));
  const parameters = Object.entries(modelOf(spec).parameters).map(([name, { shape }]) => [
    name,
    Float32Array.from({ length: sizeOf(shape) }, () => 0.6 * stream.normal()),
  ]);
  return { spec, parameters: Object.fromEntries(parameters) };
}

/** The head's outputs for one history [To, Do], in float64. */
export function outputsOf({ spec, parameters }: Policy, history: ArrayLike<number>): number[] {
  const { scale, offset } = spec.observation.normaliser;
  const seen = Array.from(history, (value, i) => value * scale[i % scale.length] + offset[i % scale.length]);
  const layers = Object.keys(parameters).length / 2;
  return Array.from({ length: layers }, (_, layer) => 2 * layer).reduce((x, layer) => {
    const [weight, bias] = [parameters[`network.${layer}.weight`], parameters[`network.${layer}.bias`]];
    const y = Array.from(bias, (start, row) =>
      x.reduce((sum, value, column) => sum + value * weight[row * x.length + column], start),
    );
    return layer === 2 * (layers - 1) ? y : y.map((value) => Math.max(0, value));
  }, seen);
}

export interface PlainMixture {
  weights: number[];
  means: number[][];
  deviations: number[][];
}

/** The mixture in the head's outputs (docs/algorithms/bc.md). */
export function mixtureOf({ spec }: Policy, outputs: readonly number[]): PlainMixture {
  const modes = MODES;
  const size = spec.horizons.predictionHorizon * spec.action.names.length;
  const part = (first: number, mode: number) => outputs.slice(first + mode * size, first + (mode + 1) * size);
  const powers = outputs.slice(2 * modes * size).map(Math.exp);
  const total = powers.reduce((sum, power) => sum + power, 0);
  const all = Array.from({ length: modes }, (_, mode) => mode);
  return {
    weights: powers.map((power) => power / total),
    means: all.map((mode) => part(0, mode).map(Math.tanh)),
    deviations: all.map((mode) => part(modes * size, mode).map((raw) => Math.log1p(Math.exp(raw)) + 1e-4)),
  };
}

/** The chunk [Tp, Da] of one history, in the action's units, with the noise that the head asks for. */
export function chunkOf(policy: Policy, history: ArrayLike<number>, noise: ArrayLike<number>): number[] {
  const { scale, offset } = policy.spec.action.normaliser;
  const outputs = outputsOf(policy, history);
  return normalisedChunk(policy, outputs, noise).map((value, i) => (value - offset[i % 2]) / scale[i % 2]);
}

function normalisedChunk(policy: Policy, outputs: number[], noise: ArrayLike<number>): number[] {
  if (policy.spec.recipe.head.kind === "l2") return outputs;
  const { weights, means } = mixtureOf(policy, outputs);
  const uniform = normalProbability(noise[0]);
  let below = 0;
  const mode = weights.findIndex((weight) => {
    below += weight;
    return uniform < below;
  });
  return means[mode === -1 ? means.length - 1 : mode];
}

/** Φ(z) by Simpson's rule from 0, to about 1e-9 for |z| < 6. */
function normalProbability(z: number): number {
  const pieces = 400;
  const density = (x: number) => Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  const step = z / pieces;
  const total = Array.from({ length: pieces + 1 }, (_, i) => {
    const weight = i === 0 || i === pieces ? 1 : i % 2 === 1 ? 4 : 2;
    return weight * density(i * step);
  }).reduce((sum, value) => sum + value, 0);
  return 0.5 + (total * step) / 3;
}
