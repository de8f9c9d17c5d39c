/** What the session and the worker of one policy say to one another. */
import type { Key, PolicyMetadata } from "apprentice";

export type ToPolicy =
  /** First of all: the file, and how its faults are named. */
  | { readonly kind: "open"; readonly bytes: Uint8Array; readonly where: string }
  /** Answered before all draws that are not under way. */
  | { readonly kind: "plan"; readonly id: number; readonly histories: Float32Array; readonly keys: readonly Key[] }
  /** Chunks at one history, one for each row of normals. */
  | { readonly kind: "draw"; readonly id: number; readonly history: Float32Array; readonly noises: Float32Array };

export type FromPolicy =
  | {
      readonly kind: "opened";
      readonly metadata: PolicyMetadata;
      /** scale · action + offset is what its head draws; null where the file does not say. */
      readonly scale: ActionScale | null;
    }
  /** It is no policy, or cannot be run here: one line. */
  | { readonly kind: "refused"; readonly text: string }
  | { readonly kind: "chunks"; readonly id: number; readonly chunks: Float32Array }
  | { readonly kind: "failed"; readonly id: number; readonly text: string };

export interface ActionScale {
  readonly scale: Float32Array;
  readonly offset: Float32Array;
}
