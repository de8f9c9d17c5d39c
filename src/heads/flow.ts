/**
 * Flow matching over action chunks (Lipman et al. 2022; Black et al. 2024, "π0"). The network arrives as an argument.
 * The noise level runs from 1 (pure noise) to 0 (the action): openpi's t, and 1 - τ of the papers.
 */
import { sizeOf } from "../base/index.ts";
import {
  add,
  loop,
  mul,
  pow,
  randomNormal,
  randomUniform,
  randomWords,
  reshape,
  square,
  sub,
  type Tensor,
} from "../tensor/index.ts";
import { type LossContext, meanOfNumbers } from "./head.ts";

/** Predicts d chunk / d level at noisy chunks `[B, D]` of the levels `[B]`. */
export type Velocity = (noisy: Tensor, level: Tensor) => Tensor;

/**
 * How levels are drawn in training. "beta": 0.001 + 0.999 Beta(1.5, 1), whose density grows as the root of the level, so
 * that most are noisy (π0); "uniform": all alike.
 */
export type LevelLaw = "beta" | "uniform";

const LEVEL_QUANTILES: { readonly [Law in LevelLaw]: (uniform: Tensor) => Tensor } = {
  beta: (uniform) => add(0.001, mul(0.999, pow(uniform, 2 / 3))),
  uniform: (uniform) => uniform,
};

/** Levels from uniform numbers: the quantile function of the law. */
export function noiseLevel(uniform: Tensor, law: LevelLaw): Tensor {
  return LEVEL_QUANTILES[law](uniform);
}

/**
 * Mean squared error of the predicted velocity on the straight line level · noise + (1 - level) · chunk, whose velocity
 * is noise - chunk; one random level for each chunk `[B, D]` (docs/algorithms/flow.md, lines 1 to 3).
 */
export function flowLoss(
  velocity: Velocity,
  {
    chunk,
    key,
    levels = "beta",
    ...context
  }: { chunk: Tensor; key: Tensor; levels?: LevelLaw } & Omit<LossContext, "key">,
): Tensor {
  const [batch] = chunk.shape;
  const [forLevel, forNoise] = randomWords(key, [batch, sizeOf(chunk.shape)]);
  const level = noiseLevel(randomUniform(forLevel, [batch]), levels);
  const direction = sub(randomNormal(forNoise, chunk.shape), chunk);
  const noisy = add(chunk, mul(reshape(level, [batch, 1]), direction));
  return meanOfNumbers(square(sub(velocity(noisy, level), direction)), context);
}

/** The levels at which `steps` Euler steps ask for the velocity: 1, 1 - 1/N … 1/N. Throws a RangeError below 1 step. */
export function flowLevels(steps: number): number[] {
  if (!(Number.isInteger(steps) && steps >= 1)) {
    throw new RangeError(`flow steps: found ${steps}, expected a whole number from 1`);
  }
  return Array.from({ length: steps }, (_, k) => (steps - k) / steps);
}

/**
 * Chunks `[B, D]` from standard normals `[B, D]` by Euler steps along the velocity (docs/algorithms/flow.md, lines 5 to 8).
 * All steps are one loop in the graph.
 *
 * @param velocityAt the velocity at step k of `flowLevels(steps)`, so that what depends on the level alone can be
 *   computed once for all steps
 */
export function flowSample(
  velocityAt: (noisy: Tensor, step: Tensor) => Tensor,
  { noise, steps }: { noise: Tensor; steps: number },
): Tensor {
  const { carried } = loop(flowLevels(steps).length, [noise], (step, [noisy]) => ({
    carried: [sub(noisy, mul(1 / steps, velocityAt(noisy, step)))],
  }));
  return carried[0];
}
