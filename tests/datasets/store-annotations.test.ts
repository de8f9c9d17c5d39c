import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { createStore, mergeStores, openStore, readStore, type Store, splitStore } from "../../src/datasets/node.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";
import { refusal } from "./store-refusal.ts";

const newPath = temporaryPaths();

/** A store whose episodes have 1, 2, … steps and the seeds from `first` on. */
async function storeOf({ episodes, first = 0 }: { episodes: number; first?: number }): Promise<Store> {
  const store = await createStore(newPath(), { spec, provenance: { source: "test", notes: [`from ${first}`] } });
  for (let i = 0; i < episodes; i++) {
    const recording = await store.startEpisode({ seed: first + i, actors: ["a"], info: { success: false } });
    for (let step = 0; step <= i; step++) await recording.append(plainStep(first + i, step));
    await recording.finish({ success: false });
  }
  return store;
}

const seedsOf = async (store: Store): Promise<number[]> => {
  const seeds = [];
  for await (const { seed } of store.episodes()) seeds.push(seed);
  return seeds;
};

describe("annotations", () => {
  it("have the last word, and the files stay as they were", async () => {
    const store = await storeOf({ episodes: 3 });
    const file = join(store.path, "episodes", "000002.mcap");
    const bytes = readFileSync(file);
    store.annotate({ kind: "success", episode: "000002", success: true, by: "Zoë", time: 12 });
    store.annotate(
      { kind: "label", episode: "000002", step: 1, label: [9, 9, 9] },
      { kind: "label", episode: "000002", step: 1, label: [0.1, -0.5, 1] },
    );
    const { success, endInfo, steps } = await store.readEpisode("000002");
    expect(success).toBe(true);
    // What the environment said is still there beside it.
    expect(endInfo).toEqual({ success: false });
    expect(steps.map(({ label }) => label)).toEqual([null, Float32Array.of(0.1, -0.5, 1), null]);
    expect((await store.readEpisode("000001")).success).toBe(false);
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect((await openStore(store.path)).annotations()[0]).toEqual({
      kind: "success",
      episode: "000002",
      success: true,
      by: "Zoë",
      time: 12,
    });
  });

  it("delete and take it back", async () => {
    const store = await storeOf({ episodes: 3 });
    store.annotate({ kind: "deletion", episode: "000001", deleted: true });
    expect(store.episodeIds()).toEqual(["000000", "000002"]);
    expect(store.episodeIds({ deleted: true })).toEqual(["000000", "000001", "000002"]);
    expect(await seedsOf(store)).toEqual([0, 2]);
    // The number of a deleted episode is not given again.
    const recording = await store.startEpisode({ seed: 9, actors: ["a"], info: { success: false } });
    expect(recording.id).toBe("000003");
    await recording.abandon();
    store.annotate({ kind: "deletion", episode: "000001", deleted: false });
    expect(await seedsOf(store)).toEqual([0, 1, 2, 9]);
  });

  it("survive half a line, which is cut off by the next one", async () => {
    const store = await storeOf({ episodes: 2 });
    const file = join(store.path, "annotations.jsonl");
    store.annotate({ kind: "deletion", episode: "000000", deleted: true });
    appendFileSync(file, '{"kind":"deletion","episode":"0000');
    expect(store.episodeIds()).toEqual(["000001"]);
    store.annotate({ kind: "success", episode: "000001", success: true });
    expect(store.annotations().map(({ kind }) => kind)).toEqual(["deletion", "success"]);
  });

  it("are refused with the line at fault", async () => {
    const store = await storeOf({ episodes: 2 });
    const file = join(store.path, "annotations.jsonl");
    expect(await refusal(() => store.annotate({ kind: "success", episode: "7", success: true }))).toBe(
      `${store.path}: there is no episode "7" to annotate`,
    );
    const label = { kind: "label", episode: "000001" } as const;
    expect(await refusal(() => store.annotate({ ...label, step: -1, label: [0, 0, 0] }))).toContain("step: ");
    expect(await refusal(() => store.annotate({ ...label, step: 0, label: [Number.NaN, 0, 0] }))).toContain(
      "label.0: ",
    );
    store.annotate({ ...label, step: 2, label: [0, 0, 0] });
    expect(await refusal(() => store.readEpisode("000001"))).toBe(
      `${file}: episode 000001: step 2: the label is for no step of it, expected one below 2`,
    );
    writeFileSync(file, `${JSON.stringify({ ...label, step: 0, label: [1], by: null, time: 0 })}\n`);
    expect(await refusal(() => store.readEpisode("000001"))).toBe(
      `${file}: episode 000001: step 0: label: found 1 numbers, expected 3 (a, b, c)`,
    );
    writeFileSync(file, '{"kind":"praise"}\n');
    expect(await refusal(() => store.readEpisode("000001"))).toContain(`${file}: line 1: kind: `);
    writeFileSync(file, "praise\n");
    expect(await refusal(() => readStore(store.path))).toBe(`${file}: line 1: not valid JSON, expected an annotation`);
  });
});

