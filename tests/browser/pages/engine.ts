/** What the engine's tests run in the page. */
import { webRuntime } from "../../../src/runtime/web.ts";
import { conformance } from "../../runtime/conformance.ts";

const wasmPaths = "/node_modules/onnxruntime-web/dist/";

/** Every primitive by WASM in this page. */
export async function primitives({ threads }: { threads: number }) {
  return conformance(await webRuntime({ threads, wasmPaths }));
}
