import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { datasetDigest, openStore, readStore } from "../../src/datasets/node.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { findTask } from "../../src/tasks/index.ts";
import { collectDemonstrations } from "../../src/verbs/index.ts";
import { episodeSeeds } from "../../src/world/index.ts";
import { outputUntilKilled } from "../kill.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-collect-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = () => join(folder, `dataset${count++}`);
const digestOf = async (path: string) => datasetDigest(await readStore(path));
const CHILD = fileURLToPath(new URL("./collect-child.ts", import.meta.url));

describe("collectDemonstrations", () => {
  it("records the experts' own episodes, each by one of them, and says that they are scripted", async () => {
    const out = newPath();
    const experts = ["left", "right"];
    const collected = await collectDemonstrations({ task: "driving-urgent", experts, episodes: 8, seed: 3, out });
    const store = await openStore(out);
    expect(store.provenance).toEqual({
      source: "apprentice collect",
      notes: ["scripted experts: left, right, one per episode, drawn by its seed", "seed: 3", "kept: all episodes"],
    });
    const task = findTask("driving-urgent");
    const world = task.makeEnvironment();
    const seeds = episodeSeeds("demonstrations", 3, 8);
    const by: Record<string, number> = {};
    let steps = 0;
    for await (const { seed, actors, steps: recorded, endInfo } of store.episodes()) {
      expect(seed).toBe(seeds.shift());
      const [name] = actors;
      by[name] = (by[name] ?? 0) + 1;
      const { action, info, length } = await rollout(world, task.experts[name](world), { seed });
      expect(recorded.flatMap((step) => [...step.action])).toEqual([...action]);
      expect(endInfo).toEqual(info);
      steps += length;
    }
    expect(Object.keys(by).sort()).toEqual(experts);
    expect(collected).toMatchObject({ task: "driving-urgent", episodes: 8, recorded: 8, steps, experts: by });
    expect(collected.success).toMatchObject({ rate: 1, n: 8 });
  });

  it("makes the same dataset with two workers, and goes on to a longer one", async () => {
    const [one, other] = [newPath(), newPath()];
    const request = { task: "fork", experts: ["either-side"] };
    const heard: number[] = [];
    await collectDemonstrations({ ...request, episodes: 9, out: one });
    await collectDemonstrations({ ...request, episodes: 4, out: other });
    const more = await collectDemonstrations({
      ...request,
      episodes: 9,
      out: other,
      workers: 2,
      onProgress: (episodes) => heard.push(episodes),
    });
    expect(more).toMatchObject({ episodes: 9, recorded: 5 });
    expect(heard).toEqual([5, 6, 7, 8, 9]);
    expect(await digestOf(other)).toBe(await digestOf(one));
    expect(await collectDemonstrations({ ...request, episodes: 9, out: other })).toMatchObject({ recorded: 0 });
  });

  it("goes on after it was killed at any moment, to the same dataset", async () => {
    const [whole, out] = [newPath(), newPath()];
    const request = { task: "fork", experts: ["either-side"], episodes: 60 };
    await collectDemonstrations({ ...request, out: whole });
    let [before, interrupted] = [0, 0];
    for (const milliseconds of [130, 90]) {
      const said = await outputUntilKilled(CHILD, out, milliseconds);
      const last = Number(said.split("\n").slice(0, -1).at(-1));
      // What was said to be there is there, and no episode was recorded a second time.
      const episodes = await (await openStore(out)).episodeIds().length;
      expect(last).toBeGreaterThan(before);
      expect(episodes - last).toBeLessThanOrEqual(1);
      expect(episodes).toBeGreaterThanOrEqual(last);
      interrupted += episodes - last;
      before = last;
    }
    // An episode whose last record is torn off is recorded anew.
    const torn = join(out, "episodes", "000001.mcap");
    truncateSync(torn, 2000);
    expect(before).toBeLessThan(60);
    const { recorded } = await collectDemonstrations({ ...request, out });
    expect(recorded).toBeGreaterThanOrEqual(60 - before - interrupted + 1);
    expect(recorded).toBeLessThanOrEqual(60 - before + 1);
    expect(await digestOf(out)).toBe(await digestOf(whole));
    expect((await openStore(out)).episodeIds()).toHaveLength(60);
  });

  it("begins anew where it was killed before anything was there", async () => {
    const out = newPath();
    mkdirSync(join(out, "episodes"), { recursive: true });
    const request = { task: "fork", experts: ["either-side"], episodes: 1, out };
    expect(await collectDemonstrations(request)).toMatchObject({ recorded: 1 });
  });

  it("keeps successes only, the same ones whoever records them", async () => {
    const [one, other] = [newPath(), newPath()];
    const request = { task: "driving", experts: ["careless"], episodes: 8, seed: 2, successfulOnly: true };
    const collected = await collectDemonstrations({ ...request, out: one });
    expect(collected).toMatchObject({ episodes: 8, recorded: 8, experts: { careless: 8 } });
    // The careless one fails in the fifth and the eighth episode of this seed, so ten are attempted.
    expect(collected.success).toMatchObject({ n: 10, rate: 0.8 });
    expect((await openStore(one)).episodeIds().map(Number)).toEqual([0, 1, 2, 3, 5, 6, 8, 9]);
    for await (const { success } of (await openStore(one)).episodes()) expect(success).toBe(true);
    await collectDemonstrations({ ...request, episodes: 5, out: other });
    expect(await collectDemonstrations({ ...request, out: other, workers: 2 })).toEqual({
      ...collected,
      out: other,
      recorded: 3,
    });
    expect(await digestOf(other)).toBe(await digestOf(one));
  });

  it("gives up on experts that do not succeed", async () => {
    const fork = findTask("fork");
    const straight = () => ({
      name: "straight",
      controller: "expert" as const,
      reset() {},
      act: () => Float32Array.of(0),
    });
    const request = { task: { ...fork, experts: { straight } }, experts: ["straight"], episodes: 2, out: newPath() };
    await expect(collectDemonstrations({ ...request, successfulOnly: true })).rejects.toThrow(
      /0 of 120 attempts succeeded, expected 2 of at most 120$/,
    );
    expect(readdirSync(join(request.out, "episodes"))).toEqual([]);
  });

  it("refuses what it cannot go on with", async () => {
    const out = newPath();
    const request = { task: "fork", experts: ["either-side"], episodes: 3, out };
    await collectDemonstrations(request);
    const refusal = (change: object) => collectDemonstrations({ ...request, ...change });
    await expect(refusal({ seed: 1 })).rejects.toThrow(InputError);
    await expect(refusal({ seed: 1 })).rejects.toThrow(
      `${out}: holds another dataset: its origin is "seed: 0", expected "seed: 1"`,
    );
    await expect(refusal({ episodes: 2 })).rejects.toThrow(`${out}: holds 3 episodes already, expected at most 2`);
    await expect(refusal({ task: "push-t", experts: ["pusher"] })).rejects.toThrow('task is "fork", expected "push-t"');
    await expect(refusal({ experts: ["either-sied"] })).rejects.toThrow('did you mean "either-side"?');
    await expect(refusal({ task: "frok" })).rejects.toThrow('there is no task "frok", did you mean "fork"?');
    await expect(refusal({ experts: [] })).rejects.toThrow("found no expert");
    await expect(refusal({ out: folder })).rejects.toThrow("expected a new or empty folder for a dataset");
    await (await openStore(out)).writeEpisode(
      await rollout(
        findTask("fork").makeEnvironment(),
        findTask("fork").experts["either-side"](findTask("fork").makeEnvironment()),
        { seed: 1 },
      ),
      { id: "by-hand" },
    );
    await expect(refusal({ episodes: 9 })).rejects.toThrow('holds episode "by-hand", which was not collected');
  });
});
