import { describe, expect, it } from "vitest";
import { repeated } from "../../src/nn/index.ts";
import { sgd } from "../../src/optim/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { add, gather, mean, mul, square, sub } from "../../src/tensor/index.ts";
import { createTrainer, type Problem } from "../../src/training/index.ts";
import { inGraph, kernel } from "./steppers.ts";

const shared = { batchSize: 1, seed: 0, runtime: nodeRuntime() };

/** One number w that learns 1 + 0.5 of its own average. */
const chasing: Problem = {
  parameters: { w: { shape: [1], initial: repeated(4) } },
  columns: { one: { shape: [1, 1], dtype: "float32", data: Float32Array.of(1) } },
  exampleCount: 1,
  loss: ({ parameters, average, columns, examples }) => {
    if (!average) throw new Error("expected an average");
    const target = add(gather(columns.one, examples), mul(0.5, average.w));
    return mean(square(sub(parameters.w, target)));
  },
};

describe("a loss that reads the average of the parameters", () => {
  it.each([inGraph(5), kernel])("reads it as it was before the update, without a gradient: $path", async (plan) => {
    const ema = { kind: "constant", decay: 0.8 } as const;
    const optimizer = sgd({ schedule: { kind: "constant", rate: 0.1 }, ema });
    const trainer = await createTrainer({ ...shared, problem: chasing, optimizer, plan });
    const losses = await trainer.advance(10);
    const { state } = trainer.snapshot();
    await trainer.close();
    let [w, average] = [4, 4];
    for (let update = 0; update < 10; update++) {
      const residual = w - (1 + 0.5 * average);
      expect(losses[update]).toBeCloseTo(residual ** 2, 5);
      // d residual² / dw with the average fixed
      w -= 0.1 * 2 * residual;
      average = 0.8 * average + 0.2 * w;
    }
    expect(state.parameter.w[0]).toBeCloseTo(w, 5);
    expect(state.average?.w[0]).toBeCloseTo(average, 5);
  });

  it.each([inGraph(5), kernel])("finds none where the optimizer keeps none: $path", async (plan) => {
    const optimizer = sgd({ schedule: { kind: "constant", rate: 0.1 } });
    const training = createTrainer({ ...shared, problem: chasing, optimizer, plan }).then((made) => made.advance(1));
    await expect(training).rejects.toThrow("expected an average");
  });
});
