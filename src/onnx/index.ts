/**
 * onnx: tensor programs as ONNX models. The lowering of every primitive, the writer, and a reader for what we wrote.
 *
 * Law: imports base and tensor; `@bufbuild/protobuf` encodes the wire format. Runs unchanged in Node and in the browser.
 */
export { type ModelOptions, OPSET, toOnnx } from "./lower.ts";
export { decodeModel, encodeModel, type ModelProto } from "./schema.ts";
