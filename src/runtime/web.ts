/** ONNX Runtime compiled to WebAssembly (and WebGPU), for browsers; it runs in Node too. */
import { InputError } from "../base/index.ts";
import type { Library } from "./library.ts";
import { openWith } from "./ort.ts";
import type { Runtime } from "./session.ts";

export interface WebRuntimeOptions {
  /** Where models run; "webgpu" only where the browser has an adapter. */
  provider?: "wasm" | "webgpu";
  /** Threads of one operator: more than 1 needs a cross-origin isolated page. Default: 1. */
  threads?: number;
  /** Folder of onnxruntime-web's `.wasm` files, as an address; its own place when left out. */
  wasmPaths?: string;
}

/**
 * A runtime in this page. Throws an InputError where threads or WebGPU are asked for and are not there. Threads and
 * paths are settings of the whole page: the first runtime that opens a model fixes them.
 */
export async function webRuntime({
  provider = "wasm",
  threads = 1,
  wasmPaths,
}: WebRuntimeOptions = {}): Promise<Runtime> {
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new InputError(`threads: found ${threads}, expected 1 or more`);
  if (threads > 1 && "crossOriginIsolated" in globalThis && !globalThis.crossOriginIsolated) {
    throw new InputError(
      `threads: found ${threads}, but the page is not cross-origin isolated (COOP and COEP headers)`,
    );
  }
  if (provider === "webgpu") await requireAdapter();
  const library = await (provider === "webgpu" ? import("onnxruntime-web/webgpu") : import("onnxruntime-web/wasm"));
  library.env.wasm.numThreads = threads;
  if (wasmPaths) library.env.wasm.wasmPaths = wasmPaths;
  return {
    name: `web ${provider}, ${threads} thread${threads === 1 ? "" : "s"}`,
    open: (model) => {
      const options = {
        executionProviders: [provider],
        graphOptimizationLevel: "all",
        // errors only, as in Node
        logSeverityLevel: 3,
      } as const;
      return openWith(library as Library, model, options, { fillsGiven: false });
    },
  };
}

async function requireAdapter(): Promise<void> {
  const gpu = (globalThis.navigator as { gpu?: { requestAdapter(): Promise<object | null> } } | undefined)?.gpu;
  if (!(await gpu?.requestAdapter())) {
    throw new InputError('provider "webgpu" is not to be had here: the browser offers no WebGPU adapter');
  }
}
