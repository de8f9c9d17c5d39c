/** ONNX Runtime's native library in Node. */

import * as library from "onnxruntime-node";
import { InputError } from "../base/index.ts";
import { worksInPlace } from "./in-place.ts";
import { openWith } from "./ort.ts";
import type { Runtime } from "./session.ts";

export interface NodeRuntimeOptions {
  /** Where models run; "cuda" and "webgpu" only where their libraries and devices are. */
  provider?: "cpu" | "cuda" | "webgpu";
  /** Threads of one operator. The default is 1: see docs/performance.md for where 2 are faster. */
  threads?: number;
}

/**
 * A runtime on this machine. A model asks for the provider when it is opened; an InputError says what is missing where
 * it cannot be had.
 */
export function nodeRuntime({ provider = "cpu", threads = 1 }: NodeRuntimeOptions = {}): Runtime {
  if (!(Number.isInteger(threads) && threads >= 1))
    throw new InputError(`threads: found ${threads}, expected 1 or more`);
  return {
    name: `node ${provider}, ${threads} thread${threads === 1 ? "" : "s"}`,
    async open(model, { alwaysInto = false, threads: most = threads } = {}) {
      try {
        const options = {
          executionProviders: [provider],
          intraOpNumThreads: Math.min(threads, most),
          interOpNumThreads: 1,
          graphOptimizationLevel: "all",
          // errors only: of a graph that it simplifies further, it warns
          logSeverityLevel: 3,
        } as const;
        const inPlace = alwaysInto && provider === "cpu" && (await worksInPlace(library));
        return await openWith(library, model, options, { fillsGiven: true, inPlace });
      } catch (error) {
        throw provider === "cpu" || error instanceof InputError ? error : missing(provider, error as Error);
      }
    },
  };
}

const NEEDS = {
  cuda: "an NVIDIA driver, CUDA 12 with cuDNN 9, and onnxruntime-node's CUDA library (npm install with ONNXRUNTIME_NODE_INSTALL=cuda12)",
  webgpu: "a GPU with a Vulkan, Metal or Direct3D 12 driver",
} as const;

function missing(provider: "cuda" | "webgpu", error: Error): InputError {
  const reason = error.message.split("\n")[0];
  return new InputError(
    `provider "${provider}" is not to be had here: it needs ${NEEDS[provider]}; ONNX Runtime says: ${reason}`,
  );
}
