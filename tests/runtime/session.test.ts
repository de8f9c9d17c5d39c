import { beforeAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { decodeModel, toOnnx } from "../../src/onnx/index.ts";
import { encodeModel } from "../../src/onnx/schema.ts";
import type { Arrays, Runtime } from "../../src/runtime/index.ts";
import { describe as describeModel } from "../../src/runtime/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { webRuntime } from "../../src/runtime/web.ts";
import type { Node, Tensor } from "../../src/tensor/index.ts";
import * as t from "../../src/tensor/index.ts";

const x = t.input("x", [2, 2]);
const rows = t.input("rows", [3], "int32");

describe.each([
  { name: "onnxruntime-node", open: async () => nodeRuntime() },
  { name: "onnxruntime-web, WASM in Node", open: () => webRuntime() },
])("a session of $name", ({ open }) => {
  let runtime: Runtime;
  beforeAll(async () => {
    runtime = await open();
  });

  async function run(inputs: readonly Node<"input">[], outputs: Record<string, Tensor>, feeds: Arrays, into?: Arrays) {
    const session = await runtime.open(toOnnx(t.program(inputs, outputs)));
    const results = await session.run(feeds, into);
    await session.close();
    return results;
  }

  it("says its ports and metadata", async () => {
    const outputs = { y: t.gather(x, rows), less: t.less(x, 0) };
    const session = await runtime.open(toOnnx(t.program([x, rows], outputs), { metadata: { rate: "10" } }));
    expect(session.inputs).toEqual({ x: { shape: [2, 2], dtype: "float32" }, rows: { shape: [3], dtype: "int32" } });
    expect(session.outputs).toEqual({ y: { shape: [3, 2], dtype: "float32" }, less: { shape: [2, 2], dtype: "bool" } });
    expect(session.metadata).toEqual({ rate: "10" });
    await session.close();
  });

  it("gives results that are an input, a constant, or one value under several names", async () => {
    const y = t.relu(x);
    const constant = t.constant([1, 2], [2], "int32");
    const found = await run(
      [x],
      { same: x, again: x, y, twin: y, constant, more: constant },
      { x: Float32Array.of(-1, 2, -3, 4) },
    );
    expect(found).toEqual({
      same: Float32Array.of(-1, 2, -3, 4),
      again: Float32Array.of(-1, 2, -3, 4),
      y: Float32Array.of(0, 2, 0, 4),
      twin: Float32Array.of(0, 2, 0, 4),
      constant: Int32Array.of(1, 2),
      more: Int32Array.of(1, 2),
    });
  });

  it("is not confused by names that the lowering makes itself, nor by odd ones", async () => {
    const inputs = ["v0", "v1", "v2", "body", "a b/ü"].map((name) => t.input(name, []));
    const [a, b, c, d, e] = inputs;
    const total = t.loop(3, [a], (pass, [sum]) => ({
      carried: [t.add(t.mul(sum, b), t.add(c, t.cast(pass, "float32")))],
    }));
    const outputs = { v3: total.carried[0], v4: t.mul(d, e), "c d/ß": t.add(d, 1) };
    const found = await run(
      inputs,
      outputs,
      Object.fromEntries(inputs.map(({ attributes: { name } }, index) => [name, Float32Array.of(index + 1)])),
    );
    // (((1·2 + 3 + 0)·2 + 3 + 1)·2 + 3 + 2) = (5·2 + 4)·2 + 5 = 33
    expect(found).toEqual({ v3: Float32Array.of(33), v4: Float32Array.of(20), "c d/ß": Float32Array.of(5) });
  });

  it("runs loops that read values from outside, inputs and results alike", async () => {
    const outside = t.tanh(x);
    const inner = t.loop(2, [x], (_, [y]) => ({
      carried: [t.loop(2, [y], (__, [z]) => ({ carried: [t.add(z, t.mul(outside, x))] })).carried[0]],
    }));
    const found = await run([x], { y: inner.carried[0], outside }, { x: Float32Array.of(0, 1, -1, 2) });
    // four times + x·tanh x
    const expected = [0, 1, -1, 2].map((value) => value + 4 * value * Math.tanh(value));
    expect(Array.from(found.y)).toEqual(expected.map((value) => expect.closeTo(value, 5)));
  });

  it("writes results into the arrays that it is given, and computes only those", async () => {
    const into = { y: new Float32Array(4) };
    const found = await run([x], { y: t.mul(x, 2), z: t.mul(x, 3) }, { x: Float32Array.of(1, 2, 3, 4) }, into);
    expect(found).toEqual({ y: Float32Array.of(2, 4, 6, 8) });
    expect(found.y).toBe(into.y);
  });

  it("opened for given arrays alone fills them as any other does, all or some, of every type", async () => {
    const outputs = { "0": t.less(x, 0), y: t.mul(x, 2), rounded: t.cast(x, "int32"), total: t.sum(x), same: x };
    const session = await runtime.open(toOnnx(t.program([x], outputs)), { alwaysInto: true });
    const feeds = { x: Float32Array.of(-1, 2, -3, 4) };
    const [less, y, rounded, total, same] = [
      new Uint8Array(4),
      new Float32Array(4),
      new Int32Array(4),
      new Float32Array(1),
      new Float32Array(4),
    ];
    const all = { "0": less, y, rounded, total, same };
    expect(await session.run(feeds, all)).toBe(all);
    expect(all).toEqual({
      "0": Uint8Array.of(1, 0, 1, 0),
      y: Float32Array.of(-2, 4, -6, 8),
      rounded: Int32Array.of(-1, 2, -3, 4),
      total: Float32Array.of(2),
      same: feeds.x,
    });
    feeds.x.set([1, 1, 1, 1]);
    await session.run(feeds, { total });
    expect([...total, ...y]).toEqual([4, -2, 4, -6, 8]);
    await session.close();
  });

  it("passes on that a row is not there, and runs again after it", async () => {
    const model = toOnnx(t.program([x, rows], { y: t.gather(x, rows) }));
    for (const alwaysInto of [false, true]) {
      const session = await runtime.open(model, { alwaysInto });
      const into = { y: new Float32Array(6) };
      const numbers = Float32Array.of(1, 2, 3, 4);
      await expect(session.run({ x: numbers, rows: Int32Array.of(0, 1, 2) }, into)).rejects.toThrow(/indices|index/);
      await session.run({ x: numbers, rows: Int32Array.of(1, 1, 0) }, into);
      expect(into.y).toEqual(Float32Array.of(3, 4, 3, 4, 1, 2));
      await session.close();
    }
  });

  it("reads feeds anew at every run, and may be fed what it returned", async () => {
    const session = await runtime.open(toOnnx(t.program([x], { y: t.mul(x, 2) })));
    const feeds = { x: Float32Array.of(1, 2, 3, 4) };
    const first = await session.run(feeds);
    feeds.x[0] = 10;
    const second = await session.run(feeds);
    const third = await session.run({ x: second.y });
    expect([first.y, second.y, third.y].map(([value]) => value)).toEqual([2, 20, 40]);
    await session.close();
  });

  it("takes one array for two inputs of different shapes and types", async () => {
    const flat = t.input("flat", [4]);
    const numbers = Float32Array.of(1, 2, 3, 4);
    const found = await run([x, flat], { y: t.sum(x, { axes: 0 }), z: t.mul(flat, 2) }, { x: numbers, flat: numbers });
    expect(found).toEqual({ y: Float32Array.of(4, 6), z: Float32Array.of(2, 4, 6, 8) });
    const [bytes, flags] = [t.input("bytes", [2], "uint8"), t.input("flags", [2], "bool")];
    const same = Uint8Array.of(0, 1);
    const cast = await run(
      [bytes, flags],
      { y: t.cast(bytes, "int32"), z: t.not(flags) },
      { bytes: same, flags: same },
    );
    expect(Array.from(cast.y)).toEqual([0, 1]);
    expect(Array.from(cast.z)).toEqual([1, 0]);
  });

  it("takes views into larger arrays, and ignores feeds that the model does not have", async () => {
    const large = Float32Array.of(9, 1, 2, 3, 4, 9);
    const found = await run([x], { y: t.mul(x, 2) }, { x: large.subarray(1, 5), other: large });
    expect(found).toEqual({ y: Float32Array.of(2, 4, 6, 8) });
  });

  it.each([
    ["nothing", {}, 'input "rows": found nothing, expected Int32Array of shape [3]'],
    ["too few", { rows: new Int32Array(2) }, 'input "rows": found Int32Array of 2, expected Int32Array of shape [3]'],
    [
      "another type",
      { rows: new Float32Array(3) },
      'input "rows": found Float32Array of 3, expected Int32Array of shape [3]',
    ],
  ])("refuses a run fed %s, by the name of the port", async (_, given, message) => {
    const feeds: Arrays = { x: new Float32Array(4), ...given };
    await expect(run([x, rows], { y: t.gather(x, rows) }, feeds)).rejects.toThrow(message);
  });

  it("refuses arrays for results that do not fit, by the name of the port", async () => {
    const attempt = (into: Arrays) => run([x], { y: t.mul(x, 2) }, { x: new Float32Array(4) }, into);
    await expect(attempt({ y: new Float32Array(3) })).rejects.toThrow(
      'output "y": found Float32Array of 3, expected Float32Array of shape [2, 2]',
    );
    await expect(attempt({ z: new Float32Array(4) })).rejects.toThrow('output "z": the model has y');
  });

  it("is not opened from bytes that are no model", async () => {
    const whole = toOnnx(t.program([x], { y: t.mul(x, 2) }));
    for (const bytes of [new Uint8Array(0), new Uint8Array(50), whole.slice(0, -10)]) {
      await expect(runtime.open(bytes)).rejects.toThrow(InputError);
    }
  });
});

describe("runtimes that cannot be had", () => {
  const model = toOnnx(t.program([x], { y: t.mul(x, 2) }));

  it.each(["cuda", "webgpu"] as const)("say what %s needs; where there is one, it computes", async (provider) => {
    try {
      const session = await nodeRuntime({ provider }).open(model);
      expect((await session.run({ x: Float32Array.of(1, 2, 3, 4) })).y).toEqual(Float32Array.of(2, 4, 6, 8));
      await session.close();
    } catch (error) {
      expect(error).toBeInstanceOf(InputError);
      expect((error as Error).message).toMatch(
        new RegExp(`^provider "${provider}" is not to be had here: it needs .+$`),
      );
    }
  });

  it("do not take a damaged file for a missing device", async () => {
    await expect(nodeRuntime({ provider: "cuda" }).open(new Uint8Array(9))).rejects.toThrow(/no ONNX file/);
  });

  it("say that Node has no WebGPU for the web runtime", async () => {
    await expect(webRuntime({ provider: "webgpu" })).rejects.toThrow(
      new InputError('provider "webgpu" is not to be had here: the browser offers no WebGPU adapter'),
    );
  });

  it.each([0, 1.5, -2, Number.NaN])("refuse %d threads", async (threads) => {
    const message = `threads: found ${threads}, expected 1 or more`;
    expect(() => nodeRuntime({ threads })).toThrow(new InputError(message));
    await expect(webRuntime({ threads })).rejects.toThrow(new InputError(message));
  });
});

describe("a model of someone else's", () => {
  it("is refused where a port is nothing that we can feed", () => {
    const changed = (change: (type: { elemType: number; shape: { dim: object[] } }) => void) => {
      const decoded = decodeModel(toOnnx(t.program([x], { y: t.mul(x, 2) })));
      change(decoded.graph.input[0].type.tensorType);
      return encodeModel(decoded);
    };
    // ONNX element type 11: double
    expect(() => describeModel(changed((type) => Object.assign(type, { elemType: 11 })))).toThrow(
      /^model: "x" has element type 11, expected one of 1, 2, 6, 9, 12$/,
    );
    expect(() => describeModel(changed((type) => type.shape.dim.splice(0, 1, {})))).toThrow(
      'model: "x" has a length that is not fixed, expected a number for every axis',
    );
  });
});
