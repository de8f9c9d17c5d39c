import { describe, expect, it } from "vitest";
import { mlp } from "../../src/nn/index.ts";
import { adamw, powerEma } from "../../src/optim/index.ts";
import { gather, mean, reshape, square, sub } from "../../src/tensor/index.ts";
import type { Column, Problem } from "../../src/training/index.ts";
import { type GoldenTensor, golden } from "../nn/golden.ts";
import { drawnExamples, inGraph, kernel, trained } from "./steppers.ts";

interface GoldenTraining {
  readonly options: Readonly<
    Record<"rate" | "warmup" | "updates" | "beta1" | "beta2" | "epsilon" | "weightDecay" | "clip", number>
  >;
  readonly parameters: Record<string, GoldenTensor>;
  readonly updates: readonly { readonly loss: number; readonly x: GoldenTensor; readonly y: GoldenTensor }[];
  readonly final: Record<string, GoldenTensor>;
  readonly ema: Record<string, GoldenTensor>;
}

const { options, parameters, updates, final, ema } = golden<GoldenTraining>("training");
const network = mlp({ sizes: [3, 5, 2], activation: "relu" });
const optimizer = adamw({
  schedule: { kind: "cosine", rate: options.rate, warmup: options.warmup, total: options.updates },
  beta1: options.beta1,
  beta2: options.beta2,
  epsilon: options.epsilon,
  weightDecay: options.weightDecay,
  clipNorm: options.clip,
  ema: powerEma,
});

/** One example for each of PyTorch's batches of four rows, placed so that update u draws the batch of update u. */
function batchPerExample(order: readonly number[]): Problem {
  const column = (name: "x" | "y"): Column => {
    const rows = order.map((_, example) => updates[order.indexOf(example)][name].data);
    return { shape: [order.length, rows[0].length], dtype: "float32", data: Float32Array.from(rows.flat()) };
  };
  return {
    parameters: network.parameters,
    columns: { x: column("x"), y: column("y") },
    exampleCount: order.length,
    loss: ({ parameters, columns: { x, y }, examples }) => {
      const predicted = network.apply(parameters, reshape(gather(x, examples), [4, 3]));
      return mean(square(sub(predicted, reshape(gather(y, examples), [4, 2]))));
    },
  };
}

describe("training against PyTorch", () => {
  it.each([inGraph(1), inGraph(8), kernel])("repeats eight updates with everything on: %o", async (plan) => {
    const arrays = (value: (data: readonly number[]) => Float32Array) =>
      Object.fromEntries(Object.entries(parameters).map(([path, { data }]) => [path, value(data)]));
    const [start, zeros] = [arrays((data) => Float32Array.from(data)), arrays((data) => new Float32Array(data.length))];
    const state = { parameter: start, average: start, firstMoment: zeros, secondMoment: zeros };
    const common = { optimizer, batchSize: 1, seed: 1, from: { update: 0, plan, state } };
    const any = batchPerExample(updates.map((_, update) => update));
    const order = (await drawnExamples(8, { ...common, from: undefined, problem: any })).flat();
    const { losses, snapshot } = await trained(plan, 8, { ...common, problem: batchPerExample(order) });
    // PyTorch ran in float64 and its numbers have nine digits: what differs is our float32, some 2^-24 per operation.
    updates.forEach(({ loss }, update) => {
      expect(Math.abs(losses[update] - loss)).toBeLessThan(2e-6);
    });
    for (const [copy, expected] of [
      ["parameter", final],
      ["average", ema],
    ] as const) {
      for (const [path, { data }] of Object.entries(expected)) {
        data.forEach((number, i) => {
          const found = snapshot.state[copy]![path][i];
          expect(Math.abs(found - number), `${copy} ${path}[${i}]`).toBeLessThan(2e-6);
        });
      }
    }
  });
});
