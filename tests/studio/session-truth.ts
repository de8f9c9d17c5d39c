/** A session as tests open it, and what must hold of every episode that it recorded. */
import { expect } from "vitest";
import { findTask, type Snapshot, type World } from "../../src/browser.ts";
import type { StoredEpisode } from "../../src/datasets/index.ts";
import type { FromSession, SessionOptions } from "../../studio/src/session/messages.ts";

export type Tick = Extract<FromSession, { kind: "tick" }>;

/** One driving world without a policy. */
export const PLAIN: SessionOptions = { task: "driving", operator: "Ada", part: "demonstrate", lanes: 1, policy: null };

/** Drives a world of the task as was recorded, and compares every number that was seen and earned on the way. */
export function expectReplay(task: string, { seed, info, steps }: StoredEpisode): void {
  const world = findTask(task).makeEnvironment() as World;
  let { observation } = world.reset(seed);
  if (info.snapshot) ({ observation } = world.restore(JSON.parse(String(info.snapshot)) as Snapshot));
  for (const [number, step] of steps.entries()) {
    expect(observation, `step ${number}`).toEqual(step.observation);
    const result = world.step(step.action);
    expect([result.reward, result.terminated, result.truncated]).toEqual([
      step.reward,
      step.terminated,
      step.truncated,
    ]);
    ({ observation } = result);
  }
}
