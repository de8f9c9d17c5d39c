/**
 * A session: a person and one world, or several of which the person looks at one. Episodes follow one another, time can be turned
 * back, policies come and go. Every step that is simulated is told, once, in its order.
 */
import { InputError } from "../base/index.ts";
import { advanceLive, DRIVERS, type LivePolicy, type Phase, type Request } from "../rollouts/index.ts";
import type { Observation, World } from "../world/index.ts";
import type { Lateness } from "./clock.ts";
import {
  type Beginning,
  beginRun,
  closeRun,
  type ForkPoint,
  keep,
  type SessionLane,
  take,
  tapeFor,
  tell,
  viewOf,
} from "./lane.ts";
import type { SessionObserver } from "./observer.ts";
import { createPerson } from "./person.ts";
import type { SessionView } from "./view.ts";

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
  /** A gate's requests are not the person's: they are passed over. Where there is no policy, handing back pauses. */
  request(request: Request): void;
  /** The operator is gone (tab hidden, gamepad unplugged, page lost): everything stands until somebody goes on. */
  lost(): void;
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

/** ms for which an episode that has ended stays to be seen. */
const LINGER = 1500;

/** Begins a session; its first episodes wait at their start, paused. Throws InputError where the setup does not fit. */
export async function openSession(setup: SessionSetup): Promise<LiveSession> {
  const { part, policy, fork, observer, nextSeed, makeId } = setup;
  checkSetup(setup);
  const worlds = Array.from({ length: setup.lanes }, setup.makeWorld);
  const { spec } = worlds[0];
  const person = createPerson({ name: setup.operator, space: spec.action, neutral: setup.neutral });

  let focus = 0;
  let latest = policy;
  const known = new Set<LivePolicy>(policy ? [policy] : []);
  const inUse = new Set<LivePolicy>();
  let index = 0;
  /** Whether all stand until the person goes on. */
  let held = true;
  let rewinding = false;
  let changed = true;
  let closed = false;
  let waiting: (() => void | Promise<void>)[] = [];
  let tick: Promise<void> | null = null;

  const offered = () => (part === "watch" ? latest : null);
  const begin = async (lane: Pick<SessionLane, "world" | "port" | "number">, at: Beginning["at"], phase: Phase) => {
    const { port, number } = lane;
    const policy = offered();
    port.forget();
    const run = await beginRun(lane, {
      ...{ id: makeId(), index: index++, at, policy },
      phase: policy ? phase : "paused",
      operator: () => (number === focus ? person.name : null),
    });
    if (policy) noteUse(policy);
    changed = true;
    return run;
  };
  const noteUse = (policy: LivePolicy) => {
    if (inUse.has(policy)) return;
    inUse.add(policy);
    observer.swapped(policy);
  };

  const lanes: SessionLane[] = [];
  for (const [number, world] of worlds.entries()) {
    const port = person.port();
    port.attended = number === focus;
    const at = (number === focus && fork) || { seed: nextSeed() };
    const run = await begin({ world, port, number }, at, "paused");
    const lane = { number, world, port, run, tape: tapeFor(world), now: keep(run) };
    take(lane, run);
    lanes.push(lane);
  }
  const inFocus = () => lanes[focus];
  /** The episode that the person sees there: of the moment to which time has been turned back, where it has. */
  const seen = () => (inFocus().tape.at ?? inFocus().now).run;
  const stands = (lane: SessionLane) => lane.tape.at !== null || (rewinding && lane.number === focus);

  /** Leaves the episode under way and begins another. */
  const replace = async (lane: SessionLane, at: Beginning["at"], phase: Phase) => {
    // Begun before the other is closed: where it cannot begin, that one goes on.
    const run = await begin(lane, at, phase);
    closeRun(lane, observer);
    lane.tape.release();
    take(lane, run);
  };

  /** Where time was turned back and somebody goes on: a new episode from there. */
  const goOn = async (lane: SessionLane) => {
    const moment = lane.tape.at;
    if (!moment) return;
    const requests = [...lane.port.waiting];
    closeRun(lane, observer);
    lane.tape.resume();
    take(lane, await begin(lane, moment, "paused"));
    for (const request of requests) lane.port.request(request);
  };

  const beforeStep = async (lane: SessionLane, at: number) => {
    const { run, port, tape } = lane;
    if (stands(lane)) {
      if (port.waiting.some(goesOn)) {
        rewinding = false;
        await goOn(lane);
      } else if (rewinding && lane.number === focus) {
        tape.back();
        changed = true;
      }
    } else if (run.endedAt !== null && at - run.endedAt >= LINGER) {
      const drove = run.last?.controller === "expert" || held ? "paused" : "policy";
      take(lane, await begin(lane, { seed: nextSeed() }, drove));
    }
  };

  /** One step of all that go by one policy; where that fails nobody goes by it any more. */
  const advance = async (policy: LivePolicy | null, group: readonly SessionLane[]) => {
    try {
      await advanceLive(group.map(({ run }) => run.live));
    } catch (error) {
      const why = messageOf(error);
      if (!policy) {
        fail(why);
        return;
      }
      if (latest === policy) latest = null;
      for (const { run, port } of lanes) {
        port.request("pause");
        if (run.live.policy === policy) run.live.swap(null);
      }
      held = true;
      observer.problem(`the policy ${policy.version ?? policy.planner.name} drives no more: ${why}`, false);
    }
  };
  const fail = (why: string) => {
    end();
    observer.problem(why, true);
  };
  const end = () => {
    closed = true;
    for (const lane of lanes) closeRun(lane, observer);
    latest = null;
    release();
  };

  const release = () => {
    for (const policy of known) {
      if (policy === latest || lanes.some(({ run }) => run.live.policy === policy && !run.closed)) continue;
      known.delete(policy);
      inUse.delete(policy);
      observer.released(policy);
    }
  };

  const step = async (moment: Lateness) => {
    const heeded = waiting;
    waiting = [];
    for (const heed of heeded) {
      try {
        await heed();
      } catch (error) {
        observer.problem(messageOf(error), false);
      }
    }
    if (closed) return;
    for (const lane of lanes) await beforeStep(lane, moment.at);
    const going = lanes.filter((lane) => lane.run.endedAt === null && !stands(lane));
    const phases = going.map(({ run }) => run.live.phase);
    for (const policy of new Set(going.map(({ run }) => run.live.policy))) {
      await advance(
        policy,
        going.filter(({ run }) => run.live.policy === policy),
      );
    }
    for (const lane of lanes) if (tell(lane, observer, moment.at)) changed = true;
    if (closed) return;
    release();
    if (going.some(({ run }, i) => run.live.phase !== phases[i])) changed = true;
    if (changed) observer.viewed(view(), moment);
    changed = false;
  };

  const view = (): SessionView => ({
    lanes: lanes.map((lane) => viewOf(lane, rewinding && lane.number === focus)),
    focus,
    rewindable: inFocus().tape.behind / spec.controlRate,
    rewinding,
  });

  /** Before the next step, after all that was said before. */
  const soon = (heed: () => void | Promise<void>) => {
    if (closed) return;
    waiting.push(async () => {
      changed = true;
      await heed();
    });
  };
  const heedRequest = (request: Request) => {
    const { run, port } = inFocus();
    const asked = request === "handBack" && !offered() ? "pause" : request;
    if (run.endedAt === null || inFocus().tape.at) port.request(asked);
    const others = lanes.filter((lane) => lane.number !== focus && !lane.tape.at);
    if (asked === "pause") held = true;
    else if (!held || !port.waiting.some(goesOn)) return;
    else held = false;
    for (const { port } of others) port.request(held ? "pause" : "handBack");
  };

  return {
    controlRate: spec.controlRate,
    tick(moment) {
      if (closed) return Promise.resolve();
      tick ??= step(moment)
        .catch((error: unknown) => fail(messageOf(error)))
        .finally(() => {
          tick = null;
        });
      return tick;
    },
    input: person.input,
    request(request) {
      if (!goesOn(request) && request !== "pause") return;
      // What was said before comes first; otherwise a step that is under way may still heed it.
      if (waiting.length > 0) soon(() => heedRequest(request));
      else heedRequest(request);
    },
    lost() {
      person.input(null);
      soon(() => {
        rewinding = false;
        heedRequest("pause");
      });
    },
    shadow(on) {
      soon(() => {
        person.shadow = on;
      });
    },
    rewind(on) {
      soon(() => {
        if (rewinding === on) return;
        rewinding = on;
        const { port, run, tape } = inFocus();
        if (on) port.forget();
        else if (!tape.at && run.endedAt === null) port.request("pause");
      });
    },
    next({ discard, again }) {
      soon(async () => {
        const lane = inFocus();
        const { id, root, told, live, last } = seen();
        const drove = live.phase === "expert" || last?.controller === "expert";
        const waits = held || drove || live.phase === "paused" || stands(lane);
        rewinding = false;
        await replace(lane, again ? root : { seed: nextSeed() }, waits ? "paused" : "policy");
        if (discard && told > 0) observer.discarded(id);
      });
    },
    mark(success) {
      soon(() => {
        const run = seen();
        if (run.told === 0) return;
        run.mark = success;
        observer.marked(run.id, success);
      });
    },
    swap(policy, when) {
      checkPolicy(policy);
      soon(() => {
        known.add(policy);
        latest = policy;
        if (when === "episode" || part !== "watch") return;
        for (const { run } of lanes) {
          if (run.closed) continue;
          run.live.swap(policy);
          noteUse(policy);
        }
      });
    },
    fork(point) {
      soon(async () => {
        rewinding = false;
        await replace(inFocus(), point, "paused");
      });
    },
    focus(number) {
      if (!lanes[number]) throw new InputError(`lane: found ${number}, expected 0 to ${lanes.length - 1}`);
      soon(() => {
        if (number === focus) return;
        const { port, run } = inFocus();
        rewinding = false;
        if (DRIVERS[run.live.phase] === "expert" || port.waiting.includes("takeOver")) port.request("handBack");
        focus = number;
        for (const lane of lanes) lane.port.attended = lane.number === focus;
      });
    },
    operator(name) {
      soon(() => {
        person.name = name;
      });
    },
    view,
    plan() {
      const { live } = inFocus().run;
      return live.plan && { ...live.plan, history: live.historyAt(live.plan.step) };
    },
    async close() {
      await tick;
      if (!closed) end();
    },
  };
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Whether somebody is to drive. */
const goesOn = (request: Request): boolean => request === "takeOver" || request === "handBack";

function checkSetup({ part, lanes, policy }: SessionSetup): void {
  if (!(Number.isInteger(lanes) && lanes >= 1)) throw new InputError(`lanes: found ${lanes}, expected 1 or more`);
  if (part === "demonstrate" && lanes > 1) {
    throw new InputError(`lanes: found ${lanes}, expected 1: a person drives one world at a time`);
  }
  if (part === "watch" && !policy) throw new InputError("policy: found none, expected one: there is nothing to watch");
  if (policy) checkPolicy(policy);
}

function checkPolicy({ gate }: LivePolicy): void {
  if (gate?.score.asksExpert === "always") {
    throw new InputError(
      `gate: ${gate.score.name} asks the expert in every step, expected one that does not: it is a person`,
    );
  }
}
