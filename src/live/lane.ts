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
type Root = { readonly seed: number } | ForkPoint;

/** An episode of a session. */
export interface LiveEpisode {
  readonly id: string;
  readonly root: Root;
  readonly loop: LiveLane;
  /** What there is to say of its beginning. */
  readonly info: Info;
  readonly actors: readonly string[];
  readonly disagreement: Disagreement;
  /** Steps that have been taken and not yet been told of; and how many have been. */
  readonly fresh: LiveStep[];
  told: number;
  last: LiveStep | null;
  /** How often who drives became the expert, and whether ever the policy did. */
  takings: number;
  shared: boolean;
  /** Whether it succeeded, by the person's word. */
  mark: boolean | null;
  /** When world or clock ended it, ms of the session's clock; null while they have not. */
  endedAt: number | null;
  closed: boolean;
}

/** All that is needed to go on from a moment in the midst of an episode, and to show it. */
export interface Kept {
  readonly episode: LiveEpisode;
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
  episode: LiveEpisode;
  /** The world as it is now. */
  now: Kept;
}

/** s that can be rewound. */
const REWIND = 30;
/** Observations before a moment that an episode which begins there is given: more than any policy looks back on. */
const LOOK_BACK = 100;

/** A lane that has taken up its first episode. */
export function laneOf(place: Pick<SessionLane, "number" | "world" | "port">, episode: LiveEpisode): SessionLane {
  const tape = createTape<Kept>(REWIND * place.world.spec.controlRate + 1);
  const lane = { ...place, tape, episode, now: keep(episode) };
  tape.add(lane.now);
  return lane;
}

/** Where an episode begins: a root, or the moment of a tape from which it goes on. */
export type Start = Root | Kept;

interface Beginning {
  readonly id: string;
  readonly index: number;
  readonly at: Start;
  readonly policy: LivePolicy | null;
  readonly phase: Phase;
  readonly operator: () => string | null;
}

/** Begins an episode: nothing is told of it before its first step. Throws Error for a snapshot of another world. */
export async function beginEpisode(
  { world, port }: Pick<SessionLane, "world" | "port">,
  { id, index, at, policy, phase, operator }: Beginning,
): Promise<LiveEpisode> {
  const fork = forkOf(at);
  const fresh: LiveStep[] = [];
  const loop = await startLive({
    ...{ index, seed: fork?.seed ?? rootOf(at).seed, world, supervisor: port, policy, phase, operator },
    onStep: (step) => fresh.push(step),
    ...(fork && { origin: { snapshot: fork.snapshot, before: beforeOf(at) } }),
  });
  const { info } = loop.end;
  const origin = fork && {
    forkedFrom: fork.episode,
    forkStep: fork.step,
    snapshot: JSON.stringify(fork.snapshot),
  };
  return {
    ...{ id, root: rootOf(at), loop, fresh, info: { ...info, ...origin }, disagreement: createDisagreement() },
    actors: policy ? [policy.planner.name, port.name] : [port.name],
    ...{ told: 0, last: null, takings: 0, shared: false, mark: null, endedAt: null, closed: false },
  };
}

const rootOf = (at: Start): Root => ("snapshot" in at && "seen" in at ? at.episode.root : at);

function forkOf(at: Start): ForkPoint | null {
  if (!("snapshot" in at)) return null;
  if (!("seen" in at)) return at;
  return { episode: at.episode.id, step: at.step, seed: at.episode.loop.seed, snapshot: at.snapshot };
}

const beforeOf = (at: Start): readonly Observation[] =>
  "seen" in at ? at.episode.loop.seen.slice(0, at.seen - 1).slice(-LOOK_BACK) : [];

/** The moment that is now. */
function keep(episode: LiveEpisode): Kept {
  const { loop, last } = episode;
  const { length, info } = loop.end;
  return { episode, step: length, snapshot: loop.world.snapshot(), info, last, seen: loop.seen.length };
}

/** Takes an episode up as the lane's own. */
export function takeUp(lane: SessionLane, episode: LiveEpisode): void {
  lane.episode = episode;
  lane.now = keep(episode);
  lane.tape.add(lane.now);
}

/** Tells of the step that was taken, and where the episode is now, ended or not. False where there was none. */
export function tell(lane: SessionLane, observer: SessionObserver, at: number): boolean {
  const { episode, number, tape } = lane;
  const { id, fresh, loop, info, actors } = episode;
  if (fresh.length === 0) return false;
  for (const step of fresh.splice(0)) {
    if (episode.told === 0) observer.begun({ id, lane: number, seed: loop.seed, actors, info });
    if (step.controller === "policy") episode.shared = true;
    else if (episode.last?.controller !== "expert") episode.takings += 1;
    episode.last = step;
    observer.step(id, episode.told++, step);
  }
  episode.disagreement.note(loop);
  lane.now = keep(episode);
  const { terminated, truncated } = loop.end;
  if (terminated || truncated) {
    episode.endedAt = at;
    tape.leave();
    close(lane, observer);
  } else {
    tape.add(lane.now);
  }
  return true;
}

/** The episode is over, by itself or because somebody leaves it; one without a step has never been. */
export function close({ episode, number }: SessionLane, observer: SessionObserver): void {
  if (episode.closed) return;
  episode.closed = true;
  if (episode.told === 0) return;
  const { id, mark, takings, shared, loop } = episode;
  const { length: steps, info, terminated, truncated } = loop.end;
  const ended = terminated || truncated;
  const success = mark ?? (ended ? info.success : null);
  // Who drives from beginning to end takes nothing over: the supervisor's account counts so too.
  observer.closed({ id, lane: number, steps, info, ended, success, interventions: shared ? takings : 0 });
}

/** The lane as it is, or as it was at the moment to which time has been turned back. */
export function viewOf({ now, tape }: SessionLane, stands: boolean): LaneView {
  const { episode, step, snapshot, info, last } = tape.at ?? now;
  const { loop, endedAt } = episode;
  const { terminated } = loop.end;
  const [alarmed, readings] = tape.at ? [last?.gate.alarm === 1, last?.gate ?? {}] : [loop.alarmed, loop.readings];
  const standing = standingOf(loop, readings);
  const needy = !stands && endedAt === null && DRIVERS[loop.phase] === "policy";
  return {
    ...{ episode: episode.id, seed: loop.seed, step, snapshot, info, alarmed },
    phase: stands ? "paused" : loop.phase,
    time: step / loop.world.spec.controlRate,
    action: last && [...last.action],
    controller: last?.controller ?? null,
    proposed: last?.proposed ? [...last.proposed] : null,
    policyVersion: loop.policy?.version ?? null,
    score: standing?.score ?? null,
    threshold: standing?.threshold ?? null,
    need: needy ? needOf(alarmed, standing, episode.disagreement.value) : 0,
    ended: tape.at || endedAt === null ? null : { success: episode.mark ?? info.success, terminated },
  };
}
