import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { randomPrograms } from "../tensor/cases/random-programs.ts";
import { deviations } from "./conformance.ts";

/** Fixed, since a random program may compare two numbers that float32 rounds to the other side of each other. */
const SEED = 20_261_123;

describe.each([
  { name: "onnxruntime-node", open: async () => nodeRuntime(), numRuns: 200 },
  { name: "onnxruntime-web, WASM in Node", open: () => webRuntime(), numRuns: 60 },
])("random programs with their gradients on $name", ({ open, numRuns }) => {
  it("give what the reference gives", async () => {
    const runtime = await open();
    await fc.assert(
      fc.asyncProperty(randomPrograms({ gradients: true }), async ({ program, feeds, largest }) => {
        fc.pre(largest < 1e4);
        // up to 25 operations on top of each other, relative to the largest of what they cancel
        expect(await deviations(runtime, program, feeds, () => 2e-5 * (1 + largest))).toEqual([]);
      }),
      { numRuns, seed: SEED },
    );
  });
});
