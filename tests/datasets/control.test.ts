/** Who drove and what was said, from episodes to columns: what training needs to know whom to imitate. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { combineDatasets, createDataset, type Dataset, splitByRows } from "../../src/datasets/index.ts";
import { createStore, datasetDigest, readStore, type Store } from "../../src/datasets/node.ts";
import type { Controller } from "../../src/world/index.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";

const newPath = temporaryPaths();
const unknown = [Number.NaN, Number.NaN, Number.NaN];

async function record(store: Store, seed: number, drivers: readonly Controller[], labelled: readonly number[] = []) {
  const recording = await store.startEpisode({ seed, actors: ["somebody"], info: { success: false } });
  for (const [step, controller] of drivers.entries()) {
    const label = labelled.includes(step) ? Float32Array.of(7, 8, 9) : null;
    await recording.append({ ...plainStep(seed, step), controller, label });
  }
  await recording.finish({ success: true });
}

describe("control", () => {
  it("is read from a store, from its cache too, where a policy drove or a label was given", async () => {
    const store = await createStore(newPath(), { spec });
    await record(store, 0, ["policy", "policy", "expert"], [1]);
    await record(store, 1, ["expert", "expert"]);
    const first = await readStore(store.path);
    expect([...(first.control?.expert ?? [])]).toEqual([0, 0, 1, 1, 1]);
    expect([...(first.control?.label ?? [])]).toEqual([...unknown, 7, 8, 9, ...unknown, ...unknown, ...unknown]);
    // what was executed stays what was executed
    expect([...first.action.values.subarray(3, 6)]).toEqual([...plainStep(0, 1).action]);
    expect(await readStore(store.path)).toEqual(first);
    rmSync(join(store.path, "cache.safetensors"));
    expect(await readStore(store.path)).toEqual(first);
  });

  it("is left out where an expert drove throughout, until somebody labels a step", async () => {
    const store = await createStore(newPath(), { spec });
    await record(store, 0, ["expert", "expert"]);
    expect(await readStore(store.path)).not.toHaveProperty("control");
    store.annotate({ kind: "label", episode: "000000", step: 1, label: [1, 2, 3] });
    const { control } = await readStore(store.path);
    expect([...(control?.expert ?? [])]).toEqual([1, 1]);
    expect([...(control?.label ?? [])]).toEqual([...unknown, 1, 2, 3]);
  });

  it("is part of what a dataset is: its digest changes with who drove and with what was said", async () => {
    const digests = new Set<string>();
    for (const [drivers, labels] of [
      [["expert", "expert"], []],
      [["policy", "expert"], []],
      [["policy", "expert"], [0]],
      [["policy", "policy"], [0]],
    ] as [Controller[], number[]][]) {
      const store = await createStore(newPath(), { spec });
      await record(store, 0, drivers, labels);
      digests.add(datasetDigest(await readStore(store.path)));
    }
    expect(digests.size).toBe(4);
  });

  it("is an expert's in parts that say nothing of it", () => {
    const part = (control?: Dataset["control"]): Dataset => ({
      task: "t",
      observation: { names: ["x"], units: ["m"], values: Float32Array.of(1, 2) },
      action: { names: ["u"], units: ["N"], values: Float32Array.of(3, 4) },
      episodeEnds: Int32Array.of(2),
      controlRate: 10,
      provenance: { format: "f", source: "here", actors: [], notes: [] },
      ...(control && { control }),
    });
    const mixed = part({ expert: Uint8Array.of(0, 1), label: Float32Array.of(5, Number.NaN) });
    const both = [mixed, part()].map((dataset) => ({ dataset, weight: 1 }));
    const { control } = combineDatasets(both);
    expect([...(control?.expert ?? [])]).toEqual([0, 1, 1, 1]);
    expect([...(control?.label ?? [])]).toEqual([5, Number.NaN, Number.NaN, Number.NaN]);
    const plain = [part(), part()].map((dataset) => ({ dataset, weight: 1 }));
    expect(combineDatasets(plain)).not.toHaveProperty("control");
    const short = { expert: Uint8Array.of(1), label: Float32Array.of(5, 5) };
    expect(() => createDataset(part(short))).toThrow("found 1 steps and 2 numbers of labels, expected 2 and 2 x 1");
  });
});

describe("splitByRows", () => {
  const options = { validationFraction: 0.2, seed: 3 };
  /** Twelve episodes of ten rows. */
  const ends = Int32Array.from({ length: 12 }, (_, i) => 10 * (i + 1));

  it("holds out a share of the episodes that have such a row, and learns from all others", () => {
    // in the odd ones, six of them
    const rows = [...ends.keys()].filter((i) => i % 2 === 1).map((episode) => 10 * episode + 4);
    const { train, validation, episodeEnds } = splitByRows(ends, rows, options);
    expect(episodeEnds).toEqual(ends);
    // a fifth of six, rounded
    expect(validation.length).toBe(1);
    expect(validation[0] % 2).toBe(1);
    expect([...train, ...validation].sort((a, b) => a - b)).toEqual([...ends.keys()]);
    expect(splitByRows(ends, rows, options)).toEqual(splitByRows(ends, rows.toReversed(), options));
  });

  it("holds out the last of the rows where fewer than five episodes have one", () => {
    const rows = [3, 4, 5, 6, 7, 33, 34, 35, 36, 37];
    const { episodeEnds, train, validation } = splitByRows(ends, rows, options);
    // a fifth of ten rows are two: 36 and 37, so the cut is before row 36
    expect([...episodeEnds].slice(3, 5)).toEqual([36, 40]);
    expect([...train]).toEqual([0, 1, 2, 3]);
    expect(validation[0]).toBe(4);
    expect(() => splitByRows(ends, [3], options)).toThrow("expected at least 2");
  });
});
