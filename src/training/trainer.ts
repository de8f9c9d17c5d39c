/** The trainer: draws batches, carries out updates, and can be put down and taken up again byte for byte. */
import {
  foldIn,
  InputError,
  type Key,
  type Leaves,
  mapLeaves,
  randomKey,
  randomStream,
  sizeOf,
} from "../base/index.ts";
import { initialise, parameterCount } from "../nn/index.ts";
import { checkOptimizer, type OptimizerRecipe, stateNames, stepScalars } from "../optim/index.ts";
import type { Runtime } from "../runtime/index.ts";
import { inGraphStepper } from "./in-graph.ts";
import { choosePlan, type Plan } from "./plan.ts";
import type { Problem } from "./problem.ts";
import type { Stepper, TrainingState, UpdateInputs } from "./stepper.ts";
import { kernelStepper } from "./with-kernel.ts";

export interface TrainerOptions {
  readonly problem: Problem;
  readonly optimizer: OptimizerRecipe;
  readonly batchSize: number;
  /** Batches whose gradients are averaged for one update; default 1. */
  readonly accumulate?: number;
  /** Seed of the initial parameters, the order of examples and the noise. */
  readonly seed: number;
  readonly runtime: Runtime;
  /** Which way updates take; chosen from the measured table when left out. */
  readonly plan?: Plan;
  /** Where to go on from, as `snapshot` gave it. */
  readonly from?: TrainingSnapshot;
  /** Parameters to begin with, the optimizer remembering nothing yet; default: drawn with the seed. */
  readonly initial?: Leaves<Float32Array>;
}

/** Everything from which training goes on as if it had never stopped. */
export interface TrainingSnapshot {
  /** Updates that were carried out. */
  readonly update: number;
  readonly plan: Plan;
  readonly state: TrainingState;
}

export interface Trainer {
  /** Updates that were carried out so far. */
  readonly update: number;
  readonly plan: Plan;
  /**
   * Carries out `count` updates; returns their losses. Throws DivergenceError where a number is not finite: `update` and
   * the state are then those of the last call that ended well.
   */
  advance(count: number): Promise<Float32Array>;
  /** What a policy is made of: the averaged parameters where there is an average. The arrays are copies. */
  parameters(): Leaves<Float32Array>;
  /**
   * The present state, in arrays of its own; may be asked for while `advance` is at work. Throws the DivergenceError again
   * where it reached the state: without clipping, the kernel sees it too late.
   */
  snapshot(): TrainingSnapshot;
  close(): Promise<void>;
}

export async function createTrainer(options: TrainerOptions): Promise<Trainer> {
  const { problem, optimizer, batchSize, accumulate = 1, runtime, from } = options;
  checkOptimizer(optimizer);
  for (const [name, value] of Object.entries({ batchSize, accumulate, exampleCount: problem.exampleCount })) {
    if (!(Number.isInteger(value) && value >= 1)) throw new RangeError(`${name}: found ${value}, expected 1 or more`);
  }
  const key = randomKey(options.seed);
  const plan = from?.plan ?? options.plan ?? choosePlan(parameterCount(problem.parameters));
  const start = from?.state ?? initialState(options, foldIn(key, STREAMS.parameters));
  checkState(start, problem, optimizer);
  const stepperOptions = { problem, optimizer, batchSize, accumulate, runtime, start };
  const stepper: Stepper =
    plan.path === "in-graph"
      ? inGraphStepper(stepperOptions, plan.updatesPerCall)
      : await kernelStepper(stepperOptions);
  const draw = exampleOrder(problem.exampleCount, foldIn(key, STREAMS.examples));
  const noise = foldIn(key, STREAMS.noise);
  let update = from?.update ?? 0;

  let busy = false;

  const inputsOf = (number: number): UpdateInputs => ({
    number,
    examples: draw(number * batchSize * accumulate, batchSize * accumulate),
    key: foldIn(noise, number),
    scalars: stepScalars(optimizer, number),
  });

  return {
    get update() {
      return update;
    },
    plan,
    async advance(count) {
      if (busy) throw new Error("advance: the trainer is still at work on an earlier call");
      busy = true;
      try {
        const losses = new Float32Array(count);
        for (let position = 0; position < count; ) {
          const size = count - position >= stepper.updatesPerCall ? stepper.updatesPerCall : 1;
          const inputs = Array.from({ length: size }, (_, index) => inputsOf(update + index));
          losses.set(await stepper.call(inputs), position);
          // No event comes between a call's end and this line: a snapshot always has the update that its state has.
          update += size;
          position += size;
        }
        return losses;
      } finally {
        busy = false;
      }
    },
    parameters: () => {
      const state = stepper.state();
      return mapLeaves(state.average ?? state.parameter, (values) => values.slice());
    },
    snapshot: () => ({ update, plan, state: copied(stepper.state()) }),
    close: () => stepper.close(),
  };
}

/** Independent streams below one seed. */
const STREAMS = { parameters: 0, examples: 1, noise: 2 } as const;

function initialState({ problem, optimizer, initial }: TrainerOptions, key: Key): TrainingState {
  const parameter = initial ?? initialise(problem.parameters, key);
  const remembered = stateNames(optimizer).map((name) => [
    name,
    mapLeaves(parameter, (values) => (name === "average" ? values.slice() : new Float32Array(values.length))),
  ]);
  return { parameter, ...Object.fromEntries(remembered) };
}

/** Throws an InputError where a state is not one of this problem and optimizer. */
function checkState(state: TrainingState, problem: Problem, optimizer: OptimizerRecipe): void {
  for (const copy of ["parameter", ...stateNames(optimizer)] as const) {
    for (const [path, { shape }] of Object.entries(problem.parameters)) {
      const found = state[copy]?.[path]?.length ?? "no";
      if (found === sizeOf(shape)) continue;
      throw new InputError(`state to go on from: ${copy} "${path}" has ${found} numbers, expected ${sizeOf(shape)}`);
    }
  }
}

function copied(state: TrainingState): TrainingState {
  const copies = Object.entries(state).map(([copy, leaves]) => [copy, mapLeaves(leaves, (values) => values.slice())]);
  return Object.fromEntries(copies) as TrainingState;
}

/**
 * The endless order of examples: one random permutation after another. Any stretch of it can be asked for at any time,
 * so that a resumed run needs to remember nothing.
 */
function exampleOrder(count: number, key: Key): (position: number, length: number) => Int32Array {
  let epoch = -1;
  let order = new Int32Array(0);
  return (position, length) =>
    Int32Array.from({ length }, (_, index) => {
      const wanted = Math.floor((position + index) / count);
      if (wanted !== epoch) {
        epoch = wanted;
        order = randomStream(foldIn(key, epoch)).permutation(count);
      }
      return order[(position + index) % count];
    });
}
