/**
 * A policy: what it sees, what it puts out, how a network and a head turn one into the other, and for how many steps.
 * Normalisation belongs to it, so that it takes and gives the task's own units.
 */
import type { Leaves } from "../base/index.ts";
import type { Normaliser } from "../datasets/index.ts";
import { type Head, l2Head, mixtureHead } from "../heads/index.ts";
import { type Layer, mlp } from "../nn/index.ts";
import { add, constant, mul, type Tensor } from "../tensor/index.ts";
import type { Horizons } from "../world/index.ts";

/** The choice of network and head, as it stands in a recipe. */
export interface PolicyRecipe {
  readonly head: "l2" | "gmm";
  /** Sizes of the hidden layers of the perceptron over the flattened observation history. */
  readonly hidden: readonly number[];
  /** Modes of the mixture. */
  readonly modes: number;
}

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
}

/** A policy with its parameters. */
export interface Policy {
  readonly spec: PolicySpec;
  readonly parameters: Leaves<Float32Array>;
}

export interface PolicyModel {
  /** From normalised observation histories `[B, To·Do]` to the head's outputs. */
  readonly network: Layer;
  /** Of chunks `[B, Tp·Da]`. */
  readonly head: Head;
}

/** Network and head of a policy. */
export function modelOf({
  observation,
  action,
  horizons,
  recipe,
}: Omit<PolicySpec, "task" | "controlRate">): PolicyModel {
  const actionSize = horizons.predictionHorizon * action.names.length;
  const heads = { l2: () => l2Head({ actionSize }), gmm: () => mixtureHead({ actionSize, modes: recipe.modes }) };
  const head = heads[recipe.head]();
  const inputSize = horizons.observationHorizon * observation.names.length;
  const network = mlp({ sizes: [inputSize, ...recipe.hidden, head.outputSize], activation: "relu" });
  return { network, head };
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
