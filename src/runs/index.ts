/**
 * runs: what an experiment leaves on disk: its recipe, metrics and checkpoints. Here are the formats, as pure functions
 * between values and bytes; `node.ts` is the door to the folder itself.
 *
 * Law: imports base only; `@bufbuild/protobuf` encodes TensorBoard's events. Runs unchanged in Node and in the browser,
 * except `node.ts` and what only it loads.
 */
export { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
export type { Json } from "./json.ts";
export { type MetricsRecord, metricsLine, parseMetrics } from "./metrics.ts";
export {
  expectTensor,
  readSafetensors,
  type SafetensorsFile,
  type StoredArray,
  type StoredArrays,
  type StoredDType,
  type StoredTensor,
  type StoredTensors,
  writeSafetensors,
} from "./safetensors.ts";
export { crc32c, encodeEvent, frameRecord, type TensorboardEvent } from "./tensorboard.ts";
