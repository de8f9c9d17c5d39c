/**
 * Convolutions as matrix products. Activations have their positions first and their channels last: `[L, B, C]`,
 * `[H, W, B, C]`; an output position then reads whole rows of channels, and where from is a table. One gather and one
 * product do every convolution, strided, transposed or not, and its gradient is another one with the table turned round.
 *
 * Weights are stored `[…kernel, in, out]`, the matrix of that product; `torchAxes` leads to PyTorch's layout.
 */
import { sizeOf } from "../base/index.ts";
import {
  add,
  constant,
  gather,
  matmul,
  pad,
  range,
  reshape,
  sum,
  type Tensor,
  transpose,
  withGradient,
} from "../tensor/index.ts";
import { fanInUniform } from "./initial.ts";
import type { Layer } from "./layer.ts";

export interface ConvolutionOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
}

/** `[L, B, inputs]` to `[L', B, outputs]`, L' = ⌊(L + 2 padding - kernel) / stride⌋ + 1. Parameters: weight, bias. */
export const conv1d = (options: ConvolutionOptions): Layer => convolution(options, 1, false);
/** `[H, W, B, inputs]` to `[H', W', B, outputs]`, lengths as in `conv1d`. */
export const conv2d = (options: ConvolutionOptions): Layer => convolution(options, 2, false);
/** `[L, B, inputs]` to `[L', B, outputs]`, L' = (L - 1) stride - 2 padding + kernel. */
export const convTranspose1d = (options: ConvolutionOptions): Layer => convolution(options, 1, true);
/** `[H, W, B, inputs]` to `[H', W', B, outputs]`, lengths as in `convTranspose1d`. */
export const convTranspose2d = (options: ConvolutionOptions): Layer => convolution(options, 2, true);

/** `[B, C, …positions]` to `[…positions, B, C]`. */
export function positionsFirst(x: Tensor): Tensor {
  return transpose(x, [...x.shape.keys()].slice(2).concat(0, 1));
}

/** `[…positions, B, C]` to `[B, C, …positions]`. */
export function channelsFirst(x: Tensor): Tensor {
  const rank = x.shape.length;
  return transpose(x, [rank - 2, rank - 1, ...[...x.shape.keys()].slice(0, -2)]);
}

function convolution(options: ConvolutionOptions, rank: 1 | 2, transposed: boolean): Layer {
  const { inputs, outputs, kernel, stride = 1, padding = 0 } = options;
  const taps = kernel ** rank;
  // torch counts the fan-in of a transposed convolution on its outputs
  const initial = fanInUniform((transposed ? outputs : inputs) * taps);
  const [k, i, o] = [[...Array(rank).keys()], rank, rank + 1];
  return {
    parameters: {
      weight: {
        shape: [...Array(rank).fill(kernel), inputs, outputs],
        initial,
        torchAxes: transposed ? [i, o, ...k] : [o, i, ...k],
      },
      bias: { shape: [outputs], initial },
    },
    apply: ({ weight, bias }, x) => {
      if (x.shape.length !== rank + 2 || x.shape[rank + 1] !== inputs) {
        throw new Error(`convolution: found [${x.shape.join(", ")}], expected ${rank + 2} axes, the last of ${inputs}`);
      }
      const lengths = x.shape.slice(0, rank);
      const axes = lengths.map((length) => axisTable({ length, kernel, stride, padding, transposed }));
      const table = axes.reduce(combine);
      const batch = x.shape[rank];
      const rows = reshape(x, [sizeOf(lengths) * batch, inputs]);
      const y = convolve(rows, reshape(weight, [taps, inputs, outputs]), bias, table, batch);
      return reshape(y, [...axes.map((axis) => axis.outputs), batch, outputs]);
    },
  };
}

/** Where each tap of each output reads: the number of an input position, or -1 for none. */
interface Table {
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: number;
  /** `[outputs, taps]`. */
  readonly sources: readonly number[];
}

