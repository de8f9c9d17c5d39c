import { chmodSync, existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { createStore, readStore, type Store } from "../../src/datasets/node.ts";
import { plainStep, spec, temporaryPaths } from "./store-fixture.ts";
import { refusal } from "./store-refusal.ts";

const newPath = temporaryPaths();

async function record(store: Store, seed: number, length: number): Promise<string> {
  const recording = await store.startEpisode({ seed, actors: [`actor ${seed}`], info: { success: false } });
  for (let step = 0; step < length; step++) await recording.append(plainStep(seed, step));
  await recording.finish({ success: true });
  return recording.id;
}

/** A store of two episodes, read once, so that it has a cache. */
async function cachedStore(): Promise<{ store: Store; cache: string }> {
  const store = await createStore(newPath(), { spec });
  await record(store, 0, 3);
  await record(store, 1, 2);
  await readStore(store.path);
  return { store, cache: join(store.path, "cache.safetensors") };
}

/** Reads and tells whether the cache was used, by the file's inode: a cache that is made again is a new file. */
async function readTwice({ store, cache }: { store: Store; cache: string }) {
  const before = existsSync(cache) ? statSync(cache).ino : null;
  const dataset = await readStore(store.path);
  return { dataset, fresh: statSync(cache).ino === before };
}

it("a cache gives the same dataset as the episodes", async () => {
  const { store, cache } = await cachedStore();
  const { dataset: cached, fresh } = await readTwice({ store, cache });
  expect(fresh).toBe(true);
  rmSync(cache);
  expect(await readStore(store.path)).toEqual(cached);
  // Columns zustand.x = seed, zustand.y = step, velocity = seed + step; action = step, -step, seed.
  expect(cached.observation.names).toEqual(["zustand.x", "zustand.y", "速度 🚗.v"]);
  expect(cached.observation.units).toEqual(["m", "m", "m/s"]);
  expect([...cached.observation.values]).toEqual([0, 0, 0, 0, 1, 1, 0, 2, 2, 1, 0, 1, 1, 1, 2]);
  expect([...cached.action.values]).toEqual([0, -0, 0, 1, -1, 0, 2, -2, 0, 0, -0, 1, 1, -1, 1]);
  expect([...cached.episodeEnds]).toEqual([3, 5]);
  expect(cached.provenance.actors).toEqual(["actor 0", "actor 1"]);
});

it("columns from the cache are views of the file's bytes: no step is copied", async () => {
  const { store } = await cachedStore();
  const { observation, action, episodeEnds } = await readStore(store.path);
  expect(action.values.buffer).toBe(observation.values.buffer);
  expect(episodeEnds.buffer).toBe(observation.values.buffer);
});

it("a cache is made again when anything that it was made of has changed", async () => {
  const rows = async (place: { store: Store; cache: string }) => {
    const { dataset, fresh } = await readTwice(place);
    expect(fresh).toBe(false);
    expect((await readTwice(place)).fresh).toBe(true);
    return dataset.episodeEnds.at(-1);
  };
  const place = await cachedStore();
  const { store, cache } = place;
  await record(store, 2, 4);
  expect(await rows(place)).toBe(9);
  store.annotate({ kind: "deletion", episode: "000000", deleted: true });
  expect(await rows(place)).toBe(6);
  store.annotate({ kind: "deletion", episode: "000000", deleted: false });
  expect(await rows(place)).toBe(9);
  rmSync(join(store.path, "episodes", "000001.mcap"));
  expect(await rows(place)).toBe(7);
  // Same size, other time.
  utimesSync(join(store.path, "episodes", "000000.mcap"), 1e9, 1e9);
  expect(await rows(place)).toBe(7);
  const bytes = readFileSync(cache);
  for (const damaged of [Buffer.alloc(0), bytes.subarray(0, bytes.length - 4), Buffer.from("x".repeat(100))]) {
    writeFileSync(cache, damaged);
    expect((await readStore(store.path)).episodeEnds.at(-1)).toBe(7);
    expect(readFileSync(cache).equals(bytes)).toBe(true);
  }
});

it("a recording that goes on is read as far as it has come", async () => {
  const { store } = await cachedStore();
  const recording = await store.startEpisode({ seed: 5, actors: ["a"], info: { success: false } });
  expect((await readStore(store.path)).episodeEnds.length).toBe(2);
  await recording.append(plainStep(5, 0));
  expect((await readStore(store.path)).episodeEnds.at(-1)).toBe(6);
  await recording.append(plainStep(5, 1));
  expect((await readStore(store.path)).episodeEnds.at(-1)).toBe(7);
  await recording.finish({ success: true });
  expect((await readStore(store.path)).provenance.notes).toEqual([]);
});

it("a file without a whole record is passed over, a damaged one is not", async () => {
  const { store } = await cachedStore();
  const file = join(store.path, "episodes", "000000.mcap");
  const bytes = readFileSync(file);
  writeFileSync(file, "");
  expect((await readStore(store.path)).episodeEnds.at(-1)).toBe(2);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(file, bytes);
  expect(await refusal(() => readStore(store.path))).toContain(`${file}: the record at byte `);
  store.annotate({ kind: "deletion", episode: "000000", deleted: true });
  expect((await readStore(store.path)).episodeEnds.at(-1)).toBe(2);
});

// Root may write anywhere.
it.skipIf(process.getuid?.() === 0)("a folder that cannot be written to is read all the same", async () => {
  const { store, cache } = await cachedStore();
  rmSync(cache);
  chmodSync(store.path, 0o500);
  expect((await readStore(store.path)).episodeEnds.at(-1)).toBe(5);
  chmodSync(store.path, 0o700);
});
