/** What a session tells whoever runs it. All of it is told in the order in which it happens; nothing is waited for. */
import type { LivePolicy, LiveStep } from "../rollouts/index.ts";
import type { Info } from "../world/index.ts";
import type { Lateness } from "./clock.ts";
import type { SessionView } from "./view.ts";

/** An episode of which the first step has been taken: those that nobody went into are never told of. */
export interface BegunEpisode {
  readonly id: string;
  readonly lane: number;
  readonly seed: number;
  /** Names of all that may act in it. */
  readonly actors: readonly string[];
  /**
   * What the world said at the start; of an episode that begins in the midst of another also `forkedFrom`, `forkStep` and
   * `snapshot` (JSON).
   */
  readonly info: Info;
}

export interface ClosedEpisode {
  readonly id: string;
  readonly lane: number;
  readonly steps: number;
  /** What the world said last. */
  readonly info: Info;
  /** Whether world or clock ended it; otherwise somebody did, and its steps stay as they are. */
  readonly ended: boolean;
  /** The person's mark, or else the world's word where it ended; null where nobody knows. */
  readonly success: boolean | null;
  /** How often the person took over. */
  readonly interventions: number;
}

export interface SessionObserver {
  begun(episode: BegunEpisode): void;
  /** Step number `number` of an episode that has begun: as soon as the world has taken it. */
  step(episode: string, number: number, step: LiveStep): void;
  closed(episode: ClosedEpisode): void;
  /** The person says whether an episode succeeded; also of one that is closed already. */
  marked(episode: string, success: boolean): void;
  /** The person throws an episode away; it is closed already. */
  discarded(episode: string): void;
  /** After each control step, and where something changed while all stand. */
  viewed(view: SessionView, moment: Lateness): void;
  /** A lane has begun to go by this policy. */
  swapped(policy: LivePolicy): void;
  /** No lane goes by this policy any more, and none will. */
  released(policy: LivePolicy): void;
  /** One line for the person; `fatal`: the session is over. */
  problem(text: string, fatal: boolean): void;
}
