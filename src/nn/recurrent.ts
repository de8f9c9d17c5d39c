/**
 * Recurrent layers over a sequence, as loops: gradients run back through time. What the input contributes to all steps is
 * one product before the loop.
 */
import {
  add,
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
  type Tensor,
  tanh,
  transpose,
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
      const left: (readonly Tensor[])[] = [];
      for (let layer = 0; layer < layers; layer++) {
        const own = (name: string) => parameters[`${name}_l${layer}`];
        const contributed = add(matmul(sequence, own("weight_ih"), { transposeB: true }), own("bias_ih"));
        const start = Array.from({ length: cell.states }, (_, index) =>
          state ? rowOf(state[index], layer) : full(0, [batch, hidden]),
        );
        const { carried, stacked } = loop(steps, start, (step, now) => {
          const fromInput = reshape(gather(contributed, reshape(step, [1])), [batch, rows]);
          const fromHidden = add(matmul(now[0], own("weight_hh"), { transposeB: true }), own("bias_hh"));
          const next = cell.step(fromInput, fromHidden, now);
          return { carried: next, stacked: [next[0]] };
        });
        sequence = stacked[0];
        left.push(carried);
      }
      const joined = left[0].map((_, index) => stack(left.map((states) => states[index])));
      return { output: transpose(sequence, [1, 0, 2]), state: joined };
    },
  };
}

/** Number `index` along axis 0, which goes. */
function rowOf(x: Tensor, index: number): Tensor {
  return reshape(slice(x, 0, index, index + 1), x.shape.slice(1));
}
