/**
 * The update inside a tensor program: the twin of `kernel.ts` for networks whose whole training step is one graph. All
 * parameters are one vector, so that an update is a dozen operations however many tensors a network has.
 */
import { add, constant, div, gather, minimum, mul, sqrt, square, sub, sum, type Tensor } from "../tensor/index.ts";
import { type OptimizerRecipe, SCALAR_COUNT, SCALARS, type StateName } from "./recipe.ts";

/** The parameters `[N]` and what the optimizer remembers of them, each `[N]`. */
export type GraphState = { readonly parameter: Tensor } & { readonly [K in StateName]?: Tensor };

/**
 * One update: the next state from the gradient `[N]` and the scalars `[SCALAR_COUNT]` of this update. Weight decay applies
 * to all parameters. The norm for clipping is summed in float32: from 1.8e19 on it is infinite and the gradient clipped to
 * 0, where the kernel, in float64, goes on.
 */
export function graphUpdate(
  recipe: OptimizerRecipe,
  { state, gradient, scalars }: { state: GraphState; gradient: Tensor; scalars: Tensor },
): GraphState {
  if (scalars.shape.length !== 1 || scalars.shape[0] !== SCALAR_COUNT) {
    throw new Error(`graphUpdate: scalars of shape [${scalars.shape}], expected [${SCALAR_COUNT}]`);
  }
  const scalar = (name: keyof typeof SCALARS) => gather(scalars, constant(SCALARS[name], [], "int32"));
  const { parameter } = state;
  let g = gradient;
  if (recipe.clipNorm !== undefined) {
    const norm = sqrt(sum(square(g)));
    g = mul(g, minimum(div(recipe.clipNorm, add(norm, 1e-6)), 1));
  }
  if (recipe.kind !== "adamw" && recipe.weightDecay !== 0) g = add(g, mul(recipe.weightDecay, parameter));

  const next: { parameter: Tensor } & { [K in StateName]?: Tensor } = { parameter };
  if (recipe.kind === "sgd") {
    const step = state.firstMoment ? add(mul(recipe.momentum, state.firstMoment), g) : g;
    if (state.firstMoment) next.firstMoment = step;
    next.parameter = sub(parameter, mul(scalar("stepSize"), step));
  } else {
    const first = approach(state.firstMoment!, g, 1 - recipe.beta1);
    const second = approach(state.secondMoment!, mul(g, g), 1 - recipe.beta2);
    const kept = recipe.kind === "adamw" && recipe.weightDecay !== 0 ? mul(scalar("keep"), parameter) : parameter;
    const step = div(mul(scalar("stepSize"), first), add(sqrt(second), scalar("epsilon")));
    next.firstMoment = first;
    next.secondMoment = second;
    next.parameter = sub(kept, step);
  }
  if (state.average) next.average = approach(state.average, next.parameter, scalar("averageWeight"));
  return next;
}

/** from + weight·(to - from). */
function approach(from: Tensor, to: Tensor, weight: Tensor | number): Tensor {
  return add(from, mul(weight, sub(to, from)));
}
