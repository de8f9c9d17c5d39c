/** A policy that runs in a worker of its own, as the session sees it. */
import { InputError, type Key, type PolicyMetadata } from "apprentice";
import type { PolicyFile } from "./messages.ts";
import type { ActionScale, FromPolicy, ToPolicy } from "./policy-messages.ts";

export interface OpenPolicy {
  readonly version: string;
  readonly metadata: PolicyMetadata;
  readonly scale: ActionScale | null;
  readonly threshold: number | null;
  plan(histories: Float32Array, keys: readonly Key[]): Promise<Float32Array>;
  /** Chunks at one history, one for each row of normals; when there is nothing to plan. */
  draw(history: Float32Array, noises: Float32Array): Promise<Float32Array>;
  close(): void;
}

/** What is used of a Worker. */
export interface PolicyWorker {
  postMessage(message: ToPolicy): void;
  terminate(): void;
  onmessage: ((event: { data: FromPolicy }) => void) | null;
  onerror: ((event: { message?: string }) => void) | null;
}

/** Opens a policy's file and warms it up. Rejects with an InputError of one line for a file that is no policy or cannot be run. */
export function openPolicyIn(worker: PolicyWorker, { version, bytes, threshold }: PolicyFile): Promise<OpenPolicy> {
  const waiting = new Map<number, { resolve(chunks: Float32Array): void; reject(error: Error): void }>();
  let count = 0;
  let broken: Error | null = null;

  const ask = (message: (id: number) => ToPolicy) =>
    new Promise<Float32Array>((resolve, reject) => {
      if (broken) return reject(broken);
      const id = count++;
      waiting.set(id, { resolve, reject });
      worker.postMessage(message(id));
    });
  const end = (error: Error) => {
    broken = error;
    worker.terminate();
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
  };

  return new Promise((resolve, reject) => {
    const refuse = (text: string) => {
      const error = new InputError(text);
      end(error);
      reject(error);
    };
    worker.onerror = ({ message }) => refuse(`policy ${version}: its worker failed${message ? ` (${message})` : ""}`);
    worker.onmessage = ({ data }) => {
      if (data.kind === "refused") {
        refuse(data.text);
      } else if (data.kind === "opened") {
        resolve({
          version,
          threshold,
          metadata: data.metadata,
          scale: data.scale,
          plan: (histories, keys) => ask((id) => ({ kind: "plan", id, histories, keys })),
          draw: (history, noises) => ask((id) => ({ kind: "draw", id, history, noises })),
          close: () => end(new Error(`policy ${version}: closed`)),
        });
      } else {
        const asked = waiting.get(data.id);
        waiting.delete(data.id);
        if (data.kind === "failed") asked?.reject(new Error(data.text));
        else asked?.resolve(data.chunks);
      }
    };
    worker.postMessage({ kind: "open", bytes, where: `policy ${version}` });
  });
}
