import { describe, expect, it } from "vitest";
import { type Column, fitNormaliser, NORMALISATIONS, type Normaliser } from "../../src/datasets/index.ts";

const column = (...columns: readonly (readonly number[])[]): Column => ({
  names: columns.map((_, i) => `c${i}`),
  units: columns.map(() => "1"),
  values: Float32Array.from(columns[0].flatMap((_, row) => columns.map((values) => values[row]))),
});
const apply = ({ scale, offset }: Normaliser, value: number, i = 0) => scale[i] * value + offset[i];
const allRows = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("fitNormaliser, quantile", () => {
  // 0..100: the 1 % quantile of 101 evenly spaced values is 1, the 99 % one is 99, with linear interpolation.
  const even = allRows(101);

  it("maps the 1 % and 99 % quantiles to -1 and 1, and clips nothing", () => {
    const normaliser = fitNormaliser(column(even), even, "quantile");
    for (const [value, expected] of [
      [1, -1],
      [99, 1],
      [50, 0],
      [100, 1 + 2 / 98], // scale 2 / (99 - 1)
      [0, -1 - 2 / 98],
    ]) {
      expect(apply(normaliser, value)).toBeCloseTo(expected, 6);
    }
  });

  it("is not squeezed by an outlier, as limits are", () => {
    const values = even.map((value) => (value === 100 ? 1e6 : value));
    const [quantile, limits] = (["quantile", "limits"] as const).map((kind) =>
      fitNormaliser(column(values), even, kind),
    );
    expect(apply(quantile, 99) - apply(quantile, 1)).toBeCloseTo(2, 5);
    expect(apply(limits, 99) - apply(limits, 1)).toBeCloseTo((2 * 98) / 1e6, 5);
  });

  it("a column whose quantiles are one value maps it to 0 and keeps its unit, spikes or none", () => {
    const spiked = even.map((value) => (value === 50 ? 9 : 7));
    const normaliser = fitNormaliser(
      column(
        even.map(() => 7),
        spiked,
      ),
      even,
      "quantile",
    );
    expect([...normaliser.scale]).toEqual([1, 1]);
    expect([...normaliser.offset]).toEqual([-7, -7]);
    expect(apply(normaliser, 9, 1)).toBe(2);
  });

  it("sees the given rows only, each column by itself", () => {
    const data = column(
      even,
      even.map((value) => 10 * value + 3),
    );
    // Rows 0..10: quantiles 0.1 and 9.9 of the first column, 4 and 102 of the second.
    const { scale, offset } = fitNormaliser(data, allRows(11), "quantile");
    expect(scale[0]).toBeCloseTo(2 / 9.8, 6);
    expect(scale[1]).toBeCloseTo(2 / 98, 6);
    expect(apply({ scale, offset }, 4, 1)).toBeCloseTo(-1, 5);
  });

  it("of one row, and of none", () => {
    for (const kind of NORMALISATIONS) {
      expect(apply(fitNormaliser(column([5]), [0], kind), 5)).toBe(0);
      expect(() => fitNormaliser(column([5]), [], kind)).toThrow("found no rows");
    }
  });
});
