/**
 * A policy: what it sees, what it puts out, how an encoder, a network and a head turn one into the other, and for how many
 * steps. Normalisation belongs to it, so that it takes and gives the task's own units.
 */
import { InputError, type Leaves, nearestName } from "../base/index.ts";
import type { Normaliser } from "../datasets/index.ts";
import {
  autoregressiveHead,
  binsBetween,
  type Denoising,
  diffusionHead,
  flowHead,
  gaussianHead,
  type Head,
  huberHead,
  isTractable,
  type LossContext,
  l1Head,
  l2Head,
  maskedPerceptron,
  mixtureHead,
} from "../heads/index.ts";
import { type Layer, mlp, named, type ParameterSpec, residualMlp } from "../nn/index.ts";
import { add, constant, mul, type Tensor } from "../tensor/index.ts";
import type { Horizons } from "../world/index.ts";
import { denoiserOf } from "./denoisers.ts";
import { encoderOf } from "./encoders.ts";
import type { HeadRecipe, NetworkRecipe, PolicyRecipe } from "./recipe.ts";

/** Numbers of one kind: observation or action. */
export interface PolicySpace {
  /** `[D]`. */
  readonly names: readonly string[];
  readonly units: readonly string[];
  /** To and from the numbers that the network sees. */
  readonly normaliser: Normaliser;
}

/** Everything about a policy but its parameters. */
export interface PolicySpec {
  readonly task: string;
  readonly observation: PolicySpace;
  readonly action: PolicySpace;
  readonly horizons: Horizons;
  /** Steps per second, Hz. */
  readonly controlRate: number;
  readonly recipe: PolicyRecipe;
  /** For the autoregressive head with quantile bins: the V + 1 edges of each of the Da normalised action dimensions. */
  readonly binEdges?: readonly (readonly number[])[];
}

/** A policy with its parameters. */
export interface Policy {
  readonly spec: PolicySpec;
  readonly parameters: Leaves<Float32Array>;
}

/** Encoder, network and head in one: from normalised observation histories `[B, To, Do]` to chunks `[B, Tp·Da]`. */
export interface PolicyModel {
  readonly parameters: Leaves<ParameterSpec>;
  /** Standard normals that one chunk needs. */
  readonly noiseSize: number;
  /** Mean loss at normalised chunks, a scalar. */
  readonly loss: (parameters: Leaves<Tensor>, batch: { histories: Tensor; chunks: Tensor } & LossContext) => Tensor;
  /** Normalised chunks from normals `[B, noiseSize]`. */
  readonly sample: (parameters: Leaves<Tensor>, histories: Tensor, noise: Tensor) => Tensor;
  /** log p of normalised chunks, `[B]`; null for a head without a density. */
  readonly logProbability:
    | ((parameters: Leaves<Tensor>, batch: { histories: Tensor; chunks: Tensor }) => Tensor)
    | null;
  /** The network over noisy chunks `[B, Tp·Da]`, at histories; null for a head that does not denoise. */
  readonly denoising: ((parameters: Leaves<Tensor>, histories: Tensor) => Denoising) | null;
}

/** What decides the model of a policy. */
type ModelSpec = Omit<PolicySpec, "task" | "controlRate">;

/** The model of a policy. Throws an InputError that names the field of the recipe where head, network and sizes do not go together. */
export function modelOf(spec: ModelSpec): PolicyModel {
  const { observation, action, horizons, recipe } = spec;
  const { encoder: encoderRecipe, network, head } = recipe;
  const encoder = encoderOf(encoderRecipe, { steps: horizons.observationHorizon, width: observation.names.length });
  const sizes = { horizon: horizons.predictionHorizon, action: action.names.length, condition: encoder.size };
  const actionSize = sizes.horizon * sizes.action;
  switch (head.kind) {
    case "diffusion":
    case "flow": {
      const deterministic = head.sampling === "deterministic";
      const options = { ...head, actionSize, deterministic };
      const denoising =
        head.kind === "diffusion" ? diffusionHead({ ...options, ...head }) : flowHead({ ...options, ...head });
      const denoiser = denoiserOf(network, sizes);
      return {
        ...join(encoder.layer, denoiser, denoising),
        denoising: (parameters, histories) => denoiser.apply(parameters, encoder.layer.apply(parameters, histories)),
      };
    }
    case "autoregressive": {
      const bins = spec.binEdges ? binsBetween(repeated(spec.binEdges, sizes.horizon)) : head.bins;
      const order = chunkOrder(head.order, action.names, sizes.horizon);
      const { hidden } = perceptronOf(network, head);
      const narrow = hidden.find((size) => size < actionSize);
      if (narrow !== undefined) {
        throw new InputError(
          `policy.network.hidden: found ${narrow}, expected ${actionSize} or more with head "autoregressive": ` +
            `units for each of ${sizes.horizon} x ${sizes.action} numbers`,
        );
      }
      const layer = maskedPerceptron({
        condition: encoder.size,
        actionSize,
        bins: head.bins,
        hidden,
        activation: "relu",
      });
      const { temperature } = head;
      return join(encoder.layer, named("network", layer), autoregressiveHead({ actionSize, bins, temperature, order }));
    }
    default: {
      const made = plainHead(head, actionSize);
      const { hidden, residual } = perceptronOf(network, head);
      const options = { sizes: [encoder.size, ...hidden, made.outputSize], activation: "relu" } as const;
      return join(encoder.layer, named("network", residual ? residualMlp(options) : mlp(options)), made);
    }
  }
}

