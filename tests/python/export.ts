/**
 * Writes our programs as files for tests/python/check.py: every primitive with its gradient, loops, random numbers, a
 * training loop; beside each the inputs and what the reference interpreter makes of them; two policies, beside each what
 * its plain twin does, and one of every head; the example of docs/export.md; a parameter file; two dataset exports.
 *
 *     tsx tests/python/export.ts DIR
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toOnnx } from "../../src/onnx/index.ts";
import { exportPolicy } from "../../src/policies/index.ts";
import { type StoredDType, type StoredTensors, writeSafetensors } from "../../src/runs/index.ts";
import { type DType, interpret, loop, type Program } from "../../src/tensor/index.ts";
import { chunkOf, smallPolicy } from "../policies/plain.ts";
import { DRAW_KEY, drawing } from "../runtime/draws.ts";
import { caseProgram, PRIMITIVES } from "../tensor/cases/index.ts";
import { LOOP_CASES, loopProgram } from "../tensor/cases/loops.ts";
import { trainingProgram } from "../tensor/cases/training.ts";
import { writeExportedDatasets } from "./exported-datasets.ts";
import { writeExample, writePolicies } from "./policies.ts";

interface Exported {
  name: string;
  program: Program;
  feeds: Readonly<Record<string, readonly number[]>>;
}

/** Numbers as JSON has them, floats as float32 holds them. */
function stored(dtype: DType | StoredDType, shape: readonly number[], data: ArrayLike<number>) {
  const numbers = Array.from(data, (value) => {
    const number = dtype === "float32" ? Math.fround(value) : value;
    return Number.isFinite(number) ? number : String(number);
  });
  return { dtype, shape, data: numbers };
}

function write(folder: string, { name, program, feeds }: Exported): void {
  const results = interpret(program, feeds);
  const inputs = program.inputs.map(({ attributes, dtype, shape }) => [
    attributes.name,
    stored(dtype, shape, feeds[attributes.name]),
  ]);
  const outputs = program.outputs.map((output) => [
    output.name,
    stored(output.value.dtype, output.value.shape, results[output.name].data),
  ]);
  const expected = { inputs: Object.fromEntries(inputs), outputs: Object.fromEntries(outputs), rtol: 2e-6, atol: 1e-6 };
  writeFileSync(join(folder, `${name}.onnx`), toOnnx(program, { name, metadata: { made: "tests/python/export.ts" } }));
  writeFileSync(join(folder, `${name}.json`), JSON.stringify(expected));
}

/** A policy of two observations as `apprentice train` writes it, its plan for one history and its next state. */
function writePolicy(folder: string, head: "l2" | "gmm"): void {
  const policy = smallPolicy({ head, observationHorizon: 2 });
  const [state, observation, noise] = [[0.5, -1, 2], [0.75, -0.5, 3], head === "gmm" ? [0.3] : []];
  const float = (shape: number[], data: number[]) => stored("float32", shape, data);
  const inputs = {
    observation: float([1, 3], observation),
    state: float([1, 1, 3], state),
    ...(head === "gmm" && { noise: float([1, 1], noise) }),
  };
  const actions = chunkOf(policy, [...state, ...observation], noise);
  const outputs = { actions: float([1, 4, 2], actions), next_state: float([1, 1, 3], observation) };
  writeFileSync(join(folder, `policy-${head}.onnx`), exportPolicy(policy));
  writeFileSync(join(folder, `policy-${head}.json`), JSON.stringify({ inputs, outputs, rtol: 2e-6, atol: 1e-4 }));
}

/** A parameter file with every storage that numpy has, an empty tensor, a scalar and names that are no identifiers. */
function writeParameters(folder: string): void {
  const tensors: StoredTensors = {
    "layers.0.weight": { dtype: "float32", shape: [2, 3], data: Float32Array.of(1, -0.5, 1e-30, 3e38, -Infinity, NaN) },
    "layers.0.bias": { dtype: "float32", shape: [0, 3], data: new Float32Array(0) },
    "10": { dtype: "float64", shape: [], data: Float64Array.of(Math.PI) },
    ключ: { dtype: "uint32", shape: [2], data: Uint32Array.of(0, 2 ** 32 - 1) },
    counter: { dtype: "int64", shape: [2], data: BigInt64Array.of(-(2n ** 40n), 7n) },
    index: { dtype: "int32", shape: [2, 1], data: Int32Array.of(-(2 ** 31), 5) },
    pixels: { dtype: "uint8", shape: [3], data: Uint8Array.of(0, 128, 255) },
    mask: { dtype: "bool", shape: [2, 2], data: Uint8Array.of(0, 1, 1, 0) },
  };
  const expected = Object.entries(tensors).map(([name, { dtype, shape, data }]) => [
    name,
    stored(dtype, shape, Array.from(data as ArrayLike<number | bigint>, Number)),
  ]);
  writeFileSync(join(folder, "parameters.safetensors"), writeSafetensors(tensors, { made: "tests/python/export.ts" }));
  writeFileSync(join(folder, "parameters.safetensors.json"), JSON.stringify(Object.fromEntries(expected)));
}

const folder = process.argv[2];
if (!folder) {
  console.error("usage: tsx tests/python/export.ts DIR");
  process.exit(2);
}
for (const primitive of PRIMITIVES) write(folder, { name: `primitive-${primitive}`, ...caseProgram(primitive) });
LOOP_CASES.forEach((each, index) => {
  write(folder, { name: `loop-${index + 1}`, ...loopProgram(each, loop) });
});
write(folder, { name: "random", program: drawing, feeds: { key: [...DRAW_KEY] } });
write(folder, { name: "training", ...trainingProgram() });
writePolicy(folder, "l2");
writePolicy(folder, "gmm");
writePolicies(folder);
writeExample(folder);
writeParameters(folder);
await writeExportedDatasets(folder);
