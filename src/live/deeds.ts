/** What the page says, heeded between two steps. */
import { DRIVERS, type LivePolicy, type Request } from "../rollouts/index.ts";
import type { ForkPoint } from "./lane.ts";
import { inFocus, offered, replace, type Stage, stands } from "./stage.ts";

/** Whether somebody is to drive. */
export const goesOn = (request: Request): boolean => request === "takeOver" || request === "handBack";

/** For the lane in focus; a pause is for all, and so is going on after it. An episode that has ended hears nothing. */
export function request(stage: Stage, wanted: Request): void {
  const { lanes, focus } = stage;
  const lane = inFocus(stage);
  const isOver = lane.episode.endedAt !== null && !stands(stage, lane);
  const asked = wanted === "handBack" && !offered(stage) ? "pause" : wanted;
  if (!isOver) lane.port.request(asked);
  // Where time has been turned back in another lane, that waits until somebody looks at it.
  const others = lanes.filter((other) => other.number !== focus && !other.tape.at);
  if (asked === "pause") {
    stage.held = true;
    for (const { port } of others) port.request("pause");
  } else if (stage.held && !isOver) {
    stage.held = false;
    for (const { port } of others) port.request("handBack");
  }
}

export function lose(stage: Stage): void {
  stage.rewinding = false;
  request(stage, "pause");
}

export function rewind(stage: Stage, on: boolean): void {
  if (stage.rewinding === on) return;
  stage.rewinding = on;
  const { port, episode, tape } = inFocus(stage);
  if (on) port.forget();
  else if (!tape.at && episode.endedAt === null) port.request("pause");
}

/** The episode that the person sees: that of the moment to which time has been turned back, where it has. */
const seen = (stage: Stage) => (inFocus(stage).tape.at ?? inFocus(stage).now).episode;

export async function next(stage: Stage, { discard, again }: { discard: boolean; again: boolean }): Promise<void> {
  const { setup, held, observer } = stage;
  const lane = inFocus(stage);
  const { id, root, told, loop, last } = seen(stage);
  const waits = held || stands(stage, lane) || loop.phase === "paused" || last?.controller === "expert";
  stage.rewinding = false;
  await replace(stage, lane, again ? root : { seed: setup.nextSeed() }, waits ? "paused" : "policy");
  if (discard && told > 0) observer.discarded(id);
}

export async function fork(stage: Stage, point: ForkPoint): Promise<void> {
  stage.rewinding = false;
  await replace(stage, inFocus(stage), point, "paused");
}

export function mark(stage: Stage, success: boolean): void {
  const episode = seen(stage);
  if (episode.told === 0) return;
  episode.mark = success;
  stage.observer.marked(episode.id, success);
}

export function swap({ offer, setup, lanes }: Stage, policy: LivePolicy, when: "episode" | "now"): void {
  offer.make(policy);
  if (when === "episode" || setup.part === "demonstrate") return;
  for (const { episode } of lanes) {
    if (episode.closed) continue;
    episode.loop.swap(policy);
    offer.use(policy);
  }
}

/** Where the person drives the lane that is left, it is handed back: nobody looks at it any more. */
export function look(stage: Stage, number: number): void {
  if (number === stage.focus) return;
  const { port, episode } = inFocus(stage);
  stage.rewinding = false;
  if (DRIVERS[episode.loop.phase] === "expert" || port.waiting.includes("takeOver")) port.request("handBack");
  stage.focus = number;
}
