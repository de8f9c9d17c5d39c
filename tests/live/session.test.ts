import { describe, expect, it } from "vitest";
import { openSession, type SessionSetup } from "../../src/live/index.ts";
import type { LivePolicy } from "../../src/rollouts/index.ts";
import { linePlanner, lineWorld } from "../rollouts/line.ts";
import { counting, numbering, watching } from "./watching.ts";

const policy = (version: string): LivePolicy => ({
  planner: linePlanner({ observationHorizon: 2, predictionHorizon: 6, actionHorizon: 4 }),
  version,
  gate: null,
});

async function open(setup: Partial<SessionSetup> = {}) {
  const told = watching();
  const worlds = counting(() => lineWorld({ length: 12 }));
  const session = await openSession({
    ...{ makeWorld: worlds.make, part: "watch", lanes: 1, operator: "ada", policy: policy("v1") },
    ...{ ...numbering(), observer: told.observer, ...setup },
  });
  let now = 0;
  const ticks = async (count: number) => {
    for (const end = now + 100 * count; now < end; now += 100) await session.tick({ at: now, late: 0 });
  };
  return { session, ...told, worlds, ticks };
}

describe("session", () => {
  it("waits, drives, hands over within one step, latches, and hands back", async () => {
    const { session, ticks, drove, worlds, views } = await open();
    await ticks(3);
    expect(worlds.steps()).toBe(0);
    expect(views).toHaveLength(1);
    session.request("handBack");
    await ticks(2);
    session.request("takeOver");
    session.input([2, 3]);
    await ticks(1);
    session.input(null);
    await ticks(3);
    session.request("handBack");
    await ticks(1);
    expect(drove(0)).toBe("ppeeeep");
    await session.close();
  });
});
