/**
 * Convolutions as matrix products. Activations have their positions first and their channels last: `[L, B, C]`,
 * `[H, W, B, C]`; an output position then reads whole rows of channels, and where from is a table. One gather and one
 * product do every convolution, strided, transposed or not, and its gradient is another one with the table turned round.
 *
 * Weights are stored `[…kernel, in, out]`, the matrix of that product; `torchAxes` leads to PyTorch's layout.
 */
import { type Shape, sizeOf } from "../base/index.ts";
import {
  add,
  concat,
  constant,
  gather,
  matmul,
  pad,
  range,
  reshape,
  slice,
  sum,
  type Tensor,
  transpose,
  withGradient,
} from "../tensor/index.ts";
import { fanInUniform } from "./initial.ts";
import type { Layer } from "./layer.ts";
import { axisTable, blocksOf, combine, divided, type Part, type TapTable, turned, undivided } from "./taps.ts";

export interface ConvolutionOptions {
  readonly inputs: number;
  readonly outputs: number;
  readonly kernel: number;
  readonly stride?: number;
  readonly padding?: number;
  /**
   * The product is divided where that saves at least so many operations; dividing costs copies of the weight. The
   * default, about 0.25 ms of them, was measured with the U-Net (64, 128, 256).
   */
  readonly divideFrom?: number;
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
  const { inputs, outputs, kernel, stride = 1, padding = 0, divideFrom = 25e6 } = options;
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
      const y = convolve(rows, reshape(weight, [taps, inputs, outputs]), bias, { table, batch, divideFrom });
      return reshape(y, [...axes.map((axis) => axis.outputs), batch, outputs]);
    },
  };
}

/** What does not change from one use of a convolution to the next. */
interface Setting {
  readonly table: TapTable;
  readonly batch: number;
  readonly divideFrom: number;
}

function roundsOf({ table, batch, divideFrom }: Setting, [, inputs, outputs]: Shape): Part[][] {
  const whole = undivided(table);
  const cost = 2 * batch * inputs * outputs;
  if (cost * table.sources.filter((source) => source < 0).length < divideFrom) return whole;
  const parts = divided(table);
  return cost * (blocksOf(whole) - blocksOf(parts)) >= divideFrom ? parts : whole;
}

/**
 * y[p] = Σ over taps of x[source(p, tap)] · weight[tap] + bias. x `[inputs · B, in]`, weight `[taps, in, out]`,
 * y `[outputs · B, out]`.
 */
function convolve(x: Tensor, weight: Tensor, bias: Tensor, setting: Setting): Tensor {
  const { table, batch } = setting;
  const rounds = roundsOf(setting, weight.shape);
  const windows = rounds.flat().map((part) => windowsOf(x, table, part, batch));
  const products = rounds.map((parts) =>
    arranged(
      parts.map((part) => matmul(windows[rounds.flat().indexOf(part)], along(weight, part.taps))),
      parts.map(({ positions }) => positions),
      batch,
    ),
  );
  const y = products.slice(1).reduce((sum, product) => add(sum, product), add(products[0], bias));
  return withGradient(y, [x, weight, bias, ...windows], (g, [, weight, , ...windows]) => [
    gradientOfInput(g, weight, { ...setting, table: turned(table) }),
    gradientOfWeight(g, windows, rounds.flat(), weight.shape, batch),
    sum(g, { axes: 0 }),
    ...windows.map(() => null),
  ]);
}

function gradientOfInput(g: Tensor, weight: Tensor, setting: Setting): Tensor {
  const { table, batch } = setting;
  const rounds = roundsOf(setting, weight.shape).map((parts) => {
    const products = parts.map((part) =>
      matmul(windowsOf(g, table, part, batch), across(weight, part.taps), { transposeB: true }),
    );
    return arranged(
      products,
      parts.map(({ positions }) => positions),
      batch,
    );
  });
  return rounds.reduce((sum, round) => add(sum, round));
}

function gradientOfWeight(
  g: Tensor,
  windows: readonly Tensor[],
  parts: readonly Part[],
  shape: Shape,
  batch: number,
): Tensor {
  // in the order of their taps, so that they need no more than joining where that is possible
  const order = [...parts].sort((a, b) => a.taps[0] - b.taps[0]);
  const products = order.map((part) =>
    matmul(windows[parts.indexOf(part)], blocks(g, batch, part.positions), { transposeA: true }),
  );
  const taps = order.map((part) => part.taps);
  return reshape(arranged(products, taps, shape[1]), shape);
}

/** The weight of some taps as a matrix `[taps · in, out]`. */
function along(weight: Tensor, taps: readonly number[]): Tensor {
  const [count, inputs, outputs] = weight.shape;
  return blocks(reshape(weight, [count * inputs, outputs]), inputs, taps);
}

/** The same as `[in, taps · out]`: whole rows move. */
function across(weight: Tensor, taps: readonly number[]): Tensor {
  const [, inputs, outputs] = weight.shape;
  const chosen = reshape(along(weight, taps), [taps.length, inputs, outputs]);
  return reshape(transpose(chosen, [1, 0, 2]), [inputs, taps.length * outputs]);
}

/** Blocks of `size` rows of a matrix, by number. */
function blocks(matrix: Tensor, size: number, numbers: readonly number[]): Tensor {
  const [rows, columns] = matrix.shape;
  const [first] = numbers;
  if (numbers.every((number, index) => number === first + index)) {
    return numbers.length * size === rows ? matrix : slice(matrix, 0, first * size, (first + numbers.length) * size);
  }
  const table = reshape(matrix, [rows / size, size * columns]);
  return reshape(gather(table, constant(numbers, [numbers.length], "int32")), [numbers.length * size, columns]);
}

/** Matrices of blocks of `size` rows as one, each block at its number. */
function arranged(matrices: readonly Tensor[], numbers: readonly (readonly number[])[], size: number): Tensor {
  const order = numbers.flat();
  return blocks(
    concat(matrices, 0),
    size,
    order.map((_, number) => order.indexOf(number)),
  );
}

/** The rows that the outputs of a part read, side by side: `[positions · B, taps · C]`. Where nothing is read, zeros. */
function windowsOf(x: Tensor, { inputs, taps, sources }: TapTable, part: Part, batch: number): Tensor {
  const channels = x.shape[1];
  const read = part.positions.flatMap((position) => part.taps.map((tap) => sources[position * taps + tap]));
  const outside = read.includes(-1);
  if (part.taps.length === 1 && !outside) return blocks(x, batch, read);
  const extended = outside ? pad(x, 0, 0, batch) : x;
  const starts = read.map((source) => batch * (source < 0 ? inputs : source));
  const places = constant(starts, [part.positions.length, 1, part.taps.length], "int32");
  const rows = add(places, reshape(range(batch), [batch, 1]));
  return reshape(gather(extended, rows), [part.positions.length * batch, part.taps.length * channels]);
}
