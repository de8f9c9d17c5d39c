/** Random numbers drawn inside a program, on any runtime. Runs unchanged in Node and in the browser. */
import { type Key, randomKey } from "../../src/base/index.ts";
import { toOnnx } from "../../src/onnx/index.ts";
import type { Runtime } from "../../src/runtime/index.ts";
import {
  constant,
  foldInKey,
  input,
  interpret,
  loop,
  program,
  randomBits,
  randomIntegers,
  randomNormal,
  randomUniform,
  type TypedArray,
} from "../../src/tensor/index.ts";

export const DRAW_KEY: Key = randomKey(20_261_123);
/** An odd number, so that the last block is used by half. */
export const DRAWS = 20_001;
/** Where rounding of float32 products would show: whole numbers up to the limit of 2^24. */
export const COUNTS = [1, 2, 3, 7, 100, 4095, 4096, 50_000, 999_983, 2 ** 24 - 1, 2 ** 24] as const;

export const FOLDED = 12_345;

const key = input("key", [2], "uint32");
export const drawing = program([key], {
  bits: randomBits(key, [DRAWS]),
  uniforms: randomUniform(key, [DRAWS]),
  normals: randomNormal(key, [3, DRAWS / 3]),
  ...Object.fromEntries(COUNTS.map((count) => [`integers below ${count}`, randomIntegers(key, [DRAWS], count)])),
  folded: foldInKey(key, constant(FOLDED, [], "int32")),
  ...chain(),
});

/** A key that a loop carries and folds onwards, with what each pass draws from it. */
function chain() {
  const { carried, stacked } = loop(5, [key], (pass, [current]) => {
    const next = foldInKey(current, pass);
    return { carried: [next], stacked: [randomBits(next, [3])] };
  });
  return { "last key": carried[0], "bits of the passes": stacked[0] };
}

export async function draws(runtime: Runtime): Promise<Record<string, TypedArray>> {
  const session = await runtime.open(toOnnx(drawing));
  const results = await session.run({ key: Uint32Array.from(DRAW_KEY) });
  await session.close();
  return results;
}

/** By the reference interpreter. */
export function referenceDraws(): Record<string, TypedArray> {
  return Object.fromEntries(
    Object.entries(interpret(drawing, { key: DRAW_KEY })).map(([name, { data }]) => [name, data]),
  );
}
