/**
 * Training jobs of the studio's server: one at a time, each in a process of its own that ends when the server does, and the
 * policies they leave in the data folder.
 */
import type { ClientMessage, JobState, PolicySummary } from "../../protocol/index.ts";

export interface JobsOptions {
  /** The server's data folder: `TASK/dataset/`, `TASK/policies/ID/`. */
  readonly data: string;
  /** Told of every change of a job: at once where its state changes, of progress at most five times a second. */
  readonly onJob: (job: JobState) => void;
  /** Told of a policy when it is there, and again when it has been judged. */
  readonly onPolicy: (policy: PolicySummary) => void;
  /** Threads of one operator; default 1. */
  readonly threads?: number;
}

export type TrainingRequest = Omit<Extract<ClientMessage, { kind: "train" }>, "kind">;

export interface Jobs {
  /** Puts a training in line, or begins it. Throws InputError for an unknown task or head, and where there is nothing to learn from. */
  train(request: TrainingRequest): JobState;
  /** Ends a job that waits or runs. Throws InputError where there is none of that id. */
  stop(id: string): void;
  /** The oldest first. */
  jobs(): readonly JobState[];
  /** The oldest first; of one task, or of all. */
  policies(task?: string): readonly PolicySummary[];
  /** Path of a policy's file; null where there is no such policy. */
  policyFile(task: string, id: string): string | null;
  /** Begins the task's first policy in the background where it has neither policy nor data; else null. */
  startFirst(task: string): JobState | null;
  /** Heads that `train` accepts, the default first. */
  readonly heads: readonly string[];
  /** Ends what runs and waits until it has ended. */
  close(): Promise<void>;
}

export function createJobs(options: JobsOptions): Jobs {
  throw new Error(`jobs of ${options.data}: not yet`);
}
