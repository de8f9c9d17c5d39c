import { describe, expect, it } from "vitest";
import { openRows } from "../../src/runtime/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { add, input, mul, program, reshape, sum } from "../../src/tensor/index.ts";

const x = input("x", [4, 2]);
const y = input("y", [4, 1]);
const product = program([x, y], { product: mul(x, y), total: reshape(sum(add(x, y), { axes: 1 }), [4]) });

describe("openRows", () => {
  it.each([1, 3, 4, 5, 11])("runs %i rows in groups of four", async (rows) => {
    const session = await openRows(nodeRuntime(), product, 4);
    const numbers = (size: number) => Float32Array.from({ length: rows * size }, (_, i) => i + 1);
    const found = await session.run(rows, { x: numbers(2), y: numbers(1) });
    await session.close();
    // row r holds x = 2r + 1, 2r + 2 and y = r + 1
    const each = Array.from({ length: rows }, (_, r) => r);
    expect([...found.product]).toEqual(each.flatMap((r) => [(2 * r + 1) * (r + 1), (2 * r + 2) * (r + 1)]));
    expect([...found.total]).toEqual(each.map((r) => 4 * r + 3 + 2 * (r + 1)));
  });

  it("refuses what has no rows", async () => {
    const key = input("key", [2]);
    const wrong = openRows(nodeRuntime(), program([x, key], { y: add(x, key) }), 4);
    await expect(wrong).rejects.toThrow('"key" is float32 [2], expected float32 [4, …]');
    const summed = openRows(nodeRuntime(), program([x], { total: sum(x) }), 4);
    await expect(summed).rejects.toThrow('"total" is float32 [], expected float32 [4, …]');
  });
});
