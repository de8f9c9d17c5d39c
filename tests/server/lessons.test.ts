/** Which episodes a training of the studio learns from: what `src/server/jobs` decides before it starts to train. */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { createStore } from "../../src/datasets/node.ts";
import { lessonsFor } from "../../src/server/jobs/lessons.ts";
import type { Episode } from "../../src/world/index.ts";
import { temporaryFolders } from "./fixture.ts";
import { demonstrated, QUICK, record } from "./jobs-fixture.ts";

const newFolder = temporaryFolders();
const { task, head } = QUICK;
const learn = (data: string, parts: object = {}) => lessonsFor(data, { kind: "train", task, head, ...parts });

let shown: Episode[] = [];
beforeAll(async () => {
  shown = await demonstrated([1, 2, 3]);
});

/** The policy drove, and the expert took over for the last tenth of the 500 steps. */
const corrected = (episode: Episode, policyVersion: string): Episode => ({
  ...episode,
  controller: episode.controller.map((_, step) => (step < 450 ? "policy" : "expert")),
  policyVersion,
});
const watched = (episode: Episode, policyVersion: string): Episode => ({
  ...episode,
  controller: episode.controller.map(() => "policy" as const),
  policyVersion,
});

/** A policy as jobs leave it, as far as lessons look at it. */
async function addPolicy(data: string, number: number, { scripted, own }: { scripted: number; own: number }) {
  const id = `${task}-${number}`;
  const folder = join(data, task, "policies", id);
  mkdirSync(folder, { recursive: true });
  const origin = own === 0 ? "scripted" : "recorded";
  const learned = { episodes: scripted + own, scripted, expertSteps: 1 };
  writeFileSync(join(folder, "summary.json"), JSON.stringify({ id, task, origin, learned }));
  if (own > 0) return;
  const store = await createStore(join(folder, "demonstrations"), { spec: shown[0].spec });
  for (let i = 0; i < scripted; i++) await store.writeEpisode(shown[i]);
}

describe("lessons", () => {
  it("are all episodes, or those of the operators and the names asked for, less the deleted ones", async () => {
    const data = newFolder();
    const [first, second, third] = shown;
    const store = await record(data, {
      a: { ...first, operator: "Ada" },
      b: { ...second, operator: "Ben" },
      c: { ...third, operator: "Ada" },
    });
    const learned = async (parts: object) => (await learn(data, parts)).recorded;
    expect(await learned({})).toEqual(["a", "b", "c"]);
    expect(await learned({ operators: ["Ada"] })).toEqual(["a", "c"]);
    expect(await learned({ episodes: ["b"] })).toEqual(["b"]);
    expect(await learned({ episodes: ["a", "b"], operators: ["Ben"] })).toEqual(["b"]);
    await expect(learned({ operators: ["Cleo"] })).rejects.toThrow("cart-pole: found no episode");
    store.annotate({ kind: "deletion", episode: "a", deleted: true });
    expect(await learned({})).toEqual(["b", "c"]);
  });

  it("need a step that an expert drove or labelled", async () => {
    const data = newFolder();
    const store = await record(data, { a: watched(shown[0], "cart-pole-9") });
    await expect(learn(data)).rejects.toThrow(
      "cart-pole: found no step that an expert drove or labelled, expected at least one demonstration or correction",
    );
    store.annotate({ kind: "label", episode: "a", step: 7, label: [1] });
    expect((await learn(data)).sources).toEqual([{ path: join(data, task, "dataset"), expertSteps: 1 }]);
  });

  it("name the file of an episode that is damaged", async () => {
    const data = newFolder();
    const store = await record(data, { good: shown[0], bad: shown[1] });
    const file = join(store.path, "episodes", "bad.mcap");
    const bytes = readFileSync(file);
    const middle = bytes.length >> 1;
    writeFileSync(file, bytes.fill(0xff, middle, middle + 64));
    await expect(learn(data)).rejects.toThrow(file);
  });

  it("are demonstrations of one's own alone, whatever the server has demonstrated", async () => {
    const data = newFolder();
    await addPolicy(data, 1, { scripted: 3, own: 0 });
    await record(data, { a: shown[0], b: watched(shown[1], "cart-pole-1") });
    const { scripted, episodes, recorded, sources } = await learn(data);
    expect({ scripted, episodes: episodes.length, recorded }).toEqual({
      scripted: 0,
      episodes: 2,
      recorded: ["a", "b"],
    });
    expect(sources.map(({ expertSteps }) => expertSteps)).toEqual([500]);
    expect((await learn(data, { scripted: true })).scripted).toBe(3);
  });

  it("take in what a corrected policy had learned from, while one's own demonstrations are fewer", async () => {
    const data = newFolder();
    await addPolicy(data, 1, { scripted: 2, own: 0 });
    await addPolicy(data, 2, { scripted: 2, own: 1 });
    await record(data, { a: corrected(shown[0], "cart-pole-1") });
    const { scripted, sources } = await learn(data);
    expect(scripted).toBe(2);
    expect(sources).toEqual([
      { path: join(data, task, "policies", "cart-pole-1", "demonstrations"), expertSteps: 1000 },
      { path: join(data, task, "dataset"), expertSteps: 50 },
    ]);
    expect((await learn(data, { scripted: false })).scripted).toBe(0);
    // of a later policy, too, that had learned from them
    expect((await learn(data, { episodes: ["a"] })).scripted).toBe(2);
    await record(data, { b: shown[1], c: corrected(shown[2], "cart-pole-2") });
    expect((await learn(data, { episodes: ["b", "c"] })).scripted).toBe(2);
    // two demonstrations are as many as the server's
    await record(data, { d: shown[2] });
    expect((await learn(data)).scripted).toBe(0);
    expect((await learn(data, { scripted: true })).scripted).toBe(2);
  });

  it("are the server's own where nobody has demonstrated anything", async () => {
    const data = newFolder();
    await addPolicy(data, 1, { scripted: 1, own: 0 });
    await record(data, { a: corrected(shown[0], "of-elsewhere") });
    expect((await learn(data)).scripted).toBe(1);
    expect((await learn(data, { episodes: [] })).episodes.length).toBe(1);
  });
});
