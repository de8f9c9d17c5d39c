/** How updates are carried out: one interface, two ways (`in-graph.ts`, `with-kernel.ts`) that give the same numbers. */
import type { Leaves } from "../base/index.ts";
import { type OptimizerRecipe, SCALARS, type StateName } from "../optim/index.ts";
import type { Runtime } from "../runtime/index.ts";
import type { Problem } from "./problem.ts";

/** What one update needs to know besides the state. */
export interface UpdateInputs {
  /** Number of the update, from 0. */
  readonly number: number;
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
  /** How many updates one call carries out; a call of a single one is always possible. */
  readonly updatesPerCall: number;
  /** Carries out one call's updates, in order; returns their losses. Throws DivergenceError. */
  call(updates: readonly UpdateInputs[]): Promise<Float32Array>;
  /** The present state; the arrays change with the next update. Throws where a divergence has spoilt it. */
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

/**
 * Training met a number that is not finite. The trainer stands where it stood before the call, and can be saved; what was
 * saved before is untouched.
 */
export class DivergenceError extends Error {
  override name = "DivergenceError";
  /** Number of the update in which it was seen, from 0. */
  readonly update: number;

  constructor({ number, scalars }: UpdateInputs, found: string) {
    super(`update ${number} (counted from 0): ${found}; the learning rate was ${scalars[SCALARS.rate]}`);
    this.update = number;
  }
}
