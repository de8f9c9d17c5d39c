import { describe, expect, it } from "vitest";
import { findTask, type Snapshot, type World } from "../../src/browser.ts";
import { replayEpisode, type ToReplay } from "../../studio/src/episodes/replay.ts";

/** An expert's episode, with the snapshot before each step and at the end, noted while it was driven. */
async function driven(task: string, { seed = 5, length = 120, from = null as Snapshot | null } = {}) {
  const { makeEnvironment, experts } = findTask(task);
  const world = makeEnvironment() as World;
  const expert = Object.values(experts)[0](world);
  expert.reset(seed);
  let { observation } = world.reset(seed);
  if (from) ({ observation } = world.restore(from));
  const snapshots = [world.snapshot()];
  const [actions, rewards]: [number[][], number[]] = [[], []];
  const { low, high } = world.spec.action;
  for (let step = 0; step < length; step++) {
    const wanted = await expert.act(observation);
    const action = wanted.map((value, i) => Math.min(Math.max(value, low[i]), high[i]));
    const result = world.step(action);
    actions.push(Array.from(action));
    rewards.push(result.reward);
    snapshots.push(world.snapshot());
    ({ observation } = result);
    if (result.terminated || result.truncated) break;
  }
  const start: ToReplay["info"] = from ? { snapshot: JSON.stringify(from), forkedFrom: "other", forkStep: 3 } : {};
  const episode: ToReplay = { seed, info: start, steps: actions.length, actions, reward: rewards };
  return { episode, snapshots };
}

/** As it comes from the server: through JSON. */
const sent = (episode: ToReplay): ToReplay => JSON.parse(JSON.stringify(episode));
const another = (task: string) => findTask(task).makeEnvironment() as World;

describe.each(["driving", "push-t"])("a replay of %s", (task) => {
  it("comes through the same moments as the episode did", async () => {
    const { episode, snapshots } = await driven(task);
    const { moments, infos, parting } = await replayEpisode(another(task), sent(episode));
    expect(parting).toBeNull();
    expect(JSON.stringify(moments)).toBe(JSON.stringify(snapshots));
    expect(infos).toHaveLength(moments.length);
  });

  it("begins a fork at its snapshot", async () => {
    const { snapshots } = await driven(task);
    const fork = await driven(task, { seed: 5, from: snapshots[40], length: 30 });
    const { moments, parting } = await replayEpisode(another(task), sent(fork.episode));
    expect(parting).toBeNull();
    expect(JSON.stringify(moments)).toBe(JSON.stringify(fork.snapshots));
  });

  it("says from which step on a recording is not what the world does", async () => {
    const { episode } = await driven(task);
    const reward = episode.reward.with(50, episode.reward[50] + 1e-3);
    const { moments, parting } = await replayEpisode(another(task), { ...episode, reward });
    expect(parting?.step).toBe(50);
    expect(parting?.reason).toContain("reward");
    // moment 50 is the world before step 50: it is still as it was
    expect(moments).toHaveLength(51);
  });

  it("notices a step that is missing in the midst", async () => {
    const { episode } = await driven(task);
    const without = <One>(rows: readonly One[]) => rows.filter((_, step) => step !== 20);
    const holed = {
      ...episode,
      steps: episode.steps - 1,
      actions: without(episode.actions),
      reward: without(episode.reward),
    };
    const { parting } = await replayEpisode(another(task), holed);
    // The world feels another action at once or a little later, but long before the end.
    expect(parting?.step).toBeGreaterThanOrEqual(20);
    expect(parting?.step).toBeLessThan(60);
  });
});

describe("a replay", () => {
  it("says that actions are missing at the end", async () => {
    const { episode } = await driven("driving", { length: 30 });
    const cut = { ...episode, actions: episode.actions.slice(0, 25) };
    const { moments, parting } = await replayEpisode(another("driving"), cut);
    expect(parting).toEqual({ step: 25, reason: "30 steps were recorded, 25 actions are there" });
    expect(moments).toHaveLength(26);
  });

  it("says that a snapshot is none", async () => {
    const { episode } = await driven("push-t", { length: 10 });
    const { moments, parting } = await replayEpisode(another("push-t"), { ...episode, info: { snapshot: "{}" } });
    expect(parting?.step).toBe(0);
    expect(parting?.reason).toContain("snapshot");
    expect(moments).toHaveLength(0);
  });

  it("says that the world refuses an action", async () => {
    const { episode } = await driven("driving", { length: 10 });
    const wild = { ...episode, actions: episode.actions.with(4, [99, 0]) };
    const { parting } = await replayEpisode(another("driving"), wild);
    expect(parting?.step).toBe(4);
    expect(parting?.reason).toContain("99");
  });

  it("waits where it is told to, and stops where nobody wants it any more", async () => {
    const { episode } = await driven("driving", { length: 30 });
    const seen: number[] = [];
    const stopped = replayEpisode(another("driving"), episode, (moments) => {
      seen.push(moments);
      return moments === 10 ? Promise.reject(new Error("enough")) : undefined;
    });
    await expect(stopped).rejects.toThrow("enough");
    expect(seen).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10]);
  });
});
