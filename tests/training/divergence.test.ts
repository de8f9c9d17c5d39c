import { describe, expect, it } from "vitest";
import { adam, type OptimizerRecipe, sgd } from "../../src/optim/index.ts";
import { add, div, gather, mean, mul, sqrt, square, sum } from "../../src/tensor/index.ts";
import { DivergenceError, type Plan, type Problem, type Trainer, train } from "../../src/training/index.ts";
import { expectSameState, inGraph, kernel, trained, trainerOf } from "./steppers.ts";

const schedule = { kind: "constant", rate: 0.25 } as const;

/** One parameter p, which starts at 1; a loss of it alone. */
function scalarProblem(loss: (p: ReturnType<typeof sum>) => ReturnType<typeof sum>): Problem {
  return {
    parameters: { p: { shape: [1], initial: () => Float32Array.of(1) } },
    columns: { unused: { shape: [1, 1], dtype: "float32", data: new Float32Array(1) } },
    exampleCount: 1,
    loss: ({ parameters, columns, examples }) => add(loss(sum(parameters.p)), mean(gather(columns.unused, examples))),
  };
}

/** By plain SGD of rate .25 on the loss p, p is 1, .75, .5, .25, 0 before updates 0 to 4: what is added breaks in 4. */
const problems = {
  // 0·(1/p²) has the value and gradient 0 until p is 0: 0·∞
  notANumber: scalarProblem((p) => add(p, mul(0, div(1, square(p))))),
  // 1e-30/p² and its gradient are lost beside p and 1 until p is 0
  infinite: scalarProblem((p) => add(p, mul(1e-30, div(1, square(p))))),
  // 1e-30·√(p²) is 0 at p = 0: a finite loss, whose gradient has the term 1e-30·p/√(p²) = 0/0
  gradient: scalarProblem((p) => add(p, mul(1e-30, sqrt(square(p))))),
  // Gradient 1e20, its square is beyond float32 (3.4e38)
  overflow: scalarProblem((p) => mul(1e20, p)),
};

const plain = sgd({ schedule });

const open = (plan: Plan, problem: Problem, optimizer: OptimizerRecipe) =>
  trainerOf(plan, { problem, optimizer, batchSize: 1 });

/** What `advance` throws. */
async function divergence(trainer: Trainer, count: number): Promise<DivergenceError> {
  const error = await trainer.advance(count).then(
    () => expect.fail("no divergence was reported"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DivergenceError);
  return error as DivergenceError;
}

const parameterOf = (trainer: Trainer) => trainer.snapshot().state.parameter.p[0];

describe("a number that is not finite", () => {
  it.each([
    [Number.NaN, problems.notANumber],
    [Infinity, problems.infinite],
  ])("in the loss (%d) stops training before its update and is named", async (value, problem) => {
    // In the graph a call of two updates carries out 0 to 3; the call of 4 and 5 meets it and is taken back.
    for (const plan of [inGraph(2), kernel]) {
      const trainer = await open(plan, problem, plain);
      const error = await divergence(trainer, 10);
      expect(error.message).toBe(`update 4 (counted from 0): the loss became ${value}; the learning rate was 0.25`);
      expect(error.update).toBe(4);
      // The trainer stands after update 3, and goes into the same wall again.
      expect(trainer.update).toBe(4);
      expect(parameterOf(trainer)).toBe(0);
      expect((await divergence(trainer, 1)).update).toBe(4);
      await trainer.close();
    }
  });

  it("in a group of updates leaves the state from before the group", async () => {
    const trainer = await open(inGraph(3), problems.notANumber, plain);
    await divergence(trainer, 9);
    // Updates 0, 1, 2 ended well; 3, 4, 5 were one call.
    expect(trainer.update).toBe(3);
    expect(parameterOf(trainer)).toBe(0.25);
    // One at a time, update 3 can still be carried out.
    await trainer.advance(1);
    expect(parameterOf(trainer)).toBe(0);
    await trainer.close();
  });

  it("in a gradient is seen though the loss is finite", async () => {
    for (const clipNorm of [undefined, 10]) {
      const trainer = await open(inGraph(1), problems.gradient, sgd({ schedule, clipNorm }));
      const error = await divergence(trainer, 10);
      expect(error.message).toBe(
        "update 4 (counted from 0): a gradient or a moment is not finite; the learning rate was 0.25",
      );
      expect(trainer.update).toBe(4);
      expect(parameterOf(trainer)).toBe(0);
      await trainer.close();
    }
  });

  it("in a gradient leaves the kernel's state untouched where it clips; else no spoilt state can be saved", async () => {
    const clipping = await open(kernel, problems.gradient, sgd({ schedule, clipNorm: 10 }));
    expect((await divergence(clipping, 10)).message).toContain("update 4 (counted from 0): a gradient or a moment");
    expect(clipping.update).toBe(4);
    expect(parameterOf(clipping)).toBe(0);
    await clipping.close();

    const free = await open(kernel, problems.gradient, plain);
    const error = await divergence(free, 10);
    expect(error.update).toBe(4);
    expect(() => free.snapshot()).toThrow(error);
    expect(() => free.parameters()).toThrow(error);
    expect(await divergence(free, 1)).toBe(error);
    await free.close();
  });

  it("in a second moment that overflows is seen, which would freeze its parameter: Adam's step would be m/∞", async () => {
    for (const plan of [inGraph(1), inGraph(2), kernel]) {
      const trainer = await open(plan, problems.overflow, adam({ schedule }));
      expect((await divergence(trainer, 2)).message).toContain("a gradient or a moment is not finite");
      expect(trainer.update).toBe(0);
      await trainer.close();
    }
  });

  it("ends train with the error, and what was saved before is whole", async () => {
    for (const plan of [inGraph(2), kernel]) {
      const trainer = await open(plan, problems.notANumber, plain);
      const saved: ReturnType<Trainer["snapshot"]>[] = [];
      const running = train(trainer, {
        updates: 10,
        reportEvery: 1,
        checkpointEvery: 2,
        onCheckpoint: () => void saved.push(trainer.snapshot()),
      });
      await expect(running).rejects.toThrow(DivergenceError);
      const options = { problem: problems.notANumber, optimizer: plain, batchSize: 1 };
      const { snapshot } = await trained(plan, 4, options);
      expect(saved).toHaveLength(2);
      expectSameState(saved[1], snapshot);
      await trainer.close();
    }
  });
});