/** Heads that read plain numbers. */
function plainHead(
  head: Exclude<HeadRecipe, { kind: "diffusion" | "flow" | "autoregressive" }>,
  actionSize: number,
): Head {
  switch (head.kind) {
    case "l2":
      return l2Head({ actionSize });
    case "l1":
      return l1Head({ actionSize });
    case "huber":
      return huberHead({ actionSize, delta: head.delta });
    case "gaussian":
      return gaussianHead({ ...head, actionSize, samplingScale: head.sampling === "full" ? 1 : 0 });
    case "gmm":
      return mixtureHead({
        ...head,
        actionSize,
        samplingScale: head.sampling === "full" ? 1 : 0,
        likeliestMode: head.sampling === "deterministic",
      });
    default:
      return head satisfies never;
  }
}

/** One encoder, network and head after another; what the network hands to the head is theirs alone. */
function join<Output>(encoder: Layer, network: Layer<Tensor, Output>, head: Head<Output>): PolicyModel {
  const output = (parameters: Leaves<Tensor>, histories: Tensor) =>
    network.apply(parameters, encoder.apply(parameters, histories));
  return {
    parameters: { ...encoder.parameters, ...network.parameters },
    noiseSize: head.noiseSize,
    loss: (parameters, { histories, chunks, ...context }) => head.loss(output(parameters, histories), chunks, context),
    sample: (parameters, histories, noise) => head.sample(output(parameters, histories), noise),
    logProbability: isTractable(head)
      ? (parameters, { histories, chunks }) => head.logProbability(output(parameters, histories), chunks)
      : null,
    denoising: null,
  };
}

function perceptronOf(network: NetworkRecipe, head: HeadRecipe): Extract<NetworkRecipe, { kind: "mlp" }> {
  if (network.kind === "mlp") return network;
  throw new InputError(`policy.network.kind: found "${network.kind}", expected "mlp" with head "${head.kind}"`);
}

function repeated<T>(values: readonly T[], times: number): T[] {
  return Array.from({ length: times }, () => values).flat();
}

/**
 * The order of a chunk's numbers in which, at every step, the named dimensions come first; undefined for no names
 * (docs/algorithms/autoregressive.md, line 1).
 */
function chunkOrder(first: readonly string[], names: readonly string[], horizon: number): number[] | undefined {
  if (first.length === 0) return undefined;
  const places = first.map((name) => {
    const place = names.indexOf(name);
    if (place >= 0) return place;
    const nearest = nearestName(name, names);
    const hint = nearest ? `; did you mean "${nearest}"?` : "";
    throw new InputError(`policy.head.order: found "${name}", expected some of ${names.join(", ")}${hint}`);
  });
  const order = [...new Set([...places, ...names.keys()])];
  return Array.from({ length: horizon }, (_, step) => order.map((place) => step * names.length + place)).flat();
}

/** scale · x + offset along the last axis `[D]`. */
export function normalise(x: Tensor, { scale, offset }: Normaliser): Tensor {
  return add(mul(x, constant(scale)), constant(offset));
}

/** The inverse of `normalise`. */
export function restore(x: Tensor, { scale, offset }: Normaliser): Tensor {
  const inverse = Float64Array.from(scale, (factor) => 1 / factor);
  return add(mul(x, constant(inverse)), constant(inverse.map((factor, index) => -offset[index] * factor)));
}
