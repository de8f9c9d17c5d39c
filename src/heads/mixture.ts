/**
 * Mixture of K diagonal Gaussians (Bishop 1994; robomimic's BC-GMM, Mandlekar et al. 2021): one mixture index for a
 * whole chunk, so that a chunk is drawn from one way of doing the task.
 */
import {
  add,
  argMax,
  div,
  expand,
  log,
  logSoftmax,
  logSumExp,
  mul,
  neg,
  oneHot,
  reshape,
  slice,
  softplus,
  splitAxis,
  square,
  sub,
  sum,
  type Tensor,
  tanh,
} from "../tensor/index.ts";
import { chooseByNormal } from "./choice.ts";
import { meanOfChunks, type TractableHead } from "./head.ts";

export interface MixtureOptions {
  /** D: numbers of a chunk. */
  readonly actionSize: number;
  /** K; default 5. */
  readonly modes?: number;
  /** Least standard deviation, in normalised actions; default 1e-4. It keeps the likelihood bounded. */
  readonly minimumDeviation?: number;
  /** Scale of the deviations when sampling; default 0: the mode is drawn, its mean is taken (low-noise evaluation). */
  readonly samplingScale?: number;
  /** Whether the likeliest mode is taken instead of one drawn; default false. */
  readonly likeliestMode?: boolean;
}

interface Mixture {
  /** `[B, K, D]`, in (-1, 1). */
  readonly means: Tensor;
  /** `[B, K, D]`. */
  readonly deviations: Tensor;
  /** `[B, K]`, not normalised. */
  readonly logits: Tensor;
}

/**
 * Outputs `[B, K·D + K·D + K]`: means through tanh, deviations through softplus plus the minimum, logits. Everything is
 * computed in log space: the naive sum of densities underflows at a few deviations (docs/algorithms/mixture.md, lines 1
 * to 4).
 */
export function mixtureHead(options: MixtureOptions): TractableHead {
  const { actionSize, modes = 5, minimumDeviation = 1e-4, samplingScale = 0, likeliestMode = false } = options;
  const half = modes * actionSize;
  const modeNoise = likeliestMode ? 0 : 1;

  const read = (output: Tensor): Mixture => {
    const batch = output.shape[0];
    const [means, deviations, logits] = splitAxis(output, -1, [half, half, modes]);
    return {
      means: reshape(tanh(means), [batch, modes, actionSize]),
      deviations: reshape(add(softplus(deviations), minimumDeviation), [batch, modes, actionSize]),
      logits,
    };
  };

  const logProbability = (output: Tensor, actions: Tensor, present?: Tensor) => {
    const { means, deviations, logits } = read(output);
    const z = div(sub(expand(actions, 1), means), deviations);
    const perNumber = add(mul(0.5, square(z)), log(deviations));
    const perMode = sum(present ? mul(expand(present, 1), perNumber) : perNumber, { axes: -1 });
    const count = present ? sum(present, { axes: -1 }) : actionSize;
    return sub(logSumExp(sub(logSoftmax(logits), perMode)), mul(0.5 * Math.log(2 * Math.PI), count));
  };

  return {
    name: "gmm",
    outputSize: 2 * half + modes,
    noiseSize: modeNoise + (samplingScale === 0 ? 0 : actionSize),
    logProbability,
    loss: (output, actions, context) => neg(meanOfChunks(logProbability(output, actions, context?.present), context)),
    sample(output, noise) {
      const { means, deviations, logits } = read(output);
      const index = likeliestMode ? argMax(logits) : chooseByNormal(logits, slice(noise, -1, 0, 1));
      const chosen = expand(oneHot(index, modes), -1);
      const center = sum(mul(chosen, means), { axes: 1 });
      if (samplingScale === 0) return center;
      const deviation = mul(samplingScale, sum(mul(chosen, deviations), { axes: 1 }));
      return add(center, mul(deviation, slice(noise, -1, modeNoise, modeNoise + actionSize)));
    },
  };
}
