/** The two ways of an update, and what the tests compare of them. */
import { expect } from "vitest";
import { adamw, type OptimizerRecipe, powerEma } from "../../src/optim/index.ts";
import { type Arrays, describe as portsOf, type Runtime } from "../../src/runtime/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import {
  createTrainer,
  type Plan,
  type Trainer,
  type TrainerOptions,
  type TrainingSnapshot,
  type TrainingState,
} from "../../src/training/index.ts";
import { regression } from "./problems.ts";

export const inGraph = (updatesPerCall: number): Plan => ({ path: "in-graph", updatesPerCall });
export const kernel: Plan = { path: "kernel" };

/** Everything on: clipping that bites, decay, warm-up and cosine, averaging. */
export const everything: OptimizerRecipe = adamw({
  schedule: { kind: "cosine", rate: 1e-2, warmup: 5, total: 80 },
  weightDecay: 0.01,
  clipNorm: 0.5,
  ema: powerEma,
});

/** A trainer of a small noisy problem with everything on, but for what is said otherwise. */
export function trainerOf(plan: Plan, options: Partial<TrainerOptions> = {}): Promise<Trainer> {
  return createTrainer({
    problem: regression({ noise: 0.1 }),
    optimizer: everything,
    batchSize: 8,
    seed: 7,
    runtime: nodeRuntime(),
    plan,
    ...options,
  });
}

export interface Trained {
  readonly losses: Float32Array;
  readonly snapshot: TrainingSnapshot;
}

/** The first `updates` updates, and where they led. */
export async function trained(plan: Plan, updates: number, options: Partial<TrainerOptions> = {}): Promise<Trained> {
  const trainer = await trainerOf(plan, options);
  try {
    const losses = await trainer.advance(updates);
    return { losses, snapshot: trainer.snapshot() };
  } finally {
    await trainer.close();
  }
}

const bytes = (values: Float32Array) => Array.from(new Uint32Array(values.buffer, values.byteOffset, values.length));

const everyArray = (state: TrainingState): [string, Float32Array][] =>
  Object.entries(state).flatMap(([copy, leaves]) =>
    Object.entries(leaves).map(([path, values]): [string, Float32Array] => [`${copy} ${path}`, values]),
  );

/** Every byte of losses and state. */
export function expectSameBytes(found: Trained, expected: Trained): void {
  expect(bytes(found.losses)).toEqual(bytes(expected.losses));
  expectSameState(found.snapshot, expected.snapshot);
}

export function expectSameState(found: TrainingSnapshot, expected: TrainingSnapshot): void {
  expect(found.update).toBe(expected.update);
  const arrays = everyArray(found.state);
  expect(arrays.map(([name]) => name)).toEqual(everyArray(expected.state).map(([name]) => name));
  const wanted = new Map(everyArray(expected.state));
  for (const [name, values] of arrays) expect(bytes(values), name).toEqual(bytes(wanted.get(name)!));
}

/** Losses and state within `tolerance` of the largest number of each array. */
export function expectCloseTraining(found: Trained, expected: Trained, tolerance: number): void {
  const close = (name: string, is: Float32Array, wanted: Float32Array) => {
    expect(is.length, name).toBe(wanted.length);
    const largest = Math.max(1e-6, ...wanted.map(Math.abs));
    const worst = Math.max(...is.map((value, i) => Math.abs(value - wanted[i]))) / largest;
    if (!(worst <= tolerance)) expect.fail(`${name}: off by ${worst} of its largest number, allowed ${tolerance}`);
  };
  close("losses", found.losses, expected.losses);
  const wanted = new Map(everyArray(expected.snapshot.state));
  for (const [name, values] of everyArray(found.snapshot.state)) close(name, values, wanted.get(name)!);
}

/** A runtime that computes nothing and hands on what it is fed; for the kernel's way, which gives it arrays for results. */
export function spyRuntime(look: (feeds: Arrays) => void): Runtime {
  return {
    name: "spy",
    open: async (model) => ({
      ...portsOf(model),
      run: async (feeds, into) => {
        look(feeds);
        return into as Record<string, Float32Array>;
      },
      close: async () => {},
    }),
  };
}

/** The numbers of the examples of each batch. */
export async function drawnExamples(updates: number, options: Partial<TrainerOptions>): Promise<number[][]> {
  const batches: number[][] = [];
  const runtime = spyRuntime(({ examples }) => batches.push(Array.from(examples)));
  await trained(kernel, updates, { ...options, runtime });
  return batches;
}
