/** One line of `npm run bench -- rollouts`. */
export interface Row {
  /** What is measured, and in what unit. */
  readonly name: string;
  readonly threads: number;
  readonly ours: number;
  readonly theirs: number | null;
  /** How many times ours is better. */
  readonly ratio: number | null;
  readonly aim: number | null;
  /** Whether less is better: times. */
  readonly less: boolean;
  readonly note: string;
}

/** With three significant digits. */
export const rounded = (value: number) => (value >= 1000 ? Math.round(value) : Number(value.toPrecision(3)));

export function row(
  name: string,
  ours: number,
  { threads = 1, theirs = null, aim = null, less = false, note = "" }: Partial<Omit<Row, "name" | "ours">> = {},
): Row {
  const ratio = theirs === null ? null : rounded(less ? theirs / ours : ours / theirs);
  return {
    ...{ name, threads, ours: rounded(ours), theirs: theirs === null ? null : rounded(theirs) },
    ...{ ratio, aim, less, note },
  };
}
