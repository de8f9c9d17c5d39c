/** What an action head is. */
import type { Tensor } from "../tensor/index.ts";

/**
 * Turns what a network puts out into a chunk of actions (B batch, D numbers of a chunk, all in [-1, 1]). The output is a
 * tensor `[B, outputSize]`, or for an autoregressive head a function of the numbers chosen so far. Randomness enters as
 * standard normals, so that a policy is a function.
 */
export interface Head<Output = Tensor> {
  readonly name: string;
  /** Numbers that the network puts out. */
  readonly outputSize: number;
  /** Standard normals that one chunk needs. */
  readonly noiseSize: number;
  /** Mean loss of the outputs at the actions `[B, D]`. */
  readonly loss: (output: Output, actions: Tensor) => Tensor;
  /** Actions `[B, D]` from the outputs and normals `[B, noiseSize]`. */
  readonly sample: (output: Output, noise: Tensor) => Tensor;
}

/** A head whose density can be computed: what needs a log-probability accepts only these. */
export interface TractableHead<Output = Tensor> extends Head<Output> {
  /** log p(actions | output), natural, of whole chunks: `[B]`. */
  readonly logProbability: (output: Output, actions: Tensor) => Tensor;
}

export function isTractable<Output>(head: Head<Output>): head is TractableHead<Output> {
  return "logProbability" in head;
}
