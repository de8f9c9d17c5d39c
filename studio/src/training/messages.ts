/** What the page and its training worker say to one another. */
import type { Episode, Pace } from "apprentice";

export interface TrainingRequest {
  readonly task: string;
  /** What to learn from, whoever drove: at least one of them with a step that an expert drove or labelled. */
  readonly episodes: readonly Episode[];
  /** One of `STUDIO_HEADS`; default the first of them. */
  readonly head?: string;
  readonly updates?: number;
  readonly weighting?: "expert" | "iwr" | "sirius";
  readonly seed?: number;
}

/** A policy that was trained in the page. */
export interface TrainedPolicy {
  readonly task: string;
  readonly head: string;
  /** Its file, `.onnx`. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly updates: number;
  /** Episodes, and their steps that an expert drove or labelled. */
  readonly learned: { readonly episodes: number; readonly expertSteps: number };
}

export interface ToTrainer {
  readonly request: TrainingRequest;
  /** Folder of onnxruntime-web's `.wasm` files, as an address; its own place when left out. */
  readonly wasmPaths?: string;
}

export type FromTrainer =
  | { readonly kind: "progress"; readonly progress: Pace }
  | { readonly kind: "trained"; readonly policy: TrainedPolicy }
  /** One line. */
  | { readonly kind: "failed"; readonly error: string };
