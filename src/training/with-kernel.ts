/**
 * Large networks: the graph gives loss and gradients, which ONNX Runtime writes into the memory of the WebAssembly
 * kernel; the kernel updates parameters, moments and average there in one pass, and the graph reads them in place.
 */
import { foldIn, sizeOf } from "../base/index.ts";
import { parameterInputs } from "../nn/index.ts";
import { toOnnx } from "../onnx/index.ts";
import { arenaCopies, createArena, createKernel, type StateName, stateNames } from "../optim/index.ts";
import { gradient, input, program, topologicalOrder } from "../tensor/index.ts";
import { columnFeeds, columnInputs } from "./problem.ts";
import {
  DivergenceError,
  type Stepper,
  type StepperOptions,
  type TrainingState,
  type UpdateInputs,
} from "./stepper.ts";

export async function kernelStepper(options: StepperOptions): Promise<Stepper> {
  const { problem, optimizer, batchSize, accumulate, runtime, start } = options;
  const paths = Object.keys(problem.parameters);
  const sizes = paths.map((path) => sizeOf(problem.parameters[path].shape));
  const copies = ["parameter", ...stateNames(optimizer)] as const satisfies readonly ("parameter" | StateName)[];
  const arena = createArena({ sizes, copies: arenaCopies(optimizer, { accumulate: accumulate > 1 }) });
  for (const copy of copies) {
    paths.forEach((path, index) => {
      arena.views[copy][index].set(start[copy]![path]);
    });
  }
  const kernel = await createKernel(optimizer, arena);
  const session = await runtime.open(toOnnx(gradientProgram(options), { name: "gradients" }), { alwaysInto: true });

  const byPath = (views: readonly Float32Array[], prefix = "") =>
    Object.fromEntries(paths.map((path, index) => [prefix + path, views[index]]));
  const parts = accumulate > 1 ? arena.views.part : arena.views.gradient;
  const loss = new Float32Array(1);
  const results = { loss, ...byPath(parts, "gradient.") };
  const fixed = {
    ...columnFeeds(problem.columns),
    ...byPath(arena.views.parameter, "parameter."),
    ...(optimizer.ema && byPath(arena.views.average, "average.")),
  };

  /** The divergence that has reached the state, if one has. */
  let spoilt: DivergenceError | undefined;

  const one = async (update: UpdateInputs): Promise<number> => {
    if (spoilt) throw spoilt;
    const { examples, key, scalars } = update;
    let total = 0;
    for (let part = 0; part < accumulate; part++) {
      const batch = examples.slice(part * batchSize, (part + 1) * batchSize);
      const partKey = Uint32Array.from(accumulate > 1 ? foldIn(key, part) : key);
      await session.run({ ...fixed, examples: batch, key: partKey }, results);
      if (!Number.isFinite(loss[0])) throw new DivergenceError(update, `the loss became ${loss[0]}`);
      total += loss[0] / accumulate;
      if (accumulate > 1) kernel.accumulate(1 / accumulate, part === 0);
    }
    const { finite, gradientNorm } = kernel.update(scalars);
    if (!finite) {
      const error = new DivergenceError(update, "a gradient or a moment is not finite");
      const unchanged = gradientNorm !== null && !Number.isFinite(gradientNorm);
      if (!unchanged) spoilt = error;
      throw error;
    }
    return total;
  };

  return {
    updatesPerCall: 1,
    call: async ([update]) => Float32Array.of(await one(update)),
    state: () => {
      if (spoilt) throw spoilt;
      return Object.fromEntries(copies.map((copy) => [copy, byPath(arena.views[copy])])) as unknown as TrainingState;
    },
    close: () => session.close(),
  };
}

function gradientProgram({ problem, optimizer, batchSize }: StepperOptions) {
  const data = columnInputs(problem.columns);
  const { parameters, inputs } = parameterInputs(problem.parameters, "parameter.");
  const averages = optimizer.ema && parameterInputs(problem.parameters, "average.");
  const examples = input("examples", [batchSize], "int32");
  const key = input("key", [2], "uint32");
  const average = averages?.parameters;
  const loss = problem.loss({ parameters, average, columns: data.columns, examples, key });
  const paths = Object.keys(parameters);
  const gradients = gradient(loss, Object.values(parameters));
  const outputs = Object.fromEntries(paths.map((path, index) => [`gradient.${path}`, gradients[index]]));
  const results = { loss, ...outputs };
  const read = new Set(topologicalOrder(Object.values(results)));
  const usesAverage = averages?.inputs.some((node) => read.has(node)) ?? false;
  return program([...data.inputs, ...inputs, ...(usesAverage ? averages!.inputs : []), examples, key], results);
}
