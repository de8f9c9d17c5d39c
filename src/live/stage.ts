/** What a session is between two steps, and how its episodes begin. */
import type { LivePolicy, Phase } from "../rollouts/index.ts";
import { beginEpisode, close, type LiveEpisode, laneOf, type SessionLane, type Start, takeUp, viewOf } from "./lane.ts";
import type { SessionObserver } from "./observer.ts";
import { createOffer, type Offer } from "./offer.ts";
import { createPerson, type Person } from "./person.ts";
import type { SessionSetup } from "./setup.ts";
import type { SessionView } from "./view.ts";

export interface Stage {
  readonly setup: SessionSetup;
  readonly observer: SessionObserver;
  readonly person: Person;
  readonly offer: Offer;
  readonly lanes: SessionLane[];
  focus: number;
  /** Whether all lanes stand until the person goes on. */
  held: boolean;
  /** Whether time runs backwards in the lane in focus. */
  rewinding: boolean;
  /** Whether there is anything to be seen that was not there before. */
  changed: boolean;
  closed: boolean;
  /** Episodes so far. */
  count: number;
}

/** The lanes at the start of their first episodes, paused. */
export async function setStage(setup: SessionSetup): Promise<Stage> {
  const { observer, operator: name, policy, fork, neutral, nextSeed } = setup;
  const worlds = Array.from({ length: setup.lanes }, setup.makeWorld);
  const person = createPerson({ name, space: worlds[0].spec.action, neutral });
  const stage: Stage = {
    ...{ setup, observer, person, offer: createOffer(policy, observer), lanes: [] },
    ...{ focus: 0, held: true, rewinding: false, changed: true, closed: false, count: 0 },
  };
  for (const [number, world] of worlds.entries()) {
    const place = { number, world, port: person.port(() => number === stage.focus) };
    const start = (number === stage.focus && fork) || { seed: nextSeed() };
    stage.lanes.push(laneOf(place, await begin(stage, place, start, "paused")));
  }
  return stage;
}

export const inFocus = ({ lanes, focus }: Stage): SessionLane => lanes[focus];

/** The policy that episodes go by which begin now; null where the person drives from beginning to end. */
export const offered = ({ setup, offer }: Stage): LivePolicy | null => (setup.part === "watch" ? offer.policy : null);

/** Whether time does not run there, or backwards. */
export const stands = ({ rewinding, focus }: Stage, { tape, number }: SessionLane): boolean =>
  tape.at !== null || (rewinding && number === focus);

/** Begins an episode; what was requested before is not meant for it. Without a policy it waits, paused. */
async function begin(
  stage: Stage,
  lane: Pick<SessionLane, "number" | "world" | "port">,
  at: Start,
  phase: Phase,
): Promise<LiveEpisode> {
  const { setup, person, offer } = stage;
  const policy = offered(stage);
  lane.port.forget();
  const episode = await beginEpisode(lane, {
    ...{ id: setup.makeId(), index: stage.count++, at, policy },
    phase: policy ? phase : "paused",
    operator: () => (lane.number === stage.focus ? person.name : null),
  });
  if (policy) offer.use(policy);
  stage.changed = true;
  return episode;
}

/** Leaves the episode under way, as it is, and begins another. */
export async function replace(stage: Stage, lane: SessionLane, at: Start, phase: Phase): Promise<void> {
  // Begun before the other is closed: where it cannot begin, that one goes on.
  const episode = await begin(stage, lane, at, phase);
  close(lane, stage.observer);
  lane.tape.release();
  takeUp(lane, episode);
}

/** Where time has been turned back and somebody goes on: a new episode from there, for which the requests are meant. */
export async function goOn(stage: Stage, lane: SessionLane): Promise<void> {
  const { tape, port } = lane;
  if (!tape.at) return;
  const requests = [...port.waiting];
  const episode = await begin(stage, lane, tape.at, "paused");
  for (const request of requests) port.request(request);
  close(lane, stage.observer);
  tape.resume();
  takeUp(lane, episode);
}

/** Tells of the policies that no lane goes by any more. */
export function release({ offer, lanes }: Stage): void {
  offer.release((policy) => lanes.some(({ episode }) => episode.loop.policy === policy && !episode.closed));
}

/** Closes all episodes as they are. */
export function closeStage(stage: Stage): void {
  if (stage.closed) return;
  stage.closed = true;
  for (const lane of stage.lanes) close(lane, stage.observer);
  stage.offer.withdraw(stage.offer.policy);
  release(stage);
}

export function viewStage(stage: Stage): SessionView {
  const { lanes, focus, rewinding } = stage;
  const { tape, world } = inFocus(stage);
  return {
    lanes: lanes.map((lane) => viewOf(lane, stands(stage, lane))),
    ...{ focus, rewinding, rewindable: tape.behind / world.spec.controlRate },
  };
}
