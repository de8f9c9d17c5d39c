/** What the server says to a page, as JSON texts on the socket. */
import type { JobState, PolicySummary } from "./policy.ts";

export type ServerMessage =
  /** The answer to `hello`. */
  | { readonly kind: "welcome"; readonly version: string }
  /** How many steps of an episode are on the server's disk: an acknowledgement. */
  | {
      readonly kind: "held";
      readonly task: string;
      readonly episode: string;
      readonly steps: number;
      readonly ended: boolean;
    }
  /**
   * What was asked cannot be done, and why, in one line; `episode` where it was about one. `later` where the same may be
   * done after some seconds: the disk was full.
   */
  | {
      readonly kind: "refused";
      readonly of: string;
      readonly task?: string;
      readonly episode?: string;
      readonly reason: string;
      readonly later?: true;
    }
  /** Episodes of a task have changed (by anybody): a page asks for them again if it shows them. */
  | { readonly kind: "changed"; readonly task: string }
  | { readonly kind: "job"; readonly job: JobState }
  | { readonly kind: "policy"; readonly policy: PolicySummary };
