/**
 * Recurrent layers over a sequence, as loops: gradients run back through time. What the input contributes to all steps is
 * one product before the loop, the gradients of the weights are products after it.
 */
import {
  add,
  concat,
  constant,
  expand,
  full,
  gather,
  loop,
  matmul,
  mul,
  reshape,
  sigmoid,
  slice,
  splitAxis,
  stack,
  sub,
  sum,
  type Tensor,
  tanh,
  transpose,
  vectorJacobian,
  withGradient,
} from "../tensor/index.ts";
import { uniform } from "./initial.ts";
import type { Layer } from "./layer.ts";

export interface RecurrentOptions {
  readonly inputs: number;
  readonly hidden: number;
  readonly layers?: number;
}

export interface RecurrentInput {
  /** `[B, To, inputs]` */
  readonly x: Tensor;
  /** What was left by the steps before, `[layers, B, hidden]` each: [h], for the LSTM [h, c]; zeros when left out. */
  readonly state?: readonly Tensor[];
}

export interface RecurrentOutput {
  /** h of the last layer at every step, `[B, To, hidden]`. */
  readonly output: Tensor;
  /** What the last step leaves, shaped as `RecurrentInput.state`. */
  readonly state: readonly Tensor[];
}

/** One step. `input` and `hidden` are what x and h contribute to all gates, `[B, gates · hidden]`, biases included. */
interface Cell {
  readonly gates: number;
  /** Tensors of the state: h first. */
  readonly states: number;
  step(input: Tensor, hidden: Tensor, state: readonly Tensor[]): readonly Tensor[];
}

/** Gates r, z, n (Cho et al. 2014; n as in PyTorch: r scales the product with h, its bias included). */
const GRU: Cell = {
  gates: 3,
  states: 1,
  step(input, hidden, [h]) {
    const lengths = [2 * h.shape[1], h.shape[1]];
    const [inputGates, inputNew] = splitAxis(input, 1, lengths);
    const [hiddenGates, hiddenNew] = splitAxis(hidden, 1, lengths);
    const [r, z] = splitAxis(sigmoid(add(inputGates, hiddenGates)), 1, [h.shape[1], h.shape[1]]);
    const n = tanh(add(inputNew, mul(r, hiddenNew)));
    return [add(n, mul(z, sub(h, n)))];
  },
};

/** Gates i, f, g, o (Hochreiter and Schmidhuber 1997, with the forget gate of Gers et al. 2000). */
const LSTM: Cell = {
  gates: 4,
  states: 2,
  step(input, hidden, [h, c]) {
    const [i, f, g, o] = splitAxis(add(input, hidden), 1, new Array(4).fill(h.shape[1]));
    const next = add(mul(sigmoid(f), c), mul(sigmoid(i), tanh(g)));
    return [mul(sigmoid(o), tanh(next)), next];
  },
};

/** Parameters weight_ih_l0 `[3 hidden, inputs]`, weight_hh_l0 `[3 hidden, hidden]`, bias_ih_l0, bias_hh_l0, and so on. */
export const gru = (options: RecurrentOptions): Layer<RecurrentInput, RecurrentOutput> => recurrent(GRU, options);
/** Parameters weight_ih_l0 `[4 hidden, inputs]`, weight_hh_l0 `[4 hidden, hidden]`, bias_ih_l0, bias_hh_l0, and so on. */
export const lstm = (options: RecurrentOptions): Layer<RecurrentInput, RecurrentOutput> => recurrent(LSTM, options);

