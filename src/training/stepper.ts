/** How updates are carried out: one interface, two ways (`in-graph.ts`, `with-kernel.ts`) that give the same numbers. */
import type { Leaves } from "../base/index.ts";
import type { OptimizerRecipe, StateName } from "../optim/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { Problem } from "./problem.ts";

/** What one update needs to know besides the state. */
export interface UpdateInputs {
  /** Examples of the batch, `[accumulate · batchSize]`. */
  readonly examples: Int32Array;
  /** The update's key, two words. */
  readonly key: readonly [number, number];
  /** The optimizer's scalars of this update. */
  readonly scalars: Float32Array;
}

/** Parameters and what the optimizer remembers, by copy and path. */
export type TrainingState = { readonly parameter: Leaves<Float32Array> } & {
  readonly [K in StateName]?: Leaves<Float32Array>;
};

export interface Stepper {
  /** Carries out updates, in order; returns their losses. A loss or gradient that is not finite stops it there. */
  advance(updates: readonly UpdateInputs[]): Promise<Float32Array>;
  /** The present state; the arrays change with the next update. */
  state(): TrainingState;
  close(): Promise<void>;
}

export interface StepperOptions {
  readonly problem: Problem;
  readonly optimizer: OptimizerRecipe;
  readonly batchSize: number;
  /** Batches whose gradients are averaged for one update. */
  readonly accumulate: number;
  readonly runtime: Runtime;
  /** The state to start from; its arrays are copied. */
  readonly start: TrainingState;
}

/** Training met a number that is not finite. What was saved before is untouched. */
export class DivergenceError extends Error {
  override name = "DivergenceError";
}