interface AxisOptions {
  readonly length: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly transposed: boolean;
}

/** One axis: input = output · stride + tap - padding; for a transposed convolution with input and output exchanged. */
function axisTable({ length, kernel, stride, padding, transposed }: AxisOptions): Table {
  const shorter = (longer: number) => Math.floor((longer + 2 * padding - kernel) / stride) + 1;
  if (!transposed) return tableOf(length, shorter(length), kernel, (output, tap) => output * stride + tap - padding);
  return tableOf(length, (length - 1) * stride - 2 * padding + kernel, kernel, (output, tap) => {
    const source = (output + padding - tap) / stride;
    return Number.isInteger(source) ? source : -1;
  });
}

function tableOf(
  inputs: number,
  outputs: number,
  taps: number,
  source: (output: number, tap: number) => number,
): Table {
  if (outputs < 1) throw new RangeError(`convolution: ${inputs} positions are too few for a kernel of ${taps}`);
  const sources = Array.from({ length: outputs * taps }, (_, index) => {
    const position = source(Math.floor(index / taps), index % taps);
    return position >= 0 && position < inputs ? position : -1;
  });
  return { inputs, outputs, taps, sources };
}

/** Two axes as one, positions and taps in row-major order. */
function combine(rows: Table, columns: Table): Table {
  const outputs = rows.outputs * columns.outputs;
  return tableOf(rows.inputs * columns.inputs, outputs, rows.taps * columns.taps, (output, tap) => {
    const [row, column] = [Math.floor(output / columns.outputs), output % columns.outputs];
    const y = rows.sources[row * rows.taps + Math.floor(tap / columns.taps)];
    const x = columns.sources[column * columns.taps + (tap % columns.taps)];
    return y < 0 || x < 0 ? -1 : y * columns.inputs + x;
  });
}

/** The table of the gradient: which output read an input at a tap. No two do, as taps are a fixed distance apart. */
function turned({ inputs, outputs, taps, sources }: Table): Table {
  const readers = new Array<number>(inputs * taps).fill(-1);
  sources.forEach((source, index) => {
    if (source >= 0) readers[source * taps + (index % taps)] = Math.floor(index / taps);
  });
  return { inputs: outputs, outputs: inputs, taps, sources: readers };
}

/**
 * y[p] = Σ over taps of x[source(p, tap)] · weight[tap] + bias. x `[inputs · B, in]`, weight `[taps, in, out]`,
 * y `[outputs · B, out]`.
 */
function convolve(x: Tensor, weight: Tensor, bias: Tensor, table: Table, batch: number): Tensor {
  const [taps, inputs, outputs] = weight.shape;
  const windows = windowsOf(x, table, batch);
  const y = add(matmul(windows, reshape(weight, [taps * inputs, outputs])), bias);
  return withGradient(y, [x, weight, bias, windows], (g, [, weight, , windows]) => {
    const across = reshape(transpose(weight, [1, 0, 2]), [inputs, taps * outputs]);
    const dx = matmul(windowsOf(g, turned(table), batch), across, { transposeB: true });
    const dw = reshape(matmul(windows, g, { transposeA: true }), weight.shape);
    return [dx, dw, sum(g, { axes: 0 }), null];
  });
}

/** The rows that each output reads, side by side: `[outputs · B, taps · C]`. Where nothing is read, zeros. */
function windowsOf(x: Tensor, { inputs, outputs, taps, sources }: Table, batch: number): Tensor {
  const channels = x.shape[1];
  if (sources.every((source, index) => source === index)) return x;
  const outside = sources.includes(-1);
  const extended = outside ? pad(x, 0, 0, batch) : x;
  const starts = sources.map((source) => batch * (source < 0 ? inputs : source));
  const rows = add(constant(starts, [outputs, 1, taps], "int32"), reshape(range(batch), [batch, 1]));
  return reshape(gather(extended, rows), [outputs * batch, taps * channels]);
}
