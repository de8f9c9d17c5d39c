/** What an action head is. */
import type { Tensor } from "../tensor/index.ts";

/**
 * Turns the numbers that a network puts out into a chunk of actions (B batch, D numbers of a chunk, all in [-1, 1]).
 * Randomness enters as standard normals, so that a policy is a function.
 */
export interface Head {
  readonly name: string;
  /** Numbers that the network puts out. */
  readonly outputSize: number;
  /** Standard normals that one chunk needs. */
  readonly noiseSize: number;
  /** Mean loss of the outputs `[B, outputSize]` at the actions `[B, D]`. */
  readonly loss: (output: Tensor, actions: Tensor) => Tensor;
  /** Actions `[B, D]` from the outputs and normals `[B, noiseSize]`. */
  readonly sample: (output: Tensor, noise: Tensor) => Tensor;
}

/** A head whose density can be computed: what needs a log-probability accepts only these. */
export interface TractableHead extends Head {
  /** log p(actions | output), natural, of whole chunks: `[B]`. */
  readonly logProbability: (output: Tensor, actions: Tensor) => Tensor;
}

export function isTractable(head: Head): head is TractableHead {
  return "logProbability" in head;
}
