import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { verifyRecorded } from "../../src/datasets/index.ts";
import {
  createStore,
  datasetDigest,
  importToStore,
  mergeStores,
  openStore,
  readDataset,
  readRecorded,
  type Store,
  splitStore,
} from "../../src/datasets/node.ts";
import { replace } from "./mcap-edit.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";
import { refusal } from "./store-refusal.ts";
import { cart } from "./verify-fixture.ts";

const newPath = temporaryPaths();

/** Two finished episodes of 12 steps; all numbers within the bounds of the task. */
async function twoEpisodes(): Promise<Store> {
  const store = await createStore(newPath(), { spec });
  for (const seed of [0, 1]) {
    const recording = await store.startEpisode({ seed, actors: ["person"], info: { success: false } });
    for (let step = 0; step < 12; step++) {
      const action = Float32Array.of(Math.sin(step + seed), Math.cos(step * (seed + 2)), step / 16);
      await recording.append(plainStep(seed, step, { action, terminated: step === 11 }));
    }
    await recording.finish({ success: true });
  }
  return store;
}

describe("a store", () => {
  it("in order has no findings but what is known of so few episodes", async () => {
    const { findings, counts, episodes, steps } = verifyRecorded(await readRecorded((await twoEpisodes()).path));
    expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
    expect({ error: counts.error, episodes, steps }).toEqual({ error: 0, episodes: 2, steps: 24 });
  });

  it("with a NaN in a file is refused by training and read by verification", async () => {
    const { path } = await twoEpisodes();
    const file = join(path, "episodes", "000001.mcap");
    // Step 9 of the second episode: c = 9 / 16, in no other place of the file.
    expect(replace(file, 9 / 16, Number.NaN)).toBe(1);
    expect(await refusal(() => readDataset(path))).toBe(
      `${file}: step 9: action: c: found NaN, expected a finite number`,
    );
    const { findings, counts } = verifyRecorded(await readRecorded(path));
    expect(counts.error).toBe(1);
    const { message, ...found } = findings[0];
    expect(found).toEqual({
      ...{ check: "finite", severity: "error", file, episode: 1, step: 9, name: "action.c", value: "NaN" },
    });
    expect(message).toBe("found NaN, expected a finite number");
  });

  it("knows its bounds, its time stamps and its interrupted recordings", async () => {
    const store = await twoEpisodes();
    const recording = await store.startEpisode({ seed: 2, actors: ["person"], info: { success: false } });
    for (let step = 0; step < 6; step++) {
      const action = Float32Array.of(step === 3 ? 1.5 : 0.1 * step, 0.3, 0.5);
      await recording.append(plainStep(2, step, { action, time: step < 4 ? step / 10 : step / 10 + 1 }));
    }
    await recording.abandon();
    appendFileSync(recording.file, Uint8Array.of(6, 1, 2));
    const none = await store.startEpisode({ seed: 3, actors: ["person"], info: { success: false } });
    await none.abandon();
    const { findings } = verifyRecorded(await readRecorded(store.path));
    const about = findings
      .filter(({ check }) => ["bounds", "time", "interrupted"].includes(check))
      .map(({ check, severity, file, episode, step, name, value }) => [
        check,
        severity,
        file,
        episode,
        step,
        name,
        value,
      ]);
    expect(about).toEqual([
      ["bounds", "error", recording.file, 2, 3, "action.a", 1.5],
      ["time", "warning", recording.file, 2, 4, "time", expect.closeTo(1.1, 9)],
      ["interrupted", "warning", recording.file, 2, 5, null, 3],
      ["interrupted", "warning", none.file, null, null, null, 0],
    ]);
  });

  it("is verified without the episodes that were deleted", async () => {
    const store = await twoEpisodes();
    replace(join(store.path, "episodes", "000001.mcap"), 9 / 16, Number.NaN);
    store.annotate({ kind: "deletion", episode: "000001", deleted: true });
    expect(verifyRecorded(await readRecorded(store.path))).toMatchObject({ episodes: 1, counts: { error: 0 } });
  });
});

describe("importToStore", () => {
  const data = cart([12, 20, 9, 30]);
  const rounded = { ...data, action: { ...data.action, resolution: [0.25] } };

  it("reads back as the same dataset: digest, lattice, time stamps, bounds", async () => {
    const path = newPath();
    const time = data.time?.map((value) => 1.1 * value + 5);
    await importToStore({ ...rounded, time, actionBounds: { low: [-9], high: [9] } }, path);
    const dataset = await readDataset(path);
    expect(datasetDigest(dataset)).toBe(datasetDigest(rounded));
    expect(dataset.action.resolution).toEqual([0.25]);
    expect(dataset.provenance.actors).toEqual(["person"]);
    expect(dataset.provenance.notes.join()).toContain("success is false throughout");
    const recorded = await readRecorded(path);
    expect(recorded.actionBounds).toEqual({ low: [-9], high: [9] });
    // Of the second episode, which begins at row 12: 0, 0.11, 0.22 s.
    expect(Array.from(recorded.time?.subarray(12, 15) ?? [])).toEqual([0, 0.11, 0.22].map((t) => expect.closeTo(t, 9)));
  });

  it("the lattice goes along when stores are merged and split, and must be the same", async () => {
    const [a, b, c] = [newPath(), newPath(), newPath()];
    await importToStore(rounded, a);
    await importToStore(rounded, b);
    await importToStore(data, c);
    const merged = await mergeStores([a, b], newPath());
    expect((await readDataset(merged.path)).action.resolution).toEqual([0.25]);
    const options = { train: newPath(), validation: newPath(), validationFraction: 0.25, seed: 0 };
    const { validation } = await splitStore(a, options);
    expect((await readDataset(validation.path)).action.resolution).toEqual([0.25]);
    expect(await refusal(() => mergeStores([a, c], newPath()))).toContain(
      "actionResolution: found none, expected [0.25]",
    );
  });

  it("a lattice that fits no action is refused", async () => {
    const path = newPath();
    await importToStore(rounded, path);
    const file = join(path, "dataset.json");
    const manifest = JSON.parse(readFileSync(file, "utf8"));
    writeFileSync(file, JSON.stringify({ ...manifest, actionResolution: [1, 1] }));
    expect(await refusal(() => openStore(path))).toBe(
      `${file}: actionResolution: found 2 numbers, expected 1 as in action`,
    );
  });
});
