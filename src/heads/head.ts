/** What an action head is. */
import { div, maximum, mean, mul, sum, type Tensor } from "../tensor/index.ts";

/** What a loss is computed with, besides outputs and actions. */
export interface LossContext {
  /** A key of this update alone, uint32 `[2]`: heads that draw noise in training need it. */
  readonly key?: Tensor;
  /** `[B, D]`, 1 where a number of the chunk was recorded, 0 where it is padding or nobody's to imitate. All, when left out. */
  readonly present?: Tensor;
  /** `[B]`, 0 or more: how much each chunk counts. Alike, when left out. */
  readonly weight?: Tensor;
}

/**
 * Turns what a network puts out into a chunk of actions (B batch, D numbers of a chunk, all in [-1, 1]). The output is a
 * tensor `[B, outputSize]`, for an autoregressive head a function of the numbers chosen so far, for diffusion and flow a
 * function of noisy chunks. Randomness enters as standard normals, so that a policy is a function.
 */
export interface Head<Output = Tensor> {
  readonly name: string;
  /** Numbers that the network puts out. */
  readonly outputSize: number;
  /** Standard normals that one chunk needs. */
  readonly noiseSize: number;
  /** Mean loss of the outputs at the actions `[B, D]`. */
  readonly loss: (output: Output, actions: Tensor, context?: LossContext) => Tensor;
  /** Actions `[B, D]` from the outputs and normals `[B, noiseSize]`. */
  readonly sample: (output: Output, noise: Tensor) => Tensor;
}

/** A head whose density can be computed: what needs a log-probability accepts only these. */
export interface TractableHead<Output = Tensor> extends Head<Output> {
  /** log p(actions | output), natural, of whole chunks, or of the numbers that are `present` (`[B, D]`): `[B]`. */
  readonly logProbability: (output: Output, actions: Tensor, present?: Tensor) => Tensor;
}

export function isTractable<Output>(head: Head<Output>): head is TractableHead<Output> {
  return "logProbability" in head;
}

/** The mean over a batch of what every chunk loses, `[B]`, each counted by its weight. */
export function meanOfChunks(perChunk: Tensor, { weight }: LossContext = {}): Tensor {
  return weight ? div(sum(mul(perChunk, weight)), sum(weight)) : mean(perChunk);
}

/** The mean over a batch of penalties `[B, D]` of single numbers: in every chunk over those that are present. */
export function meanOfNumbers(penalties: Tensor, context: LossContext = {}): Tensor {
  const { present, weight } = context;
  if (!present && !weight) return mean(penalties);
  const perChunk = present
    ? div(sum(mul(penalties, present), { axes: -1 }), maximum(sum(present, { axes: -1 }), 1))
    : mean(penalties, { axes: -1 });
  return meanOfChunks(perChunk, context);
}
