import { describe, expect, it } from "vitest";
import { axisTable, blocksOf, combine, divided, type TapTable, turned, undivided } from "../../src/nn/taps.ts";

const axis = (length: number, kernel: number, stride: number, padding: number, transposed = false) =>
  axisTable({ length, kernel, stride, padding, transposed });

describe("tables", () => {
  it("say where each tap of each output reads", () => {
    // kernel 3, stride 2, padding 1 over 4: outputs 0, 1 read -1 0 1 and 1 2 3
    expect(axis(4, 3, 2, 1).sources).toEqual([-1, 0, 1, 1, 2, 3]);
    // transposed, kernel 4, stride 2, padding 1 from 2: output o gets tap t from (o + 1 - t) / 2
    expect(axis(2, 4, 2, 1, true).sources).toEqual([-1, 0, -1, -1, 1, -1, 0, -1, -1, 1, -1, 0, -1, -1, 1, -1]);
  });

  it("turned twice are what they were", () => {
    for (const table of [axis(7, 3, 2, 1), axis(4, 4, 2, 1, true), combine(axis(4, 3, 1, 1), axis(5, 3, 2, 1))]) {
      expect(turned(turned(table))).toEqual(table);
    }
  });
});

describe("divided products", () => {
  it("the outermost taps of kernel 5 over 4 positions serve one half each: 16 blocks for 20", () => {
    const rounds = divided(axis(4, 5, 1, 2));
    expect(rounds).toEqual([
      [{ positions: [0, 1, 2, 3], taps: [1, 2, 3] }],
      [
        { positions: [0, 1], taps: [4] },
        { positions: [2, 3], taps: [0] },
      ],
    ]);
    expect([blocksOf(undivided(axis(4, 5, 1, 2))), blocksOf(rounds)]).toEqual([20, 16]);
  });

  it("a transposed convolution of stride 2 falls into even and odd outputs: half the blocks", () => {
    expect(divided(axis(4, 4, 2, 1, true))).toEqual([
      [
        { positions: [0, 2, 4, 6], taps: [1, 3] },
        { positions: [1, 3, 5, 7], taps: [0, 2] },
      ],
    ]);
  });

  const tables: [string, TapTable][] = [
    ["kernel 5 over 1", axis(1, 5, 1, 2)],
    ["kernel 5 over 2", axis(2, 5, 1, 2)],
    ["kernel 5 over 3", axis(3, 5, 1, 2)],
    ["kernel 7 over 4", axis(4, 7, 1, 3)],
    ["kernel 3, stride 2", axis(9, 3, 2, 1)],
    ["its gradient", turned(axis(9, 3, 2, 1))],
    ["kernel 2, stride 3, turned", turned(axis(9, 2, 3, 0))],
    ["transposed, kernel 5, stride 3", axis(4, 5, 3, 1, true)],
    ["two axes, gradient", turned(combine(axis(5, 3, 2, 1), axis(6, 3, 2, 1)))],
  ];
  it.each(tables)("use every source once, and cover every position in every round: %s", (_, table) => {
    const rounds = divided(table);
    expect(rounds.flatMap((parts) => parts.flatMap(({ taps }) => taps)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: table.taps }, (_, tap) => tap),
    );
    const used = new Array(table.sources.length).fill(0);
    for (const parts of rounds) {
      const positions = parts.flatMap((part) => part.positions);
      expect(positions.toSorted((a, b) => a - b)).toEqual(Array.from({ length: table.outputs }, (_, index) => index));
      for (const part of parts)
        for (const position of part.positions) for (const tap of part.taps) used[position * table.taps + tap]++;
    }
    table.sources.forEach((source, index) => {
      if (source >= 0) expect(used[index]).toBe(1);
    });
    expect(blocksOf(rounds)).toBeLessThanOrEqual(blocksOf(undivided(table)));
  });
});