function recurrent(cell: Cell, options: RecurrentOptions): Layer<RecurrentInput, RecurrentOutput> {
  const { inputs, hidden, layers = 1 } = options;
  const rows = cell.gates * hidden;
  const initial = uniform(1 / Math.sqrt(hidden));
  const specs = Array.from({ length: layers }, (_, layer) => [
    [`weight_ih_l${layer}`, { shape: [rows, layer === 0 ? inputs : hidden], initial }],
    [`weight_hh_l${layer}`, { shape: [rows, hidden], initial }],
    [`bias_ih_l${layer}`, { shape: [rows], initial }],
    [`bias_hh_l${layer}`, { shape: [rows], initial }],
  ]);
  return {
    parameters: Object.fromEntries(specs.flat()),
    apply: (parameters, { x, state }) => {
      const [batch, steps] = x.shape;
      let sequence = transpose(x, [1, 0, 2]);
      const left: Tensor[][] = [];
      for (let layer = 0; layer < layers; layer++) {
        const own = (name: string) => parameters[`${name}_l${layer}`];
        const contributed = add(matmul(sequence, own("weight_ih"), { transposeB: true }), own("bias_ih"));
        const start = state
          ? concat(state.map((part) => rowOf(part, constant(layer, [], "int32"))))
          : full(0, [batch, cell.states * hidden]);
        const states = through(cell, contributed, start, own("weight_hh"), own("bias_hh"));
        sequence = slice(states, 2, 0, hidden);
        left.push(parts(rowOf(states, constant(steps - 1, [], "int32")), cell.states));
      }
      const joined = left[0].map((_, index) => stack(left.map((last) => last[index])));
      return { output: transpose(sequence, [1, 0, 2]), state: joined };
    },
  };
}

/**
 * The states after every step, `[To, B, states · hidden]`, side by side. Its gradient is stated: on the way back, too,
 * only what must run in order runs in the loop, and the weight's gradient is one product over all steps.
 */
function through(cell: Cell, contributed: Tensor, start: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const [steps] = contributed.shape;
  const { stacked } = loop(steps, [start], (step, [now]) => {
    const state = parts(now, cell.states);
    const fromHidden = add(matmul(state[0], weight, { transposeB: true }), bias);
    const next = concat(cell.step(rowOf(contributed, step), fromHidden, state));
    return { carried: [next], stacked: [next, fromHidden] };
  });
  const [states, products] = stacked;
  return withGradient(states, [contributed, start, weight, bias, states, products], (g, read) => {
    const [contributed, start, weight, , states, products] = read;
    const before = concat([expand(start, 0), slice(states, 0, 0, steps - 1)], 0);
    const backward = loop(steps, [full(0, start.shape)], (pass, [later]) => {
      const step = sub(steps - 1, pass);
      const [fromInput, fromHidden, now] = [contributed, products, before].map((values) => rowOf(values, step));
      const next = concat(cell.step(fromInput, fromHidden, parts(now, cell.states)));
      const cotangent = add(later, rowOf(g, step));
      const [dInput, dHidden, dNow] = vectorJacobian([{ value: next, cotangent }], [fromInput, fromHidden, now]);
      const [dh, ...others] = parts(dNow, cell.states);
      return { carried: [concat([add(dh, matmul(dHidden, weight)), ...others])], stacked: [dInput, dHidden] };
    });
    // the passes went backwards
    const [dInput, dHidden] = backward.stacked.map((values) => gather(values, backwards(steps)));
    const hidden = slice(before, 2, 0, weight.shape[1]);
    const rows = (values: Tensor) => reshape(values, [-1, values.shape[2]]);
    const dWeight = matmul(rows(dHidden), rows(hidden), { transposeA: true });
    return [dInput, backward.carried[0], dWeight, sum(dHidden, { axes: [0, 1] }), null, null];
  });
}

const backwards = (count: number) =>
  constant(
    Array.from({ length: count }, (_, index) => count - 1 - index),
    [count],
    "int32",
  );

/** Row `index` (an int32 scalar) along axis 0, which goes. */
function rowOf(x: Tensor, index: Tensor): Tensor {
  return reshape(gather(x, reshape(index, [1])), x.shape.slice(1));
}

/** `count` equal pieces of the last axis. */
function parts(x: Tensor, count: number): Tensor[] {
  const size = x.shape[x.shape.length - 1] / count;
  return splitAxis(x, -1, new Array(count).fill(size));
}
