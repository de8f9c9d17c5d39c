/**
 * Results written in place. onnxruntime-node 1.30 lets ONNX Runtime write results into given arrays, and then copies every
 * one of them once more, into a new ArrayBuffer that nobody asked for: 0.4 to 2.5 ms for 1.1 million numbers. It makes
 * these copies output by output, and gives up at the first that is no tensor, when all results are in their places. So
 * the model gets a first output that is a list of tensors, and the binding's refusal of it ends every run.
 *
 * That it works is tried on a small model when the first session is opened; where it does not, nothing is lost but time.
 */
import type { InferenceSession } from "onnxruntime-common";
import { decodeModel, encodeModel, type ModelProto, toOnnx } from "../onnx/index.ts";
import { input, mul, program } from "../tensor/index.ts";
import type { Library } from "./library.ts";

const LIST = "apprentice.in-place";
const REFUSAL = "Non tensor type is temporarily not supported";

/** The model with a list of its first output before all outputs. */
export function withListFirst(bytes: Uint8Array): Uint8Array {
  const model = decodeModel(bytes);
  const [first] = model.graph.output;
  const list = { name: LIST, type: { sequenceType: { elemType: first.type } } };
  model.graph.node.push({ input: [first.name], output: [LIST], opType: "SequenceConstruct", attribute: [] });
  model.graph.output.unshift(list as unknown as ModelProto["graph"]["output"][number]);
  return encodeModel(model);
}

/** Runs a model made by `withListFirst`; `results` are the tensors over the arrays that are filled. */
export async function runInPlace(
  session: InferenceSession,
  feeds: InferenceSession.FeedsType,
  results: InferenceSession.OnnxValueMapType,
): Promise<void> {
  try {
    await session.run(feeds, { [LIST]: null, ...results });
  } catch (error) {
    if (!(error as Error).message.includes(REFUSAL)) throw error;
    return;
  }
  throw new Error("onnxruntime-node no longer refuses lists of tensors: its results are not known to be in place");
}

let known: Promise<boolean> | undefined;

/** Whether results come in place with this library, tried once. */
export function worksInPlace(library: Library): Promise<boolean> {
  known ??= tried(library).catch(() => false);
  return known;
}

async function tried({ InferenceSession, Tensor }: Library): Promise<boolean> {
  const x = input("x", [4]);
  const model = withListFirst(toOnnx(program([x], { y: mul(x, 2), z: mul(x, 3) })));
  const session = await InferenceSession.create(model, { intraOpNumThreads: 1 });
  const [y, z] = [new Float32Array(4), new Float32Array(4)];
  const over = (data: Float32Array) => new Tensor("float32", data, [4]);
  await runInPlace(session, { x: over(Float32Array.of(1, 2, 3, 4)) }, { y: over(y), z: over(z) });
  await session.release();
  return y.join() === "2,4,6,8" && z.join() === "3,6,9,12";
}
