import { InputError } from "../base/index.ts";
import { checkEma, type EmaRecipe, emaDecay } from "./ema.ts";
import { checkSchedule, learningRate, type Schedule } from "./schedule.ts";

/**
 * An optimizer is data: it stands in recipe.json, and twins interpret it: `plain.ts` (slow, obvious), the tensor program
 * of `graph.ts` (inside the ONNX graph) and the WebAssembly kernel of `kernel.ts`. Gradient g, parameter p, rate η:
 *
 * - `sgd` (torch.optim.SGD): g += weightDecay·p; b = momentum·b + g (b starts at 0); p -= η·b.
 * - `adam` (Kingma & Ba 2014, Algorithm 1; torch.optim.Adam): g += weightDecay·p; m += (1 - beta1)(g - m);
 *   v += (1 - beta2)(g² - v); p -= η·m̂/(√v̂ + epsilon), m̂ = m/(1 - beta1^t), v̂ = v/(1 - beta2^t), t = 1, 2, …
 * - `adamw` (Loshchilov & Hutter 2019, Algorithm 2; torch.optim.AdamW): p ·= 1 - η·weightDecay first, then as `adam`
 *   without its weight decay.
 *
 * With `clipNorm` all gradients are first multiplied by min(1, clipNorm/(‖g‖₂ + 1e-6)), ‖g‖₂ over all tensors together
 * (torch.nn.utils.clip_grad_norm_). `ema`, if present, follows the parameters after each update.
 */
export type OptimizerRecipe =
  | ({ readonly kind: "sgd"; readonly momentum: number; readonly weightDecay: number } & CommonRecipe)
  | ({
      readonly kind: "adam" | "adamw";
      readonly beta1: number;
      readonly beta2: number;
      readonly epsilon: number;
      readonly weightDecay: number;
    } & CommonRecipe);

type CommonRecipe = {
  readonly schedule: Schedule;
  readonly clipNorm?: number;
  readonly ema?: EmaRecipe;
};

type SgdRecipe = Extract<OptimizerRecipe, { kind: "sgd" }>;
type AdamRecipe = Extract<OptimizerRecipe, { kind: "adam" | "adamw" }>;
type Options<R extends OptimizerRecipe> = Partial<Omit<R, "kind">> & CommonRecipe;

/** SGD with PyTorch's defaults: no momentum, no weight decay. */
export const sgd = (options: Options<SgdRecipe>): OptimizerRecipe => ({
  kind: "sgd",
  momentum: 0,
  weightDecay: 0,
  ...options,
});

/** Adam with PyTorch's defaults: betas 0.9 and 0.999, epsilon 1e-8, no weight decay. */
export const adam = (options: Options<AdamRecipe>): OptimizerRecipe => ({
  ...{ kind: "adam", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0 },
  ...options,
});

/** AdamW with PyTorch's defaults: betas 0.9 and 0.999, epsilon 1e-8, weight decay 0.01. */
export const adamw = (options: Options<AdamRecipe>): OptimizerRecipe => ({
  ...{ kind: "adamw", beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 },
  ...options,
});

/**
 * What an optimizer remembers between updates, each with the shapes of the parameters: `firstMoment` is m (SGD: the
 * momentum buffer b), `secondMoment` v, `average` the EMA. Moments start at 0, the average at the parameters.
 */
export type StateName = "firstMoment" | "secondMoment" | "average";

export function stateNames(recipe: OptimizerRecipe): readonly StateName[] {
  const names: StateName[] = [];
  if (recipe.kind !== "sgd" || recipe.momentum !== 0) names.push("firstMoment");
  if (recipe.kind !== "sgd") names.push("secondMoment");
  if (recipe.ema) names.push("average");
  return names;
}

/**
 * Layout of the numbers that change from update to update; everything else in a recipe is constant. With t = update + 1:
 *
 * - `rate`: the learning rate η (for logs).
 * - `stepSize`, `epsilon`: η√(1 - beta2^t)/(1 - beta1^t) and epsilon·√(1 - beta2^t), so that Adam's step
 *   η·m̂/(√v̂ + epsilon) is stepSize·m/(√v + epsilon): the same number with two operations fewer for each parameter
 *   (Kingma & Ba 2014, end of section 2). For SGD stepSize is η and epsilon 0.
 * - `keep`: the factor 1 - η·weightDecay of AdamW; 1 for the others.
 * - `averageWeight`: 1 - d, the weight of the parameter in the EMA; 1 without an EMA.
 */
