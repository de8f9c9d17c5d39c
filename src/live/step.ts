/** One control step of a session (docs/algorithms/control.md, "Live"). */
import { advanceLive, type LivePolicy } from "../rollouts/index.ts";
import type { Lateness } from "./clock.ts";
import { goesOn } from "./deeds.ts";
import { type SessionLane, tell } from "./lane.ts";
import { goOn, release, replace, type Stage, stands, viewStage } from "./stage.ts";

/** ms for which an episode that has ended stays to be seen. */
const LINGER = 1500;

export async function takeStep(stage: Stage, moment: Lateness): Promise<void> {
  const { lanes, observer } = stage;
  for (const lane of lanes) await prepare(stage, lane, moment.at);
  const going = lanes.filter((lane) => lane.episode.endedAt === null && !stands(stage, lane));
  const phases = going.map(({ episode }) => episode.loop.phase);
  for (const policy of new Set(going.map(({ episode }) => episode.loop.policy))) {
    const group = going.filter(({ episode }) => episode.loop.policy === policy);
    try {
      await advanceLive(group.map(({ episode }) => episode.loop));
    } catch (error) {
      if (!policy) throw error;
      giveUp(stage, policy, error);
    }
  }
  for (const lane of lanes) if (tell(lane, observer, moment.at)) stage.changed = true;
  release(stage);
  if (stage.changed || going.some(({ episode }, i) => episode.loop.phase !== phases[i])) {
    stage.changed = false;
    observer.viewed(viewStage(stage), moment);
  }
}

/** What is due before a lane's step: time turned back a step further, or gone on with from there, or the next episode. */
async function prepare(stage: Stage, lane: SessionLane, at: number): Promise<void> {
  const { episode, port, tape } = lane;
  if (stands(stage, lane)) {
    if (port.waiting.some(goesOn)) {
      if (lane.number === stage.focus) stage.rewinding = false;
      await goOn(stage, lane);
    } else if (stage.rewinding && lane.number === stage.focus) {
      tape.back();
      stage.changed = true;
    }
  } else if (episode.endedAt !== null && at - episode.endedAt >= LINGER) {
    const waits = stage.held || episode.last?.controller === "expert";
    await replace(stage, lane, { seed: stage.setup.nextSeed() }, waits ? "paused" : "policy");
  }
}

/** A policy that fails drives no more: all stand, and the person may go on alone. */
function giveUp(stage: Stage, policy: LivePolicy, error: unknown): void {
  stage.offer.withdraw(policy);
  stage.held = true;
  for (const { episode, port } of stage.lanes) {
    port.request("pause");
    if (episode.loop.policy === policy) episode.loop.swap(null);
  }
  const { version, planner } = policy;
  stage.observer.problem(`the policy ${version ?? planner.name} drives no more: ${messageOf(error)}`, false);
}

export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
