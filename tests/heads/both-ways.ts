/** A program by the interpreter in float64, and as a file by onnxruntime-node in float32. */
import { toOnnx } from "../../src/onnx/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { interpret, type Node, program, type Tensor, typedArray } from "../../src/tensor/index.ts";

type Results = Record<string, ArrayLike<number>>;

export function inFloat64(
  inputs: readonly Node<"input">[],
  outputs: Record<string, Tensor>,
  feeds: Record<string, ArrayLike<number>> = {},
): Results {
  const values = interpret(program(inputs, outputs), feeds);
  return Object.fromEntries(Object.entries(values).map(([name, { data }]) => [name, data]));
}

export async function inFloat32(
  inputs: readonly Node<"input">[],
  outputs: Record<string, Tensor>,
  feeds: Record<string, ArrayLike<number>> = {},
): Promise<Results> {
  const session = await nodeRuntime().open(toOnnx(program(inputs, outputs), { name: "test" }));
  const arrays = inputs.map(({ attributes: { name }, dtype }) => {
    const array = typedArray(dtype, feeds[name].length);
    array.set(feeds[name]);
    return [name, array] as const;
  });
  const results = await session.run(Object.fromEntries(arrays));
  await session.close();
  return results;
}
