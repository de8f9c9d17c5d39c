/** What the server and the process of a job say to one another. */
import type { ClientMessage, JobState, PolicySummary } from "../../protocol/index.ts";

/** What a process is to do; the only thing it is ever told. */
export type Order =
  | { readonly kind: "first"; readonly task: string }
  /** As a page asks for it. */
  | Extract<ClientMessage, { kind: "train" }>
  /** Of a policy that is there and was not judged to the end. */
  | { readonly kind: "judge"; readonly task: string; readonly policy: string };

export interface ToProcess {
  readonly data: string;
  readonly threads: number;
  /** Of the process, as `os.setPriority` takes it. */
  readonly priority: number;
  readonly order: Order;
}

/** How far a job is. */
export type Position = Partial<
  Pick<JobState, "state" | "update" | "updates" | "loss" | "rate" | "secondsLeft" | "policy">
>;

export type FromProcess =
  | { readonly kind: "position"; readonly position: Position }
  | { readonly kind: "policy"; readonly policy: PolicySummary }
  | { readonly kind: "finished" }
  /** One line. */
  | { readonly kind: "failed"; readonly error: string };
