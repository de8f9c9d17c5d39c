/** A session on lines, ticked by hand. */
import { openSession, type SessionSetup } from "../../src/live/index.ts";
import type { Gate, LivePolicy } from "../../src/rollouts/index.ts";
import { linePlanner, lineWorld } from "../rollouts/line.ts";
import { counting, numbering, watching } from "./watching.ts";

/** Chunks of 4 actions, the first number of each 1 + planned/100 + index/1000. */
export const linePolicy = (version: string, gate: Gate | null = null): LivePolicy => ({
  planner: linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 }),
  version,
  gate,
});

/** Steps of 100 ms. The episodes are "e0", "e1", …, of the seeds 100, 101, …; each succeeds after 12 steps. */
export async function opened(setup: Partial<SessionSetup> = {}) {
  const told = watching();
  const worlds = counting(setup.makeWorld ?? (() => lineWorld({ length: 12 })));
  const session = await openSession({
    ...{ part: "watch", lanes: 1, operator: "ada", policy: linePolicy("v1") },
    ...{ ...numbering(), observer: told.observer, ...setup, makeWorld: worlds.make },
  });
  let now = 0;
  const tick = () => {
    now += 100;
    return session.tick({ at: now, late: 0 });
  };
  const ticks = async (count: number) => {
    for (let i = 0; i < count; i++) await tick();
  };
  return { session, ...told, worlds, tick, ticks };
}
