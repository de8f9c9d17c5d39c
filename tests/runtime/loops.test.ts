import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { loop } from "../../src/tensor/index.ts";
import { LOOP_CASES, loopProgram } from "../tensor/cases/loops.ts";
import { trainingProgram } from "../tensor/cases/training.ts";
import { deviations } from "./conformance.ts";

describe.each([
  { name: "onnxruntime-node", open: async () => nodeRuntime() },
  { name: "onnxruntime-web, WASM in Node", open: () => webRuntime() },
])("loops on $name are the reference's, gradients too", ({ open }) => {
  it.each(LOOP_CASES)("$label", async (each) => {
    const { program, feeds } = loopProgram(each, loop);
    expect(await deviations(await open(), program, feeds)).toEqual([]);
  });

  it("a training loop: gradients and Adam in every pass", async () => {
    const { program, feeds } = trainingProgram();
    expect(await deviations(await open(), program, feeds)).toEqual([]);
  });
});
