/**
 * Which inputs a convolution reads, as tables; and how its products are arranged so that they multiply few of the zeros
 * that stand for what is outside.
 */

/** Where each tap of each output reads: the number of an input position, or -1 for none. */
export interface TapTable {
  readonly inputs: number;
  readonly outputs: number;
  readonly taps: number;
  /** `[outputs, taps]`. */
  readonly sources: readonly number[];
}

export interface AxisOptions {
  readonly length: number;
  readonly kernel: number;
  readonly stride: number;
  readonly padding: number;
  readonly transposed: boolean;
}

/** One axis: input = output · stride + tap - padding; for a transposed convolution with input and output exchanged. */
export function axisTable({ length, kernel, stride, padding, transposed }: AxisOptions): TapTable {
  const shorter = Math.floor((length + 2 * padding - kernel) / stride) + 1;
  if (!transposed) return tableOf(length, shorter, kernel, (output, tap) => output * stride + tap - padding);
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
): TapTable {
  if (outputs < 1) throw new RangeError(`convolution: ${inputs} positions are too few for a kernel of ${taps}`);
  const sources = Array.from({ length: outputs * taps }, (_, index) => {
    const position = source(Math.floor(index / taps), index % taps);
    return position >= 0 && position < inputs ? position : -1;
  });
  return { inputs, outputs, taps, sources };
}

/** Two axes as one, positions and taps in row-major order. */
export function combine(rows: TapTable, columns: TapTable): TapTable {
  const outputs = rows.outputs * columns.outputs;
  return tableOf(rows.inputs * columns.inputs, outputs, rows.taps * columns.taps, (output, tap) => {
    const [row, column] = [Math.floor(output / columns.outputs), output % columns.outputs];
    const y = rows.sources[row * rows.taps + Math.floor(tap / columns.taps)];
    const x = columns.sources[column * columns.taps + (tap % columns.taps)];
    return y < 0 || x < 0 ? -1 : y * columns.inputs + x;
  });
}

/** The table of the gradient: which output read an input at a tap. No two do, as taps are a fixed distance apart. */
export function turned({ inputs, outputs, taps, sources }: TapTable): TapTable {
  const readers = new Array<number>(inputs * taps).fill(-1);
  sources.forEach((source, index) => {
    if (source >= 0) readers[source * taps + (index % taps)] = Math.floor(index / taps);
  });
  return { inputs: outputs, outputs: inputs, taps, sources: readers };
}

/** One product: the outputs at `positions`, as far as `taps` contribute to them. */
export interface Part {
  readonly positions: readonly number[];
  readonly taps: readonly number[];
}

const numbersTo = (count: number) => Array.from({ length: count }, (_, index) => index);

/** Everything as one product. */
export function undivided({ outputs, taps }: TapTable): Part[][] {
  return [[{ positions: numbersTo(outputs), taps: numbersTo(taps) }]];
}

/**
 * The convolution as a sum of rounds, each of parts that share out the positions; every tap is in one part. Taps that
 * more than half of the outputs can use make the first round. The others go together where their outputs allow: the two
 * outermost of kernel 5 over 4 positions make one round, as each serves the half of the outputs that the other cannot; a
 * transposed convolution of stride 2 falls into its even and its odd outputs.
 */
export function divided(table: TapTable): Part[][] {
  const { outputs, taps, sources } = table;
  const all = numbersTo(outputs);
  const servedBy = numbersTo(taps).map((tap) => all.filter((position) => sources[position * taps + tap] >= 0));
  const common = numbersTo(taps).filter((tap) => servedBy[tap].length > outputs / 2);
  const others = numbersTo(taps)
    .filter((tap) => !common.includes(tap))
    .sort((a, b) => servedBy[b].length - servedBy[a].length);

  const rounds: { positions: Set<number>; taps: number[] }[][] = [];
  for (const tap of others) {
    const served = servedBy[tap];
    const part = rounds.flat().find(({ positions }) => served.every((one) => positions.has(one)));
    const free = rounds.find((parts) => parts.every(({ positions }) => !served.some((one) => positions.has(one))));
    if (part) part.taps.push(tap);
    else if (free) free.push({ positions: new Set(served), taps: [tap] });
    else rounds.push([{ positions: new Set(served), taps: [tap] }]);
  }
  const complete = rounds.map((parts) => {
    for (const one of all) if (!parts.some(({ positions }) => positions.has(one))) parts[0].positions.add(one);
    return parts
      .map(({ positions, taps }) => ({ positions: [...positions].sort(ascending), taps: taps.sort(ascending) }))
      .sort((a, b) => a.positions[0] - b.positions[0]);
  });
  return common.length > 0 ? [[{ positions: all, taps: common }], ...complete] : complete;
}

const ascending = (a: number, b: number) => a - b;

/** How many blocks of the weight the rounds multiply, over all positions. */
export function blocksOf(rounds: readonly (readonly Part[])[]): number {
  return rounds.flat().reduce((total, { positions, taps }) => total + positions.length * taps.length, 0);
}
