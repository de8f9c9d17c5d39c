import { clipFactor, exactScalars, type OptimizerRecipe, SCALARS, type StateName, stateNames } from "./recipe.ts";

/**
 * The optimizer's plain twin: one obvious loop, the definition that the graph and the kernel are tested against. In
 * Float64Array it computes in float64. In Float32Array it rounds to float32 after every operation, in the order that
 * the kernel uses, so that the two agree bit for bit (but for the order in which squares are summed for clipping).
 */

export type Numbers = Float32Array | Float64Array;

/** One array per parameter tensor, in the same order everywhere. */
export type PlainState = { readonly parameter: readonly Numbers[] } & {
  readonly [K in StateName]?: readonly Numbers[];
};

export type UpdateReport = {
  /** False if a gradient or a moment is NaN or infinite: the run should stop. */
  readonly finite: boolean;
  /** Global norm of the gradients before clipping; null if the recipe does not clip. */
  readonly gradientNorm: number | null;
};

const exact = (x: number): number => x;

const rounding = (like: Numbers): ((x: number) => number) => (like instanceof Float32Array ? Math.fround : exact);

/** State before the first update: moments 0, average = parameters. The parameters themselves are not copied. */
export function initialState(recipe: OptimizerRecipe, parameter: readonly Numbers[]): PlainState {
  const state: { parameter: readonly Numbers[] } & { [K in StateName]?: Numbers[] } = { parameter };
  for (const name of stateNames(recipe)) {
    state[name] = parameter.map((p) => (name === "average" ? p.slice() : p.slice().fill(0)));
  }
  return state;
}

/** Sum of squares of all gradients in float64: not finite exactly if one of them is not. */
export function sumOfSquares(gradient: readonly Numbers[]): number {
  let sum = 0;
  for (const g of gradient) for (const x of g) sum += x * x;
  return sum;
}

/**
 * One update in place. `update` is its 0-based number; `decay[i]` says whether weight decay applies to tensor i (default:
 * to all, as PyTorch). If the recipe clips and a gradient is not finite, nothing is changed.
 */
export function plainUpdate(options: {
  recipe: OptimizerRecipe;
  update: number;
  state: PlainState;
  gradient: readonly Numbers[];
  decay?: readonly boolean[];
}): UpdateReport {
  const { recipe, update, state, gradient, decay } = options;
  const scalars = exactScalars(recipe, update);
  let clip = 1;
  let gradientNorm: number | null = null;
  if (recipe.clipNorm !== undefined) {
    const squares = sumOfSquares(gradient);
    gradientNorm = Math.sqrt(squares);
    if (!Number.isFinite(squares)) return { finite: false, gradientNorm };
    clip = clipFactor(recipe.clipNorm, squares);
  }
  let finite = true;
  for (let tensor = 0; tensor < gradient.length; tensor++) {
    const arrays = {
      p: state.parameter[tensor],
      g: gradient[tensor],
      m: state.firstMoment?.[tensor],
      v: state.secondMoment?.[tensor],
      average: state.average?.[tensor],
    };
    finite = updateTensor(recipe, scalars, clip, arrays, decay?.[tensor] ?? true) && finite;
  }
  return { finite, gradientNorm };
}

type TensorArrays = { p: Numbers; g: Numbers; m?: Numbers; v?: Numbers; average?: Numbers };

function updateTensor(
  recipe: OptimizerRecipe,
  scalars: Float64Array,
  clip: number,
  { p, g, m, v, average }: TensorArrays,
  decays: boolean,
): boolean {
  const r = rounding(p);
  const stepSize = r(scalars[SCALARS.stepSize]);
  const averageWeight = r(scalars[SCALARS.averageWeight]);
  const keep = r(decays ? scalars[SCALARS.keep] : 1);
  const coupled = r(decays && recipe.kind !== "adamw" ? recipe.weightDecay : 0);
  const factor = r(clip);
  let finite = true;
  for (let i = 0; i < p.length; i++) {
    let gradient = r(g[i] * factor);
    if (coupled !== 0) gradient = r(gradient + r(coupled * p[i]));
    let step: number;
    if (recipe.kind === "sgd") {
      if (m) {
        gradient = r(r(r(recipe.momentum) * m[i]) + gradient);
        m[i] = gradient;
      }
      finite &&= Number.isFinite(gradient);
      step = r(stepSize * gradient);
    } else {
      const first = r(m![i] + r(r(1 - recipe.beta1) * r(gradient - m![i])));
      const second = r(v![i] + r(r(1 - recipe.beta2) * r(r(gradient * gradient) - v![i])));
      m![i] = first;
      v![i] = second;
      finite &&= Number.isFinite(second);
      step = r(r(stepSize * first) / r(r(Math.sqrt(second)) + r(scalars[SCALARS.epsilon])));
    }
    p[i] = r(r(keep * p[i]) - step);
    if (average) average[i] = r(average[i] + r(averageWeight * r(p[i] - average[i])));
  }
  return finite;
}

/** Gradient accumulation: sum = weight·gradient for the first of a batch's parts, sum += weight·gradient for the rest. */
export function plainAccumulate(options: { sum: Numbers; gradient: Numbers; weight: number; first: boolean }): void {
  const { sum, gradient, weight, first } = options;
  const r = rounding(sum);
  for (let i = 0; i < sum.length; i++) {
    const part = r(r(weight) * gradient[i]);
    sum[i] = first ? part : r(sum[i] + part);
  }
}
