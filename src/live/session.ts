/**
 * A session: a person and one world, or several of which the person looks at one. Episodes follow one another, time can be turned
 * back, policies come and go. Every step that is simulated is told, once, in its order.
 */
import { InputError } from "../base/index.ts";
import type { LivePolicy, Request } from "../rollouts/index.ts";
import type { Lateness } from "./clock.ts";
import { fork, goesOn, look, lose, mark, next, request, rewind, swap } from "./deeds.ts";
import type { ForkPoint } from "./lane.ts";
import { checkPolicy } from "./offer.ts";
import { checkSetup, type SessionSetup } from "./setup.ts";
import { closeStage, inFocus, type Stage, setStage, viewStage } from "./stage.ts";
import { messageOf, takeStep } from "./step.ts";
import type { SessionView } from "./view.ts";

/**
 * What the page says is heeded before the next step, in the order in which it was said; requests and input are for the lane in
 * focus. All may be called at any time, also while a step is under way.
 */
export interface LiveSession {
  /** Hz. */
  readonly controlRate: number;
  /** One control step of all lanes that go on. Never rejects: what fails is told as a problem. */
  tick(moment: Lateness): Promise<void>;
  /** What the person's device says now [Da], in the task's units; null: nothing, the neutral action. Throws InputError. */
  input(action: ArrayLike<number> | null): void;
  /**
   * A pause is for all lanes; after it, going on too. A gate's requests are not the person's: they are passed over. Where there
   * is no policy, handing back pauses. What is requested while an episode has ended and is still to be seen is passed over.
   */
  request(request: Request): void;
  /** The operator is gone (tab hidden, gamepad unplugged, page lost): everything stands until somebody goes on. */
  lost(): void;
  /** Whether, while the policy drives, what the person's hands do is recorded as the label. */
  shadow(on: boolean): void;
  /** Time runs backwards while on, a step in every step; then the lane stands there, paused. Who goes on begins a new episode. */
  rewind(on: boolean): void;
  /** Ends the episode in focus as it is and begins the next: on a fresh seed, or where this one began. */
  next(options: { readonly discard: boolean; readonly again: boolean }): void;
  mark(success: boolean): void;
  /** Throws InputError for a policy that cannot be gone by. */
  swap(policy: LivePolicy, when: "episode" | "now"): void;
  /** Ends the episode in focus as it is and begins another at that moment, paused. */
  fork(point: ForkPoint): void;
  /** Throws InputError where there is no such lane. Where the person drives the lane that is left, it is handed back. */
  focus(lane: number): void;
  operator(name: string): void;
  view(): SessionView;
  /** The chunk under way in the lane in focus: the step in which it was planned, and the history [To, Do] it answers to. */
  plan(): { readonly step: number; readonly chunk: Float32Array; readonly history: Float32Array } | null;
  /** Closes all episodes as they are. */
  close(): Promise<void>;
}

/** Begins a session; its first episodes wait at their start, paused. Throws InputError where the setup does not fit. */
export async function openSession(setup: SessionSetup): Promise<LiveSession> {
  checkSetup(setup);
  const stage = await setStage(setup);
  const { person, lanes, observer } = stage;
  /** What was said and is not yet heeded. */
  let said: ((stage: Stage) => void | Promise<void>)[] = [];
  let underWay: Promise<void> | null = null;

  const soon = (deed: (stage: Stage) => void | Promise<void>) => {
    if (!stage.closed) said.push(deed);
  };
  const heed = async () => {
    const deeds = said;
    said = [];
    for (const deed of deeds) {
      stage.changed = true;
      try {
        await deed(stage);
      } catch (error) {
        observer.problem(messageOf(error), false);
      }
    }
  };
  const tick = async (moment: Lateness) => {
    try {
      await heed();
      await takeStep(stage, moment);
    } catch (error) {
      abandon(error);
    }
  };
  const abandon = (error: unknown) => {
    try {
      closeStage(stage);
    } catch {
      // An observer that cannot be told of a step cannot be told of its end either: the first fault is the one to know.
    }
    observer.problem(messageOf(error), true);
  };

  return {
    controlRate: lanes[0].world.spec.controlRate,
    tick(moment) {
      if (stage.closed) return Promise.resolve();
      underWay ??= tick(moment).finally(() => {
        underWay = null;
      });
      return underWay;
    },
    input: person.input,
    request(wanted) {
      if (stage.closed || !(goesOn(wanted) || wanted === "pause")) return;
      // What was said before comes first; otherwise a step that is under way may still heed it.
      if (said.length > 0) soon(() => request(stage, wanted));
      else request(stage, wanted);
    },
    lost() {
      person.input(null);
      soon(lose);
    },
    shadow: (on) =>
      soon(() => {
        person.shadow = on;
      }),
    rewind: (on) => soon(() => rewind(stage, on)),
    next: (options) => soon(() => next(stage, options)),
    mark: (success) => soon(() => mark(stage, success)),
    swap(policy, when) {
      checkPolicy(policy);
      soon(() => swap(stage, policy, when));
    },
    fork: (point) => soon(() => fork(stage, point)),
    focus(number) {
      if (!lanes[number]) throw new InputError(`lane: found ${number}, expected 0 to ${lanes.length - 1}`);
      soon(() => look(stage, number));
    },
    operator: (name) =>
      soon(() => {
        person.name = name;
      }),
    view: () => viewStage(stage),
    plan() {
      const { loop } = inFocus(stage).episode;
      return loop.plan && { ...loop.plan, history: loop.historyAt(loop.plan.step) };
    },
    async close() {
      await underWay;
      closeStage(stage);
    },
  };
}
