/**
 * What the page and its session worker say to one another. The worker holds worlds, policy, clock and log; the page holds
 * devices and drawings. Whatever the page says is heeded in the next control step.
 */
import type { Box, ForkPoint, Request, SessionSetup, SessionView } from "apprentice";
import type { ServerState } from "../link/connection.ts";

export type { ForkPoint, LaneView } from "apprentice";

/** How a person takes part. */
export type Part = SessionSetup["part"];

export interface PolicyFile {
  readonly version: string;
  readonly bytes: Uint8Array;
  /** The conformal threshold of its gate; null for none. */
  readonly threshold: number | null;
}

export interface SessionOptions {
  readonly task: string;
  readonly operator: string;
  readonly part: Part;
  /** Worlds side by side: 1, or a fleet. */
  readonly lanes: 1 | 4 | 9;
  /** Null only where the person demonstrates. */
  readonly policy: PolicyFile | null;
  readonly fork?: ForkPoint;
}

export type ToSession =
  /** Ends what ran, and begins anew; the first episode waits at its start, paused, for `request` takeOver or handBack. */
  | ({ readonly kind: "open" } & SessionOptions)
  /** What the person's device says now, in the task's units [Da]; null where no device says anything (pure neutral). */
  | { readonly kind: "input"; readonly action: readonly number[] | null }
  /** For the lane in focus. `pause` also where a tab is hidden or a gamepad is gone. */
  | { readonly kind: "request"; readonly request: Request }
  /** Shadow labelling: the policy drives, the person's input is recorded as the label. */
  | { readonly kind: "shadow"; readonly on: boolean }
  /** Time runs backwards while on; off: the world stands, paused, where it is. */
  | { readonly kind: "rewind"; readonly on: boolean }
  /** 1 is the task's own rate. */
  | { readonly kind: "speed"; readonly factor: number }
  /** Ends the episode as it is, and begins the next; discarded ones are marked as deleted. */
  | { readonly kind: "next"; readonly discard: boolean; readonly again: boolean }
  | { readonly kind: "mark"; readonly success: boolean }
  | { readonly kind: "swap"; readonly policy: PolicyFile; readonly when: "episode" | "now" }
  | { readonly kind: "focus"; readonly lane: number }
  /** Whether sampled chunks are wanted for drawing; holds for the sessions to come, too. */
  | { readonly kind: "fan"; readonly on: boolean }
  | { readonly kind: "operator"; readonly name: string }
  /** Ends the session; another may be opened. */
  | { readonly kind: "close" }
  /** Ends it too, and the worker itself once the server has all that is in its log, or where there is none. */
  | { readonly kind: "leave" };

export type FromSession =
  | { readonly kind: "opened"; readonly controlRate: number; readonly maxSteps: number; readonly action: Box }
  /** After every control step of the lanes, and where something changed while they stand. */
  | ({
      readonly kind: "tick";
      /** `performance.timeOrigin + performance.now()` of the worker when the step began, ms, and how late that was. */
      readonly at: number;
      readonly late: number;
    } & SessionView)
  /**
   * The focus lane's last plan [Tp][Da], in the task's units, made at step `step`; its rows before `first` lie in the past.
   * Chunks [samples][Tp][Da] that might have been planned instead come a little later; none of a policy that draws nothing.
   */
  | {
      readonly kind: "fan";
      readonly step: number;
      readonly first: number;
      readonly planned: readonly (readonly number[])[];
      readonly chunks: readonly (readonly (readonly number[])[])[];
    }
  | {
      readonly kind: "episode";
      readonly episode: string;
      readonly steps: number;
      readonly success: boolean | null;
      readonly interventions: number;
    }
  /** Steps that are in the log of the browser, and those of them that no server has acknowledged; who can be reached. */
  | {
      readonly kind: "log";
      readonly logged: number;
      readonly unsent: number;
      readonly server: ServerState;
    }
  | { readonly kind: "swapped"; readonly version: string }
  /** One line for the person; `fatal`: the session is over. */
  | { readonly kind: "problem"; readonly text: string; readonly fatal: boolean };
