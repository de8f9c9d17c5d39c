/** A session. */
import type { LivePolicy, Request } from "../rollouts/index.ts";
import type { Observation, Snapshot, World } from "../world/index.ts";
import type { Lateness } from "./clock.ts";
import type { SessionObserver } from "./observer.ts";
import type { SessionView } from "./view.ts";

/** A moment of a recorded episode, from which another begins. */
export interface ForkPoint {
  readonly episode: string;
  readonly step: number;
  readonly seed: number;
  readonly snapshot: Snapshot;
}

export interface SessionSetup {
  readonly makeWorld: () => World;
  /** The person drives from beginning to end, or the policy drives and the person may take over. */
  readonly part: "demonstrate" | "watch";
  /** Worlds side by side; more than one only to watch. */
  readonly lanes: number;
  readonly operator: string;
  /** Null only where the person demonstrates. */
  readonly policy: LivePolicy | null;
  /** Where the first episode of the lane in focus begins, instead of at a fresh seed. */
  readonly fork?: ForkPoint;
  /** A seed that no episode had. */
  readonly nextSeed: () => number;
  /** An id that no episode had. */
  readonly makeId: () => string;
  /** The action [Da] of a person who touches nothing; default: 0, as near as the bounds allow. */
  readonly neutral?: (observation: Observation) => ArrayLike<number>;
  readonly observer: SessionObserver;
}

/**
 * What the page says is heeded before the next step; requests and input are for the lane in focus. Nothing here waits, and
 * all may be called at any time, also while a step is under way.
 */
export interface LiveSession {
  /** Hz. */
  readonly controlRate: number;
  /** One control step of all lanes that go on. Never rejects: what fails is told as a problem. */
  tick(moment: Lateness): Promise<void>;
  /** What the person's device says now [Da], in the task's units; null: nothing, the neutral action. */
  input(action: ArrayLike<number> | null): void;
  request(request: Request): void;
  /** The operator is gone (tab hidden, gamepad unplugged, page lost): everything stands until somebody goes on. */
  lost(): void;
  shadow(on: boolean): void;
  rewind(on: boolean): void;
  /** Ends the episode in focus as it is and begins the next: on a fresh seed, or where this one began. */
  next(options: { readonly discard: boolean; readonly again: boolean }): void;
  mark(success: boolean): void;
  swap(policy: LivePolicy, when: "episode" | "now"): void;
  /** Ends the episode in focus as it is and begins another at that moment, paused. */
  fork(point: ForkPoint): void;
  focus(lane: number): void;
  operator(name: string): void;
  view(): SessionView;
  /** The chunk under way in the lane in focus: the step in which it was planned, and the history [To, Do] it answers to. */
  plan(): { readonly step: number; readonly chunk: Float32Array; readonly history: Float32Array } | null;
  /** Closes all episodes as they are. */
  close(): Promise<void>;
}
