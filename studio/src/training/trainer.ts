/** Training in the page, where there is no server to do it: one worker for each policy. */
import type { Pace } from "apprentice";
import type { FromTrainer, ToTrainer, TrainedPolicy, TrainingRequest } from "./messages.ts";

export interface TrainingOptions {
  /** At most five times a second. */
  readonly onProgress?: (progress: Pace) => void;
  /** Folder of onnxruntime-web's `.wasm` files, as an address; its own place when left out. */
  readonly wasmPaths?: string;
}

export interface Training {
  /** Rejects with an Error of one line where it cannot be trained, and where it was stopped (`isStopped`). */
  readonly policy: Promise<TrainedPolicy>;
  /** Ends it wherever it is; nothing is left of it. */
  stop(): void;
}

const STOPPED = "the training was stopped";

/** Whether a training was not wanted any more, rather than failed. */
export const isStopped = (error: unknown): boolean => error instanceof Error && error.message === STOPPED;

/** Begins to train a policy of the episodes, by the recipe by which the server would. */
export function startTraining(request: TrainingRequest, { onProgress, wasmPaths }: TrainingOptions = {}): Training {
  const worker = new Worker(new URL("./trainer.worker.ts", import.meta.url), { type: "module", name: "trainer" });
  let fail: (error: Error) => void = () => {};
  const policy = new Promise<TrainedPolicy>((settle, reject) => {
    fail = reject;
    worker.onmessage = ({ data }: MessageEvent<FromTrainer>) => {
      if (data.kind === "progress") onProgress?.(data.progress);
      if (data.kind === "trained") settle(data.policy);
      if (data.kind === "failed") reject(new Error(data.error));
    };
    worker.onerror = ({ message }) => reject(new Error(message || "the training worker could not be started"));
  });
  const end = () => worker.terminate();
  policy.then(end, end);
  worker.postMessage({ request, wasmPaths } satisfies ToTrainer);
  return { policy, stop: () => fail(new Error(STOPPED)) };
}
