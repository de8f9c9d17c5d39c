/** What is said later about episodes, and what can be had of a dataset: listings, findings, downloads. */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, it } from "vitest";
import type { Verification } from "../../src/datasets/index.ts";
import { openStore, readDataset, readStore } from "../../src/datasets/node.ts";
import type { ClientMessage, EpisodeDetail, EpisodeSummary } from "../../src/protocol/index.ts";
import type { StudioServer } from "../../src/server/index.ts";
import {
  type Answer,
  episodeRecords,
  messagesOf,
  openPage,
  openStudio,
  spec,
  type TestPage,
  temporaryFolders,
  visitorOf,
} from "./fixture.ts";
import { unzipInto } from "./unzip.ts";

const newFolder = temporaryFolders();
const data = newFolder();
let server: StudioServer;
let page: TestPage;
let get: (path: string) => Promise<Answer>;
beforeAll(async () => {
  server = await openStudio({ data });
  page = await openPage(server.addresses[0]);
  get = await visitorOf(server.addresses[0]);
  for (let seed = 0; seed < 6; seed++) await record(page, `e${seed}`, seed);
});

async function record(from: TestPage, id: string, seed: number): Promise<void> {
  for (const message of messagesOf(id, episodeRecords(seed, 30), 30)) {
    expect(await from.answer(message)).toMatchObject({ kind: "held" });
  }
}

const list = async (): Promise<EpisodeSummary[]> => JSON.parse((await get("/api/tasks/push-t/episodes")).text);
const store = () => openStore(join(data, "push-t", "dataset"));

/** Waits until what was said before has been heeded: a page's messages are heeded in turn. */
const settled = () => page.answer(messagesOf("e0", episodeRecords(0, 30))[0]);

it("keeps marks, labels and deletions with who said so, says so to every page, and undoes them", async () => {
  const other = await openPage(server.addresses[0], { operator: "Bob" });
  const label = spec.action.names.map((_, i) => i + 0.5);
  page.say({
    kind: "annotate",
    task: "push-t",
    annotations: [
      { kind: "success", episode: "e1", success: false },
      { kind: "label", episode: "e1", step: 1, label },
      { kind: "deletion", episode: "e2", deleted: true },
    ],
  });
  await settled();
  await other.next((one) => one.kind === "changed");
  const listed = await list();
  expect(listed.map(({ id }) => id)).toEqual(["e0", "e1", "e2", "e3", "e4", "e5"]);
  // 30 steps have a label in every third; step 1 is one more.
  expect(listed[1]).toMatchObject({ success: false, labels: 11, deleted: false });
  expect(listed[2]).toMatchObject({ success: true, labels: 10, deleted: true });
  expect((await store()).episodeIds()).not.toContain("e2");
  expect((await store()).annotations()).toMatchObject([{ by: "Ada" }, { by: "Ada" }, { by: "Ada" }]);
  const detail: EpisodeDetail = JSON.parse((await get("/api/tasks/push-t/episodes/e1")).text);
  expect(detail.label.slice(0, 3)).toEqual([[0, 0], label, null]);

  const before = (await store()).annotations().length;
  // What is said already is not written again, however often a page that was cut off says it.
  for (let i = 0; i < 3; i++) {
    page.say({ kind: "annotate", task: "push-t", annotations: [{ kind: "deletion", episode: "e2", deleted: true }] });
  }
  await settled();
  expect((await store()).annotations().length).toBe(before);
  other.say({ kind: "annotate", task: "push-t", annotations: [{ kind: "deletion", episode: "e2", deleted: false }] });
  await expect.poll(async () => (await list())[2].deleted).toBe(false);
  expect((await store()).annotations().at(-1)).toMatchObject({ by: "Bob", deleted: false });
  other.close();
});

type Annotations = Extract<ClientMessage, { kind: "annotate" }>["annotations"];

it.each<[string, Annotations, string]>([
  ["an unknown episode", [{ kind: "deletion", episode: "e9", deleted: true }], 'there is no episode "e9"'],
  [
    "a label behind the end",
    [{ kind: "label", episode: "e1", step: 30, label: [0, 0] }],
    "found 30, expected one below 30",
  ],
  ["a label of another size", [{ kind: "label", episode: "e1", step: 2, label: [0] }], "expected 2 numbers"],
  [
    "a label too large for a float",
    [{ kind: "label", episode: "e1", step: 2, label: [1e300, 0] }],
    "expected 2 numbers",
  ],
  [
    "one that is wrong among right ones",
    [
      { kind: "success", episode: "e3", success: false },
      { kind: "label", episode: "e3", step: 99, label: [0, 0] },
    ],
    "expected one below 30",
  ],
])("refuses %s, and writes nothing", async (_, annotations, reason) => {
  const before = (await store()).annotations().length;
  const from = page.heard.length;
  page.say({ kind: "annotate", task: "push-t", annotations });
  const refused = await page.next((one) => one.kind === "refused", from);
  expect(refused).toMatchObject({ of: "annotate", task: "push-t", episode: annotations[0].episode });
  expect(refused.kind === "refused" && refused.reason).toContain(reason);
  expect((await store()).annotations().length).toBe(before);
  await readStore(join(data, "push-t", "dataset"));
});

