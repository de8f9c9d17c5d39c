/** The parts of ONNX Runtime's libraries that we use; onnxruntime-node and onnxruntime-web both export them. */
import type { InferenceSession, TensorConstructor } from "onnxruntime-common";

export interface Library {
  readonly InferenceSession: {
    create(model: Uint8Array, options: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}
