import { beforeAll, describe, expect, it } from "vitest";
import { toOnnx } from "../../src/onnx/index.ts";
import type { Session } from "../../src/runtime/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import * as t from "../../src/tensor/index.ts";

const x = t.input("x", [3]);
const rows = t.input("rows", [2], "int32");
const model = toOnnx(t.program([x, rows], { twice: t.mul(x, 2), picked: t.gather(x, rows), copy: x }));

describe("a session in Node whose runs all name arrays", () => {
  let session: Session;
  beforeAll(async () => {
    session = await nodeRuntime().open(model, { alwaysInto: true });
  });

  it("shows the ports of the model, not the one by which copies are avoided", () => {
    expect(Object.keys(session.outputs)).toEqual(["twice", "picked", "copy"]);
  });

  it("writes every result, or those that are named, run after run", async () => {
    const [twice, picked, copy] = [new Float32Array(3), new Float32Array(2), new Float32Array(3)];
    for (const value of [1, 5, -2]) {
      const feeds = { x: Float32Array.of(value, 2, 3), rows: Int32Array.of(2, 0) };
      await session.run(feeds, { twice, picked, copy });
      expect([twice, picked, copy].map((array) => Array.from(array))).toEqual([
        [2 * value, 4, 6],
        [3, value],
        [value, 2, 3],
      ]);
      await session.run({ ...feeds, x: Float32Array.of(7, 7, 7) }, { picked });
      expect([Array.from(picked), twice[0]]).toEqual([[7, 7], 2 * value]);
    }
  });

  it("refuses a run without arrays, and passes on what ONNX Runtime says", async () => {
    const feeds = { x: new Float32Array(3), rows: Int32Array.of(0, 9) };
    await expect(session.run(feeds)).rejects.toThrow(/name arrays for their results/);
    await expect(session.run(feeds, { picked: new Float32Array(2) })).rejects.toThrow(/Gather/);
  });
});
