import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { toOnnx } from "../../src/onnx/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import * as t from "../../src/tensor/index.ts";

const WARM_UP = 2_000;
const CALLS = 10_000;
/** One call returns 16 KiB: 10,000 of them kept would be 160 MiB. */
const SIZE = 4096;
/** Stays below the bound: what the allocators keep for themselves (measured: up to 8 MiB). */
const ALLOWED_MIB = 24;

const x = t.input("x", [SIZE]);
const GIVEN = { y: new Float32Array(SIZE), total: new Float32Array(1) };
const model = toOnnx(t.program([x], { y: t.tanh(x), total: t.sum(x) }));

setFlagsFromString("--expose-gc");
const collect: () => void = runInNewContext("gc");

/** Resident memory after a collection of garbage. */
function mebibytes(): number {
  collect();
  return process.memoryUsage().rss / 2 ** 20;
}

describe.each([
  { name: "onnxruntime-node", open: async () => nodeRuntime() },
  { name: "onnxruntime-web, WASM in Node", open: () => webRuntime() },
])("10,000 calls of a session of $name", ({ open }) => {
  it.each([
    { name: "with new results", alwaysInto: false, into: undefined },
    { name: "into given arrays", alwaysInto: false, into: GIVEN },
    { name: "into given arrays alone", alwaysInto: true, into: GIVEN },
  ])(`leave no more than ${ALLOWED_MIB} MiB behind: $name`, async ({ alwaysInto, into }) => {
    const session = await (await open()).open(model, { alwaysInto });
    const feeds = { x: new Float32Array(SIZE).fill(0.5) };
    const call = async (count: number) => {
      for (let index = 0; index < count; index++) await session.run(feeds, into);
    };
    await call(WARM_UP);
    const before = mebibytes();
    await call(CALLS);
    const grown = mebibytes() - before;
    await session.close();
    expect(grown).toBeLessThan(ALLOWED_MIB);
  });

  it("leave nothing of sessions that were opened and closed", async () => {
    const runtime = await open();
    const cycle = async (count: number) => {
      for (let index = 0; index < count; index++) await (await runtime.open(model)).close();
    };
    await cycle(200);
    const before = mebibytes();
    await cycle(200);
    const grown = mebibytes() - before;
    expect(grown).toBeLessThan(ALLOWED_MIB);
  });
});
