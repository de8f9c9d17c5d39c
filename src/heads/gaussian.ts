/**
 * One Gaussian with a diagonal deviation (robomimic's BC-Gaussian, Mandlekar et al. 2021; docs/algorithms/gaussian.md,
 * lines 1 to 3).
 */
import {
  add,
  clip,
  div,
  log,
  mul,
  neg,
  softplus,
  splitAxis,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from "../tensor/index.ts";
import { meanOfChunks, type TractableHead } from "./head.ts";

export interface GaussianOptions {
  /** D: numbers of a chunk. */
  readonly actionSize: number;
  /** Deviation where the network puts out 0, in normalised actions; default 0.1. */
  readonly initialDeviation?: number;
  /** Least deviation; default 0.01. It keeps the likelihood bounded. */
  readonly minimumDeviation?: number;
  /** Scale of the deviations when sampling; default 0: the mean is taken (low-noise evaluation). */
  readonly samplingScale?: number;
}

const LARGEST_DEVIATION = 7.5;

/**
 * Outputs `[B, D + D]`: means through tanh, deviations through softplus, scaled so that an output of 0 is the initial
 * deviation, and held within [minimum, 7.5].
 */
export function gaussianHead(options: GaussianOptions): TractableHead {
  const { actionSize, initialDeviation = 0.1, minimumDeviation = 0.01, samplingScale = 0 } = options;

  const read = (output: Tensor) => {
    const [means, deviations] = splitAxis(output, -1, [actionSize, actionSize]);
    const scaled = mul(initialDeviation / Math.LN2, softplus(deviations));
    return { means: tanh(means), deviations: clip(scaled, minimumDeviation, LARGEST_DEVIATION) };
  };

  const logProbability = (output: Tensor, actions: Tensor, present?: Tensor) => {
    const { means, deviations } = read(output);
    const z = div(sub(actions, means), deviations);
    const perNumber = add(mul(0.5, square(z)), log(deviations));
    if (present) return neg(sum(mul(present, add(perNumber, 0.5 * Math.log(2 * Math.PI))), { axes: -1 }));
    return sub(-0.5 * actionSize * Math.log(2 * Math.PI), sum(perNumber, { axes: -1 }));
  };

  return {
    name: "gaussian",
    outputSize: 2 * actionSize,
    noiseSize: samplingScale === 0 ? 0 : actionSize,
    logProbability,
    loss: (output, actions, context) => neg(meanOfChunks(logProbability(output, actions, context?.present), context)),
    sample(output, noise) {
      const { means, deviations } = read(output);
      return samplingScale === 0 ? means : add(means, mul(mul(samplingScale, deviations), noise));
    },
  };
}
