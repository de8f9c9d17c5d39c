/** The addresses of HTTP and what they answer. All need the cookie; JSON unless said otherwise. */
import type { Controller } from "../world/index.ts";
import type { JobState, PolicySummary } from "./policy.ts";

export const ADDRESSES = {
  /** StudioSummary. */
  studio: "/api/studio",
  /** EpisodeSummary[], the oldest first; deleted ones too, marked. */
  episodes: (task: string) => `/api/tasks/${task}/episodes`,
  /** EpisodeDetail. */
  episode: (task: string, id: string) => `/api/tasks/${task}/episodes/${id}`,
  /** Verification (of `datasets`): findings that name episode and step. */
  findings: (task: string) => `/api/tasks/${task}/findings`,
  /** The dataset as a download: "store" (zip), "robomimic" (HDF5) or "lerobot" (zip). */
  download: (task: string, format: "store" | "robomimic" | "lerobot") => `/api/tasks/${task}/dataset?format=${format}`,
  /** PolicySummary[], the oldest first. */
  policies: (task: string) => `/api/tasks/${task}/policies`,
  /** The bytes of a policy file. */
  policy: (task: string, id: string) => `/api/tasks/${task}/policies/${id}/policy.onnx`,
  socket: "/ws",
} as const;

export interface StudioSummary {
  readonly version: string;
  readonly tasks: readonly { readonly name: string; readonly description: string; readonly episodes: number }[];
  readonly jobs: readonly JobState[];
  readonly policies: readonly PolicySummary[];
  /** Heads that `train` accepts, the default first. */
  readonly heads: readonly string[];
}

/** Runs of steps under one controller, in time order: `["expert", 12]` is twelve steps. */
export type Strip = readonly (readonly [controller: Controller, steps: number])[];

export interface EpisodeSummary {
  readonly id: string;
  readonly seed: number;
  /** By name; null where nobody took part. */
  readonly operator: string | null;
  /** Seconds since 1970. */
  readonly started: number;
  readonly steps: number;
  readonly seconds: number;
  /** Null where nobody knows. */
  readonly success: boolean | null;
  readonly deleted: boolean;
  /** Recorded to no end: a page was closed, or somebody rewound or discarded the rest. */
  readonly interrupted: boolean;
  readonly strip: Strip;
  readonly interventions: number;
  readonly policyVersions: readonly string[];
  /** Steps that bear a label. */
  readonly labels: number;
  /** Where it was forked from. */
  readonly forked: { readonly episode: string; readonly step: number } | null;
}

export interface EpisodeDetail extends EpisodeSummary {
  /** What the world said at the start; of a fork also `snapshot` (JSON), `forkedFrom` and `forkStep`. */
  readonly info: Readonly<Record<string, number | string | boolean>>;
  /** Executed, proposed and labelled actions, a row per step; null where there was none. */
  readonly actions: readonly (readonly number[])[];
  readonly proposed: readonly (readonly number[] | null)[];
  readonly label: readonly (readonly number[] | null)[];
  readonly controller: readonly Controller[];
  readonly reward: readonly number[];
  /** Readings by name, a number per step; null where nothing was read. */
  readonly gate: Readonly<Record<string, readonly (number | null)[]>>;
}
