import type { StoredTensors } from "../../src/runs/index.ts";

/** Tensors of 2 MB in all whose every element tells the update that wrote them. */
export function crashTensors(update: number): StoredTensors {
  return {
    parameter: { dtype: "float32", shape: [256, 1024], data: new Float32Array(256 * 1024).fill(update) },
    moment: { dtype: "float32", shape: [256, 1024], data: new Float32Array(256 * 1024).fill(-update) },
    counter: { dtype: "int32", shape: [], data: Int32Array.of(update) },
  };
}
