/**
 * Small networks: loss, gradient, clipping, update and averaging in one graph, many updates in one native call. The
 * state is one vector for each copy (parameters, moments, average), carried by the loop.
 */
import { joined, type Leaves, sizeOf } from "../base/index.ts";
import { parameterCount } from "../nn/index.ts";
import { toOnnx } from "../onnx/index.ts";
import { type GraphState, graphUpdate, SCALAR_COUNT, type StateName, stateNames } from "../optim/index.ts";
import type { Session } from "../runtime/index.ts";
import {
  add,
  concat,
  constant,
  foldInKey,
  gather,
  gradient,
  input,
  loop,
  mul,
  program,
  reshape,
  slice,
  type Tensor,
} from "../tensor/index.ts";
import { columnFeeds, columnInputs } from "./problem.ts";
import {
  DivergenceError,
  type Stepper,
  type StepperOptions,
  type TrainingState,
  type UpdateInputs,
} from "./stepper.ts";

type CopyName = "parameter" | StateName;

/** Parameters times batch below which one thread is used: mlp-64 of the bench has 0.4 million. docs/performance.md. */
const LEAST_SHARED_WORK = 1_000_000;

/** A stepper that carries out `updatesPerCall` updates in one call; a program for single ones is made when needed. */
export function inGraphStepper(options: StepperOptions, updatesPerCall: number): Stepper {
  const { problem, optimizer, batchSize, runtime, start } = options;
  const copies: readonly CopyName[] = ["parameter", ...stateNames(optimizer)];
  const paths = Object.keys(problem.parameters);
  const vectors = new Map<CopyName, Float32Array>(
    copies.map((copy) => [
      copy,
      joined(
        Float32Array,
        paths.map((path) => start[copy]![path]),
      ),
    ]),
  );
  // operators of a few microseconds wait longer for a second thread than it saves
  const threads = parameterCount(options.problem.parameters) * batchSize < LEAST_SHARED_WORK ? 1 : undefined;
  const sessions = new Map<number, Promise<Session>>();
  const sessionFor = (count: number) => {
    const open = () => runtime.open(toOnnx(updateProgram(options, copies, count), { name: "updates" }), { threads });
    const known = sessions.get(count) ?? open();
    sessions.set(count, known);
    return known;
  };

  const call = async (updates: readonly UpdateInputs[]): Promise<Float32Array> => {
    const session = await sessionFor(updates.length);
    const results = await session.run({
      ...columnFeeds(problem.columns),
      examples: joined(
        Int32Array,
        updates.map((update) => update.examples),
      ),
      keys: Uint32Array.from(updates.flatMap((update) => update.key)),
      scalars: joined(
        Float32Array,
        updates.map((update) => update.scalars),
      ),
      ...Object.fromEntries(vectors),
    });
    const losses = results.losses as Float32Array;
    const bad = losses.findIndex((loss) => !Number.isFinite(loss));
    if (bad >= 0) throw new DivergenceError(updates[bad], `the loss became ${losses[bad]}`);
    const next = copies.map((copy) => [copy, results[`next.${copy}`] as Float32Array] as const);
    if (!next.every(([, values]) => allFinite(values))) {
      throw new DivergenceError(updates[updates.length - 1], "a gradient or a moment is not finite");
    }
    for (const [copy, values] of next) vectors.set(copy, values);
    return losses;
  };

  return {
    updatesPerCall,
    call,
    state() {
      const shared = Object.fromEntries(copies.map((copy) => [copy, apart(vectors.get(copy)!, options)]));
      return shared as unknown as TrainingState;
    },
    async close() {
      for (const session of sessions.values()) await (await session).close();
    },
  };
}

/** The program of `count` updates. */
function updateProgram(options: StepperOptions, copies: readonly CopyName[], count: number) {
  const { problem, optimizer, batchSize, accumulate } = options;
  const size = parameterCount(options.problem.parameters);
  const { columns, inputs } = columnInputs(problem.columns);
  const examples = input("examples", [count * accumulate * batchSize], "int32");
  const keys = input("keys", [count * 2], "uint32");
  const scalars = input("scalars", [count * SCALAR_COUNT]);
  const starts = copies.map((copy) => input(copy, [size]));
  const perUpdate = (values: Tensor) => reshape(values, [count, values.shape[0] / count]);

  const result = loop(count, starts, (pass, carried) => {
    const row = (values: Tensor) => gather(perUpdate(values), pass);
    const state = Object.fromEntries(copies.map((copy, index) => [copy, carried[index]])) as unknown as GraphState;
    const { loss, gradient: g } = lossAndGradient(options, state, columns, row(examples), row(keys));
    const next = graphUpdate(optimizer, { state, gradient: g, scalars: row(scalars) });
    return { carried: copies.map((copy) => next[copy]!), stacked: [loss] };
  });
  const outputs = Object.fromEntries(copies.map((copy, index) => [`next.${copy}`, result.carried[index]]));
  return program([...inputs, examples, keys, scalars, ...starts], { losses: result.stacked[0], ...outputs });
}

/** Loss and flat gradient of one update, averaged over the accumulated batches. */
function lossAndGradient(
  options: StepperOptions,
  state: Pick<GraphState, "parameter" | "average">,
  columns: Leaves<Tensor>,
  examples: Tensor,
  key: Tensor,
): { loss: Tensor; gradient: Tensor } {
  const { problem, batchSize, accumulate } = options;
  const parameters = views(options, state.parameter);
  const average = state.average && views(options, state.average);
  const one = (part: Tensor, partKey: Tensor) => {
    const loss = problem.loss({ parameters, average, columns, examples: part, key: partKey });
    const gradients = gradient(loss, Object.values(parameters)).map((g) => reshape(g, [-1]));
    return { loss, gradient: concat(gradients, 0) };
  };
  if (accumulate === 1) return one(examples, key);
  const zero = [constant(0), constant(new Float32Array(state.parameter.shape[0]))];
  const table = reshape(examples, [accumulate, batchSize]);
  const { carried } = loop(accumulate, zero, (pass, [loss, total]) => {
    const part = one(gather(table, pass), foldInKey(key, pass));
    const weight = 1 / accumulate;
    return { carried: [add(loss, mul(weight, part.loss)), add(total, mul(weight, part.gradient))] };
  });
  return { loss: carried[0], gradient: carried[1] };
}

/** The tensors of the network within the flat vector. */
function views({ problem }: StepperOptions, flat: Tensor): Leaves<Tensor> {
  let position = 0;
  return Object.fromEntries(
    Object.entries(problem.parameters).map(([path, { shape }]) => {
      const from = position;
      position += sizeOf(shape);
      return [path, reshape(slice(flat, 0, from, position), shape)];
    }),
  );
}

function apart(flat: Float32Array, { problem }: StepperOptions): Leaves<Float32Array> {
  let position = 0;
  return Object.fromEntries(
    Object.entries(problem.parameters).map(([path, { shape }]) => {
      const from = position;
      position += sizeOf(shape);
      return [path, flat.subarray(from, position)];
    }),
  );
}

/** 0·x is 0 for every finite x alone. Eight times as fast as asking one number after another, and asked in every call. */
function allFinite(values: Float32Array): boolean {
  let zero = 0;
  for (let i = 0; i < values.length; i++) zero += 0 * values[i];
  return zero === 0;
}
