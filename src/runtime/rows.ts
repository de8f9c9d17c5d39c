/** Programs over a fixed number of rows, run on any number of them. */
import { showShape, sizeOf } from "../base/index.ts";
import { toOnnx } from "../onnx/index.ts";
import type { Program } from "../tensor/index.ts";
import type { Runtime } from "./session.ts";

/** Arrays of float32 whose first axis counts rows. */
export type Rows = Readonly<Record<string, Float32Array>>;

export interface RowSession {
  /** Every input `[rows, …]`, to every output `[rows, …]`. A row's result depends on no other row. */
  run(rows: number, feeds: Rows): Promise<Record<string, Float32Array>>;
  close(): Promise<void>;
}

/**
 * Prepares a program whose inputs and outputs are float32 `[batch, …]`, one result for each row. The rows are computed in
 * groups of `batch`, the last one filled up, so that each is the same to the bit whatever stands beside it. Throws where an
 * input or output has no such rows.
 */
export async function openRows(runtime: Runtime, program: Program, batch: number): Promise<RowSession> {
  const inputs = program.inputs.map((node) => ({ name: node.attributes.name, ...node }));
  const outputs = program.outputs.map(({ name, value }) => ({ name, shape: value.shape, dtype: value.dtype }));
  for (const { name, shape, dtype } of [...inputs, ...outputs]) {
    if (shape[0] !== batch || dtype !== "float32") {
      throw new Error(`openRows: "${name}" is ${dtype} ${showShape(shape)}, expected float32 [${batch}, …]`);
    }
  }
  const session = await runtime.open(toOnnx(program, { name: "rows" }));
  return {
    async run(rows, feeds) {
      const results: Record<string, Float32Array> = {};
      for (const { name, shape } of outputs) results[name] = new Float32Array((rows * sizeOf(shape)) / batch);
      for (let first = 0; first < rows; first += batch) {
        const count = Math.min(batch, rows - first);
        const group: Record<string, Float32Array> = {};
        for (const { name, shape } of inputs)
          group[name] = rowsFrom(feeds[name], first, count, sizeOf(shape) / batch, batch);
        const found = await session.run(group);
        for (const { name, shape } of outputs) {
          const size = sizeOf(shape) / batch;
          results[name].set((found[name] as Float32Array).subarray(0, count * size), first * size);
        }
      }
      return results;
    },
    close: () => session.close(),
  };
}

/** `count` rows of `size` from row `first` on, filled up with zeros to `batch` rows. */
function rowsFrom(values: Float32Array, first: number, count: number, size: number, batch: number): Float32Array {
  const part = values.subarray(first * size, (first + count) * size);
  if (count === batch) return part;
  const filled = new Float32Array(batch * size);
  filled.set(part);
  return filled;
}