describe("merge", () => {
  it("brings episodes and what was said of them together", async () => {
    const [first, second] = [await storeOf({ episodes: 2 }), await storeOf({ episodes: 3, first: 10 })];
    first.annotate({ kind: "deletion", episode: "000000", deleted: true });
    second.annotate({ kind: "success", episode: "000001", success: true });
    second.annotate({ kind: "label", episode: "000002", step: 2, label: [1, 2, 3] });
    const merged = await mergeStores([first.path, second.path], newPath());
    expect(merged.episodeIds({ deleted: true })).toEqual(["000000", "000001", "000002", "000003"]);
    expect(await seedsOf(merged)).toEqual([1, 10, 11, 12]);
    expect((await merged.readEpisode("000002")).success).toBe(true);
    expect((await merged.readEpisode("000003")).steps[2].label).toEqual(Float32Array.of(1, 2, 3));
    expect(merged.provenance).toEqual({
      source: `merged from ${first.path}, ${second.path}`,
      notes: ["from 0", "from 10"],
    });
    expect([...(await readStore(merged.path)).episodeEnds]).toEqual([2, 3, 5, 8]);
  });

  it("refuses another task and other spaces", async () => {
    const store = await storeOf({ episodes: 1 });
    const other = await createStore(newPath(), { spec: { ...spec, controlRate: 20 } });
    expect(await refusal(() => mergeStores([store.path, other.path], newPath()))).toBe(
      `${other.path}: controlRate: found 20, expected 10 as in ${store.path}`,
    );
    expect(await refusal(() => mergeStores([], newPath()))).toContain("found no datasets to merge");
  });
});

describe("split", () => {
  it("parts whole episodes, the same by the same seed", async () => {
    const store = await storeOf({ episodes: 10 });
    store.annotate({ kind: "deletion", episode: "000009", deleted: true });
    const options = { validationFraction: 0.3, seed: 4 };
    const parts = [];
    for (let time = 0; time < 2; time++) {
      const { train, validation } = await splitStore(store.path, {
        ...options,
        train: newPath(),
        validation: newPath(),
      });
      parts.push({ train: await seedsOf(train), validation: await seedsOf(validation) });
    }
    expect(parts[1]).toEqual(parts[0]);
    // 9 episodes are not deleted; 0.3 of them, rounded, is 3.
    expect(parts[0].validation.length).toBe(3);
    expect([...parts[0].train, ...parts[0].validation].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
  });

  it("refuses what cannot be parted", async () => {
    const store = await storeOf({ episodes: 1 });
    const options = { validationFraction: 0.3, seed: 4, train: newPath(), validation: newPath() };
    expect(await refusal(() => splitStore(store.path, options))).toBe(
      `${store.path}: found 1 episodes, expected at least 2 to split`,
    );
  });
});
