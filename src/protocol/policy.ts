/** Policies and the jobs that make them, as the server tells of them. */
import type { Rate } from "../base/index.ts";

export interface PolicySummary {
  /** Also the version that steps record: "driving-3". */
  readonly id: string;
  readonly task: string;
  readonly head: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** What it learned from: "scripted" demonstrations of the server's own, or what was "recorded" in the studio. */
  readonly origin: "scripted" | "recorded";
  readonly weighting: "expert" | "iwr" | "sirius";
  /** Episodes, how many of them are the server's own (scripted), and the steps that an expert drove or labelled in all of them. */
  readonly learned: { readonly episodes: number; readonly scripted: number; readonly expertSteps: number };
  readonly updates: number;
  /** Success on starts of the server's own, that nobody drove; null until it has been judged. */
  readonly success: Rate | null;
  /** The gate's conformal threshold for its score; null where the head has none, or it is not calibrated yet. */
  readonly gate: { readonly score: "stac"; readonly threshold: number; readonly falseAlarms: number } | null;
}

export interface JobState {
  readonly id: string;
  readonly task: string;
  /** The first policy from scripted demonstrations, or one from what was recorded. */
  readonly kind: "first" | "train";
  readonly head: string;
  readonly state: "waiting" | "collecting" | "training" | "judging" | "finished" | "failed" | "stopped";
  readonly update: number;
  readonly updates: number;
  readonly loss: number | null;
  /** Updates per second; seconds that are left, of this part of the job. */
  readonly rate: number | null;
  readonly secondsLeft: number | null;
  /** The policy, once there is one (before it is judged). */
  readonly policy: string | null;
  /** One line, where it failed. */
  readonly error: string | null;
}
