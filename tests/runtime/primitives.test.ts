import { describe, expect, it } from "vitest";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import { CASES, PRIMITIVES } from "../tensor/cases/index.ts";
import { conformsTo } from "./conformance.ts";

const RUNTIMES = [
  { name: "onnxruntime-node, cpu", open: async () => nodeRuntime() },
  { name: "onnxruntime-node, cpu, 2 threads", open: async () => nodeRuntime({ threads: 2 }) },
  { name: "onnxruntime-web, WASM in Node", open: () => webRuntime() },
];

describe.each(RUNTIMES)("$name computes every primitive and its gradient as the reference does", ({ open }) => {
  it.each(PRIMITIVES)("%s", async (primitive) => {
    const { compared, problems } = await conformsTo(await open(), primitive);
    expect(problems).toEqual([]);
    expect(compared).toBeGreaterThanOrEqual(CASES[primitive].length);
  });
});