it("finds what verification finds, each in its episode", { timeout: 120_000 }, async () => {
  const far = episodeRecords(8, 30, (step) => (step === 4 ? { action: Float32Array.of(9999, 0) } : {}));
  for (const message of messagesOf("far", far, 30)) await page.answer(message);
  const answer: Verification = JSON.parse((await get("/api/tasks/push-t/findings")).text);
  expect(answer).toMatchObject({ episodes: 7, steps: 210 });
  const [found] = answer.findings.filter(({ check }) => check === "bounds");
  expect(found).toMatchObject({ file: "episodes/far.mcap", step: 4, value: 9999 });
  expect(JSON.stringify(answer)).not.toContain(data);
  page.say({ kind: "annotate", task: "push-t", annotations: [{ kind: "deletion", episode: "far", deleted: true }] });
  await settled();
  const without: Verification = JSON.parse((await get("/api/tasks/push-t/findings")).text);
  expect(without.findings.filter(({ check }) => check === "bounds")).toEqual([]);
  const none: Verification = JSON.parse((await get("/api/tasks/driving/findings")).text);
  expect(none).toMatchObject({ episodes: 0, findings: [] });
});

it("gives the dataset in three formats, without what was deleted", { timeout: 120_000 }, async () => {
  page.say({ kind: "annotate", task: "push-t", annotations: [{ kind: "deletion", episode: "e5", deleted: true }] });
  await settled();
  const expected = await readStore(join(data, "push-t", "dataset"));
  expect(expected.episodeEnds.length).toBe(5);
  const folder = newFolder();
  mkdirSync(folder, { recursive: true });
  for (const [format, name, inside] of [
    ["store", "push-t.zip", "push-t"],
    ["robomimic", "push-t.hdf5", null],
    ["lerobot", "push-t-lerobot.zip", "push-t"],
  ] as const) {
    const answer = await get(`/api/tasks/push-t/dataset?format=${format}`);
    expect(answer.headers["content-disposition"], answer.text.slice(0, 200)).toBe(`attachment; filename="${name}"`);
    const file = join(folder, name);
    if (inside) unzipInto(join(folder, format), answer.body);
    else writeFileSync(file, answer.body);
    const read = await readDataset(inside ? join(folder, format, inside) : file);
    expect(read.action.values).toEqual(expected.action.values);
    expect(read.observation.values).toEqual(expected.observation.values);
    expect(Array.from(read.episodeEnds)).toEqual(Array.from(expected.episodeEnds));
  }
  expect((await get("/api/tasks/push-t/dataset?format=zarr")).status).toBe(400);
  expect((await get("/api/tasks/driving/dataset?format=store")).status).toBe(404);
});

it("gives a store while an episode of it is being recorded", async () => {
  const [begin, steps] = messagesOf("growing", episodeRecords(9, 30), 10);
  await page.answer(begin);
  await page.answer(steps);
  const answer = await get("/api/tasks/push-t/dataset?format=store");
  const folder = newFolder();
  unzipInto(folder, answer.body);
  const stored = await (await openStore(join(folder, "push-t"))).readEpisode("growing");
  expect(stored.steps.length).toBe(10);
  expect((await list()).at(-1)).toMatchObject({ id: "growing", steps: 10, interrupted: true });
});

it("lists what a fork was forked from", async () => {
  const { encodeStart } = await import("../../src/datasets/index.ts");
  const { toBase64 } = await import("../../src/protocol/index.ts");
  const info = { success: false, forkedFrom: "e1", forkStep: 12, snapshot: '{"x":1}' };
  const start = toBase64(encodeStart({ task: "push-t", seed: 1, actors: ["Ada"], info, wallTime: 1.9e9 }));
  await page.answer({ kind: "episode", task: "push-t", episode: "fork", start });
  expect((await list()).at(-1)).toMatchObject({ id: "fork", forked: { episode: "e1", step: 12 }, steps: 0 });
  expect(JSON.parse((await get("/api/tasks/push-t/episodes/fork")).text).info).toEqual(info);
});

it("lists the others where a file is damaged, and names it where it is asked for", async () => {
  const own = await openStudio({ data: newFolder() });
  const [address] = own.addresses;
  const there = await openPage(address);
  for (let seed = 0; seed < 3; seed++) await record(there, `e${seed}`, seed);
  const file = join(own.data, "push-t", "dataset", "episodes", "e1.mcap");
  const bytes = readFileSync(file);
  bytes[bytes.length >> 1] ^= 0xff;
  writeFileSync(file, bytes);
  const getHere = await visitorOf(address);
  const listed: EpisodeSummary[] = JSON.parse((await getHere("/api/tasks/push-t/episodes")).text);
  expect(listed.map(({ id }) => id)).toEqual(["e0", "e2"]);
  const damaged = await getHere("/api/tasks/push-t/episodes/e1");
  expect(damaged.status).toBe(422);
  expect(damaged.text).toMatch(/e1\.mcap: .*expected a whole one\n$/);
});

it("lists hundreds of episodes without reading them again", { timeout: 120_000 }, async () => {
  const own = await openStudio({ data: newFolder() });
  const [address] = own.addresses;
  const there = await openPage(address);
  const COUNT = 300;
  for (let seed = 0; seed < COUNT; seed++) await record(there, `e${String(seed).padStart(3, "0")}`, seed);
  const getHere = await visitorOf(address);
  const times: number[] = [];
  for (let i = 0; i < 4; i++) {
    const begun = performance.now();
    const listed: EpisodeSummary[] = JSON.parse((await getHere("/api/tasks/push-t/episodes")).text);
    times.push(performance.now() - begun);
    expect(listed.length).toBe(COUNT);
  }
  // A file whose access time does not move was not opened; where the file system keeps none, nothing is shown.
  const file = join(own.data, "push-t", "dataset", "episodes", "e000.mcap");
  const { atimeMs } = statSync(file);
  await getHere("/api/tasks/push-t/episodes");
  expect(statSync(file).atimeMs).toBe(atimeMs);
  console.log(
    `listing ${COUNT} episodes: first ${times[0].toFixed(0)} ms, then ${Math.min(...times.slice(1)).toFixed(0)} ms`,
  );
});
