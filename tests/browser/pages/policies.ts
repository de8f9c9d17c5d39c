/** What the test of policies runs in the page. */
import { exportPolicy, openPolicy } from "../../../src/policies/index.ts";
import { webRuntime } from "../../../src/runtime/web.ts";
import { POLICIES, questions } from "../../policies/every.ts";

export interface Planned {
  readonly name: string;
  readonly chunks: Float32Array;
}

/** The chunks of every small policy for its questions, by WASM in this page: exported here, or from the given files. */
export async function plans({ rows, files }: { rows: number; files: Readonly<Record<string, Uint8Array>> }) {
  const runtime = await webRuntime({ wasmPaths: "/node_modules/onnxruntime-web/dist/" });
  const planned: Planned[] = [];
  for (const { name, policy } of POLICIES) {
    const actor = await openPolicy(runtime, files[name] ?? exportPolicy(policy, { batch: rows }));
    const { histories, keys } = questions(policy, rows);
    planned.push({ name, chunks: await actor.plan(histories, keys) });
    await actor.close();
  }
  return planned;
}

/** The file of one of the small policies, made in this page. */
export function exportedHere(name: string): Uint8Array {
  return exportPolicy(POLICIES.find((each) => each.name === name)!.policy);
}
