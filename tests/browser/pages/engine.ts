/** What the engine's tests run in the page. */
import { mapLeaves } from "../../../src/base/index.ts";
import { type WebRuntimeOptions, webRuntime } from "../../../src/runtime/web.ts";
import { loop, type Primitive } from "../../../src/tensor/index.ts";
import { hashOfResults } from "../../base/elementary-values.ts";
import { fingerprint } from "../../base/fingerprint.ts";
import { conformance, deviations } from "../../runtime/conformance.ts";
import { draws } from "../../runtime/draws.ts";
import { LOOP_CASES, loopProgram } from "../../tensor/cases/loops.ts";
import { trainingProgram } from "../../tensor/cases/training.ts";

const wasmPaths = "/node_modules/onnxruntime-web/dist/";

/** Every primitive, or only some, by WASM in this page. */
export async function primitives({ threads, only }: { threads: number; only?: Primitive[] }) {
  return conformance(await webRuntime({ threads, wasmPaths }), only);
}

/** Every program with loops, its gradients too, and a training loop, by WASM in this page: what differs from the reference. */
export async function loops() {
  const runtime = await webRuntime({ threads: 2, wasmPaths });
  const problems: string[] = [];
  for (const each of LOOP_CASES) {
    const { program, feeds } = loopProgram(each, loop);
    problems.push(...(await deviations(runtime, program, feeds)).map((problem) => `${each.label}: ${problem}`));
  }
  const { program, feeds } = trainingProgram();
  return [...problems, ...(await deviations(runtime, program, feeds))];
}

/** The random numbers that a program draws in this page: the normals, and fingerprints of everything else. */
export async function random() {
  const { normals, ...exact } = await draws(await webRuntime({ threads: 2, wasmPaths }));
  return { normals, fingerprints: mapLeaves(exact, fingerprint) };
}

/** The bits of the portable elementary functions. */
export const elementary = () => hashOfResults();

/** What is said where a runtime cannot be had: name and message of the error, or null. */
export async function refused(options: WebRuntimeOptions) {
  try {
    await webRuntime(options);
    return null;
  } catch (error) {
    const { name, message } = error as Error;
    return { name, message };
  }
}
