/**
 * runtime: models that are ready to run. One session interface; ONNX Runtime in Node (`node.ts`) and in the browser
 * (`web.ts`) behind it, chosen by composition roots.
 *
 * Law: imports base, tensor and onnx. `node.ts` and `web.ts` are doors of their own, so that neither platform loads the
 * other's library.
 */
export { openRows, type RowSession, type Rows } from "./rows.ts";
export type { Arrays, OpenOptions, Port, Runtime, Session } from "./session.ts";
export { describe } from "./session.ts";
