/** One world of a session: the episode under way, and the tape of moments to which time can be turned back. */
import { DRIVERS, type LiveLane, type LivePolicy, type LiveStep, type Phase, startLive } from "../rollouts/index.ts";
import type { Info, Observation, Snapshot, World } from "../world/index.ts";
import { createDisagreement, type Disagreement, needOf, standingOf } from "./need.ts";
import type { SessionObserver } from "./observer.ts";
import type { Port } from "./person.ts";
import { createTape, type Tape } from "./rewind.ts";
import type { LaneView } from "./view.ts";

/** A moment of a recorded episode, from which another begins. */
export interface ForkPoint {
  readonly episode: string;
  readonly step: number;
  readonly seed: number;
  readonly snapshot: Snapshot;
}

/** Where an episode begins that is not the continuation of another: a seed's start, or a moment that somebody chose. */
export type Root = { readonly seed: number } | ForkPoint;

/** An episode of a session. */
export interface Run {
  readonly id: string;
  readonly root: Root;
  readonly live: LiveLane;
  /** What there is to say of its beginning. */
  readonly info: Info;
  readonly actors: readonly string[];
  readonly disagreement: Disagreement;
  /** Steps that have been taken and not yet been told of. */
  readonly fresh: LiveStep[];
  told: number;
  last: LiveStep | null;
  mark: boolean | null;
  closed: boolean;
  /** How often who drives became the expert, and whether ever the policy did. */
  takings: number;
  shared: boolean;
  /** When it ended, ms of the clock; null while it goes on. */
  endedAt: number | null;
}

/** All that is needed to go on from a moment in the midst of an episode, and to show it. */
export interface Kept {
  readonly run: Run;
  readonly step: number;
  readonly snapshot: Snapshot;
  readonly info: Info;
  readonly last: LiveStep | null;
  /** How many observations there were, this one's among them. */
  readonly seen: number;
}

export interface SessionLane {
  readonly number: number;
  readonly world: World;
  readonly port: Port;
  readonly tape: Tape<Kept>;
  run: Run;
  /** The world as it is now. */
  now: Kept;
}

/** s that can be rewound at least. */
const REWIND = 30;
/** Observations before a moment that an episode which begins there is given: more than any policy looks back on. */
const LOOK_BACK = 100;

export const tapeFor = ({ spec }: World): Tape<Kept> => createTape(REWIND * spec.controlRate + 1);

/** What a lane's next episode begins with. */
export interface Beginning {
  readonly id: string;
  readonly index: number;
  /** A root, or the moment of the tape from which it goes on. */
  readonly at: Root | Kept;
  readonly policy: LivePolicy | null;
  readonly phase: Phase;
  readonly operator: () => string | null;
}

/** Begins an episode: nothing is told of it before its first step. */
export async function beginRun(lane: Pick<SessionLane, "world" | "port">, beginning: Beginning): Promise<Run> {
  const { id, index, at, policy, phase, operator } = beginning;
  const { world, port } = lane;
  const fork = forkOf(at);
  const fresh: LiveStep[] = [];
  const live = await startLive({
    ...{ index, seed: fork?.seed ?? (at as { readonly seed: number }).seed, world, supervisor: port, policy, phase },
    ...{ operator, onStep: (step: LiveStep) => fresh.push(step) },
    ...(fork && { origin: { snapshot: fork.snapshot, before: beforeOf(at) } }),
  });
  const { info } = live.end;
  const { episode: forkedFrom, step: forkStep, snapshot } = fork ?? {};
  return {
    ...{ id, live, fresh },
    root: "run" in at ? at.run.root : at,
    info: fork ? { ...info, forkedFrom, forkStep, snapshot: JSON.stringify(snapshot) } : info,
    actors: policy ? [policy.planner.name, port.name] : [port.name],
    disagreement: createDisagreement(),
    ...{ told: 0, last: null, mark: null, closed: false, takings: 0, shared: false, endedAt: null },
  };
}

function forkOf(at: Root | Kept): ForkPoint | null {
  if (!("run" in at)) return "episode" in at ? at : null;
  return { episode: at.run.id, step: at.step, seed: at.run.live.seed, snapshot: at.snapshot };
}

const beforeOf = (at: Root | Kept): readonly Observation[] =>
  "run" in at ? at.run.live.seen.slice(0, at.seen - 1).slice(-LOOK_BACK) : [];

/** The moment that is now. */
export function keep(run: Run): Kept {
  const { live, last } = run;
  const { length, info } = live.end;
  return { run, step: length, snapshot: live.world.snapshot(), info, last, seen: live.seen.length };
}

/** Takes an episode up as the lane's own. */
export function take(lane: SessionLane, run: Run): void {
  lane.run = run;
  lane.now = keep(run);
  lane.tape.add(lane.now);
}

/** Tells of the steps since the last time; notes where the episode is now, and whether it has ended. True where there were any. */
export function tell(lane: SessionLane, observer: SessionObserver, at: number): boolean {
  const { run, number, tape } = lane;
  const { id, fresh, live, info, actors } = run;
  if (fresh.length === 0) return false;
  for (const step of fresh.splice(0)) {
    if (run.told === 0) observer.begun({ id, lane: number, seed: live.seed, actors, info });
    const took = step.controller === "expert" && run.last?.controller !== "expert";
    if (took) run.takings += 1;
    if (step.controller === "policy") run.shared = true;
    run.last = step;
    observer.step(id, run.told++, step);
  }
  run.disagreement.note(live);
  lane.now = keep(run);
  const { terminated, truncated } = live.end;
  if (terminated || truncated) {
    run.endedAt = at;
    tape.leave();
    closeRun(lane, observer);
  } else {
    tape.add(lane.now);
  }
  return true;
}

/** The episode is over, by itself or because somebody leaves it; one without a step has never been. */
export function closeRun({ run, number }: SessionLane, observer: SessionObserver): void {
  if (run.closed) return;
  run.closed = true;
  if (run.told === 0) return;
  const { id, mark, takings, shared } = run;
  const { length, info, terminated, truncated } = run.live.end;
  const ended = terminated || truncated;
  const success = mark ?? (ended ? info.success : null);
  observer.closed({ id, lane: number, steps: length, info, ended, success, interventions: shared ? takings : 0 });
}

/** The lane as it is, or as it was at the moment to which time has been turned back. */
export function viewOf({ now, tape }: SessionLane, rewinding: boolean): LaneView {
  const past = tape.at;
  const { run, step, snapshot, info, last } = past ?? now;
  const { live, endedAt } = run;
  const { terminated } = live.end;
  const stands = past !== null || rewinding;
  const alarmed = (last?.gate.alarm ?? 0) === 1;
  const standing = standingOf(live, past ? (past.last?.gate ?? {}) : live.readings);
  const drives = !stands && endedAt === null && DRIVERS[live.phase] === "policy";
  return {
    ...{ episode: run.id, seed: live.seed, step, snapshot, info },
    phase: stands ? "paused" : live.phase,
    time: step / live.world.spec.controlRate,
    action: last && [...last.action],
    controller: last?.controller ?? null,
    proposed: last?.proposed ? [...last.proposed] : null,
    policyVersion: live.policy?.version ?? null,
    score: standing?.score ?? null,
    threshold: standing?.threshold ?? null,
    alarmed: past ? alarmed : live.alarmed,
    need: drives ? needOf(live.alarmed, standing, run.disagreement.value) : 0,
    ended: !past && endedAt !== null ? { success: run.mark ?? info.success, terminated } : null,
  };
}
