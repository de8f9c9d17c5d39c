/** A small policy of every head, encoder and network, with random parameters. */
import { foldIn, mapLeaves, randomKey, randomStream, sizeOf } from "../../src/base/index.ts";
import {
  modelOf,
  noiseOf,
  type Policy,
  type PolicyChoice,
  type PolicyRecipe,
  type PolicySpec,
  policyProgram,
  policyRecipe,
} from "../../src/policies/index.ts";
import { interpret } from "../../src/tensor/index.ts";

const HORIZONS = { observationHorizon: 3, predictionHorizon: 4, actionHorizon: 2 };

/** Bins of unequal widths, other ones for each of the two actions. */
const EDGES = [
  [-1, -0.7, -0.1, 0, 0.25, 1],
  [-1, -0.2, 0.3, 0.4, 0.8, 1],
];

const HEADS: Readonly<Record<string, { head: PolicyRecipe["head"]["kind"]; options?: PolicyChoice["options"] }>> = {
  l2: { head: "l2" },
  l1: { head: "l1" },
  huber: { head: "huber" },
  gaussian: { head: "gaussian", options: { sampling: "full" } },
  gmm: { head: "gmm", options: { modes: 3, sampling: "full" } },
  autoregressive: { head: "autoregressive", options: { bins: 6, order: ["force.y"] } },
  "autoregressive, quantile bins": { head: "autoregressive", options: { bins: 5, binning: "quantile" } },
  diffusion: { head: "diffusion", options: { steps: 20, samplingSteps: 5 } },
  "diffusion, v by DDPM": {
    head: "diffusion",
    options: { steps: 20, samplingSteps: 10, prediction: "v", sampler: "ddpm" },
  },
  flow: { head: "flow", options: { samplingSteps: 4 } },
};

const ENCODERS: readonly NonNullable<PolicyChoice["encoder"]>[] = [
  { kind: "flatten" },
  { kind: "gru", size: 6, layers: 2 },
  { kind: "transformer", size: 8, layers: 2, heads: 2 },
];

const MLP = { kind: "mlp", hidden: [9, 9, 9], residual: false } as const;
const NETWORKS: readonly NonNullable<PolicyChoice["network"]>[] = [
  MLP,
  { ...MLP, residual: true },
  { kind: "u-net", widths: [8, 16], kernel: 3, time: 8 },
] as NonNullable<PolicyChoice["network"]>[];

export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

/** Every choice that goes together: U-Nets with diffusion and flow alone, residual perceptrons with the flat history. */
export const POLICIES: readonly NamedPolicy[] = Object.entries(HEADS).flatMap(([name, { head, options }]) =>
  ENCODERS.flatMap((encoder) =>
    NETWORKS.filter((network) => isMeant({ head, encoder, network })).map((network) => {
      const recipe = policyRecipe(head, { encoder, network, options });
      const kind = network.kind === "mlp" && network.residual ? "residual mlp" : network.kind;
      return { name: `${name}, ${encoder.kind}, ${kind}`, policy: policyOf(recipe, name.includes("quantile")) };
    }),
  ),
);

function isMeant({ head, encoder, network }: Pick<PolicyRecipe, "encoder" | "network"> & { head: string }): boolean {
  if (network.kind === "u-net") return head === "diffusion" || head === "flow";
  return !network.residual || (encoder.kind === "flatten" && head !== "autoregressive");
}

/** One for each head, on the flat history. */
export const ONE_OF_EACH: readonly NamedPolicy[] = Object.keys(HEADS).map(
  (name) => POLICIES.find((each) => each.name === `${name}, flatten, mlp`)!,
);

export function policyOf(recipe: PolicyRecipe, hasEdges = false, horizons = HORIZONS): Policy {
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
    horizons,
    controlRate: 20,
    recipe,
    ...(hasEdges && { binEdges: EDGES }),
  };
  const parameters = mapLeaves(modelOf(spec).parameters, ({ shape }, path) => {
    // of a size at which every unit matters, and none drowns the others
    const own = Array.from(path).reduce((key, letter) => foldIn(key, letter.codePointAt(0)!), randomKey(5));
    const stream = randomStream(own);
    const fanIn = shape.length > 1 ? sizeOf(shape) / shape[0] : 4;
    return Float32Array.from({ length: sizeOf(shape) }, () => stream.normal() / Math.sqrt(fanIn));
  });
  return { spec, parameters };
}

/** Histories `[count, To, Do]`, a key for each, and the noise `[count, noiseSize]` that these stand for. */
export function questions({ spec }: Policy, count: number) {
  const stream = randomStream(randomKey(3));
  const size = spec.horizons.observationHorizon * spec.observation.names.length;
  const keys = Array.from({ length: count }, (_, row) => foldIn(randomKey(7), row));
  const { noiseSize } = modelOf(spec);
  const noise = Float32Array.from(keys.flatMap((key) => Array.from(noiseOf(key, noiseSize))));
  return { histories: Float32Array.from({ length: count * size }, () => 2 * stream.normal()), keys, noise, noiseSize };
}

/** What the policy itself does: its program for all rows at once, by the interpreter, in float64. */
export function liveChunks(policy: Policy, count: number): Float64Array {
  const { histories, noise } = questions(policy, count);
  const size = histories.length / count;
  const newest = size - policy.spec.observation.names.length;
  const parts = Array.from({ length: count }, (_, row) => histories.subarray(row * size, (row + 1) * size));
  return interpret(policyProgram(policy, { batch: count }), {
    observation: parts.flatMap((history) => Array.from(history.subarray(newest))),
    state: parts.flatMap((history) => Array.from(history.subarray(0, newest))),
    noise,
  }).actions.data as Float64Array;
}

/** The largest difference of two lists of chunks, in normalised actions. */
export function apart({ spec }: Policy, one: ArrayLike<number>, other: ArrayLike<number>): number {
  const { scale } = spec.action.normaliser;
  if (one.length !== other.length) return Infinity;
  return Array.from(one).reduce((most, value, i) => {
    const difference = Math.abs(value - other[i]) * scale[i % scale.length];
    return Number.isNaN(difference) ? Infinity : Math.max(most, difference);
  }, 0);
}

/** What the issue allows: 1e-5, and 1e-4 for diffusion and flow. */
export const limitOf = ({ spec: { recipe } }: Policy) =>
  recipe.head.kind === "diffusion" || recipe.head.kind === "flow" ? 1e-4 : 1e-5;
