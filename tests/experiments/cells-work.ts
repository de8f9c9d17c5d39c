/** What a cell of the tests does: it leaves a mark that it was run, waits, and returns its rows. */
import { appendFileSync } from "node:fs";
import type { CellRows } from "../../src/experiments/cells.ts";
import type { Work } from "../../src/workers/index.ts";

export type TestCell = {
  readonly value: number;
  readonly rows: number;
  /** File to which each run of a cell adds its value. */
  readonly log: string;
  readonly milliseconds: number;
};

export const work = (): Work<TestCell, CellRows> => ({
  async run({ value, rows, log, milliseconds }) {
    await new Promise((settle) => setTimeout(settle, milliseconds));
    if (value < 0) throw new RangeError(`cannot measure ${value}`);
    appendFileSync(log, `${value}\n`);
    return Array.from({ length: rows }, (_, row) => ({ row, square: value ** 2, pair: { low: -value, high: value } }));
  },
});
