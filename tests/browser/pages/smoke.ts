import * as ort from "onnxruntime-web/wasm";
import { InputError } from "../../../src/browser.ts";

/** Runs a small model in the page. `model` is an ONNX file of y = x + x on `[3]`. */
export async function double({ model, threads }: { model: Uint8Array; threads: number }) {
  ort.env.wasm.wasmPaths = "/node_modules/onnxruntime-web/dist/";
  ort.env.wasm.numThreads = threads;
  const session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const { y } = await session.run({ x: new ort.Tensor("float32", Float32Array.of(1, -2, 0.5), [3]) });
  return {
    isolated: crossOriginIsolated,
    values: Array.from(y.data as Float32Array),
    error: new InputError("x").name,
    threads: ort.env.wasm.numThreads,
  };
}