export const SCALARS = { rate: 0, stepSize: 1, epsilon: 2, keep: 3, averageWeight: 4 } as const;

export const SCALAR_COUNT = 5;

/** The scalars of update number `update` (0-based integer of any size) in float64, laid out as SCALARS. */
export function exactScalars(recipe: OptimizerRecipe, update: number): Float64Array {
  if (!Number.isInteger(update) || update < 0) throw new RangeError(`update ${update}: expected a whole number ≥ 0`);
  const rate = learningRate(recipe.schedule, update);
  const scalars = new Float64Array(SCALAR_COUNT);
  scalars[SCALARS.rate] = rate;
  scalars[SCALARS.stepSize] = rate;
  scalars[SCALARS.keep] = recipe.kind === "adamw" ? 1 - rate * recipe.weightDecay : 1;
  scalars[SCALARS.averageWeight] = recipe.ema ? 1 - emaDecay(recipe.ema, update) : 1;
  if (recipe.kind !== "sgd") {
    const secondCorrection = Math.sqrt(1 - recipe.beta2 ** (update + 1));
    scalars[SCALARS.stepSize] = (rate * secondCorrection) / (1 - recipe.beta1 ** (update + 1));
    scalars[SCALARS.epsilon] = recipe.epsilon * secondCorrection;
  }
  return scalars;
}

/** The scalars of update number `update`, computed in float64 and rounded once: what graph and kernel consume. */
export const stepScalars = (recipe: OptimizerRecipe, update: number): Float32Array<ArrayBuffer> =>
  Float32Array.from(exactScalars(recipe, update));

/** The factor for gradients whose squares sum to `sumOfSquares`: min(1, clipNorm/(norm + 1e-6)). */
export const clipFactor = (clipNorm: number, sumOfSquares: number): number =>
  Math.min(1, clipNorm / (Math.sqrt(sumOfSquares) + 1e-6));

/** Throws an InputError that names the field under `where` if a recipe (from a file, say) is not a valid one. */
export function checkOptimizer(recipe: OptimizerRecipe, where = "optimizer"): void {
  const refuse = (field: string, found: unknown, expected: string): never => {
    throw new InputError(`${where}.${field}: found ${JSON.stringify(found)}, expected ${expected}`);
  };
  const atLeastZero = (field: string, value: unknown) => {
    if (typeof value !== "number" || !(value >= 0 && value < Infinity))
      refuse(field, value, "a finite number, 0 or more");
  };
  const belowOne = (field: string, value: unknown) => {
    if (typeof value !== "number" || !(value >= 0 && value < 1)) refuse(field, value, "a number from 0 to below 1");
  };
  if (recipe?.kind === "sgd") {
    belowOne("momentum", recipe.momentum);
  } else if (recipe?.kind === "adam" || recipe?.kind === "adamw") {
    belowOne("beta1", recipe.beta1);
    belowOne("beta2", recipe.beta2);
    // With epsilon 0 a parameter whose gradient was always 0 would become 0/0.
    if (!(recipe.epsilon > 0 && recipe.epsilon < Infinity))
      refuse("epsilon", recipe.epsilon, "a finite number above 0");
  } else {
    refuse("kind", (recipe as OptimizerRecipe | null)?.kind, "sgd, adam, adamw");
  }
  atLeastZero("weightDecay", recipe.weightDecay);
  if (recipe.clipNorm !== undefined && !(recipe.clipNorm > 0 && recipe.clipNorm < Infinity)) {
    refuse("clipNorm", recipe.clipNorm, "a finite number above 0, or none");
  }
  checkSchedule(recipe.schedule, `${where}.schedule`);
  if (recipe.ema !== undefined) checkEma(recipe.ema, `${where}.ema`);
}
