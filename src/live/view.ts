/** What is to be seen of a session, as plain data. */
import type { Phase } from "../rollouts/index.ts";
import type { Controller, Info, Snapshot } from "../world/index.ts";

/** A lane as it is now, or, while somebody rewinds it, as it was. */
export interface LaneView {
  readonly episode: string;
  readonly seed: number;
  readonly phase: Phase;
  readonly step: number;
  /** Seconds since the episode began. */
  readonly time: number;
  readonly snapshot: Snapshot;
  readonly info: Info;
  /** The last executed action, and who drove; null before the first step. What the policy proposed there. */
  readonly action: readonly number[] | null;
  readonly controller: Controller | null;
  readonly proposed: readonly number[] | null;
  readonly policyVersion: string | null;
  /** What the gate reads, against its threshold; null where there is no gate or it has not read yet. */
  readonly score: number | null;
  readonly threshold: number | null;
  readonly alarmed: boolean;
  /** How much it needs help, among lanes: the greater the sooner; 0 where the policy does not drive. */
  readonly need: number;
  readonly ended: { readonly success: boolean; readonly terminated: boolean } | null;
}

export interface SessionView {
  readonly lanes: readonly LaneView[];
  /** The lane that the person looks at: input and requests go there. */
  readonly focus: number;
  /** Seconds by which the lane in focus can be rewound from where it is. */
  readonly rewindable: number;
  readonly rewinding: boolean;
}
