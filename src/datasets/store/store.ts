/**
 * The episode store: a folder with `dataset.json`, `episodes/ID.mcap` (one file per episode, only ever added to) and
 * `annotations.jsonl`. Any number of processes may record into it at once, each its own episodes.
 */
import { mkdirSync, readdirSync, rmdirSync, rmSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError, unusable } from "../../base/index.ts";
import { UNFINISHED, writeFileAtomic } from "../../runs/node.ts";
import { type EnvironmentSpec, type Episode, observationAt } from "../../world/index.ts";
import {
  type Annotation,
  appendAnnotations,
  applyAnnotations,
  deletedEpisodes,
  readAnnotations,
} from "./annotations.ts";
import { decodeEpisode } from "./episode-file.ts";
import { type Manifest, manifestText, parseManifest, type StoreProvenance } from "./manifest.ts";
import { EPISODE_ID, type EpisodeStart, type StepToRecord, type StoredEpisode } from "./record.ts";
import { type EpisodeRecording, reopenRecording, startRecording } from "./recording.ts";

export const MANIFEST_FILE = "dataset.json";
export const ANNOTATIONS_FILE = "annotations.jsonl";
export const EPISODES = "episodes";
const EXTENSION = ".mcap";

/** An annotation as it is made: `by` is null and `time` is now where they are left out. */
type WithDefaults<T> = T extends unknown ? Omit<T, "by" | "time"> & { by?: string | null; time?: number } : never;
export type NewAnnotation = WithDefaults<Annotation>;

export interface Store extends Manifest {
  readonly path: string;
  /** In the order of their ids, which is that of their beginnings where the store chose the ids. Deleted ones only on request. */
  episodeIds(options?: { deleted?: boolean }): string[];
  /**
   * Begins a new episode. Without an `id` (letters, digits, ".", "_", "-") it gets the next number. Throws InputError for an
   * id that is taken, and for a start unfit to be kept.
   */
  startEpisode(start: EpisodeStart & { id?: string; clock?: () => number }): Promise<EpisodeRecording>;
  /**
   * Goes on with an interrupted recording after its last whole step (the recording's `length`), as if it had not been
   * interrupted; where not even its start is whole, it is begun anew. Nobody else may be recording it. Throws InputError where
   * there is no such episode, it has ended, is damaged elsewhere than at its end, or began with another start.
   */
  reopenEpisode(start: EpisodeStart & { id: string; clock?: () => number }): Promise<EpisodeRecording>;
  /** Records an episode that is over, as far as it was kept in memory. Returns its id. Throws InputError. */
  writeEpisode(episode: Episode, options?: { id?: string; clock?: () => number }): Promise<string>;
  /**
   * An episode with its annotations; deleted ones too. Throws InputError that names file, step and field where there is
   * none, or it is damaged elsewhere than at the end of an interrupted recording, or holds no whole record.
   */
  readEpisode(id: string): Promise<StoredEpisode>;
  /** An episode as it was recorded, without its annotations; else as readEpisode, but null where no record is whole. */
  readRecording(id: string): Promise<StoredEpisode | null>;
  /**
   * All that are not deleted, one after another. A file whose recording was interrupted before its first record was whole
   * is passed over; other damage throws InputError.
   */
  episodes(): AsyncGenerator<StoredEpisode, void>;
  /** In the order in which they were made. */
  annotations(): Annotation[];
  /** Waits for the disk. Throws InputError for an unknown episode. That a label fits its step is found out when it is read. */
  annotate(...annotations: NewAnnotation[]): void;
}

/** What a store begins with; its provenance is this program where left out. */
type NewStore = Omit<Manifest, "provenance"> & { provenance?: StoreProvenance };

/** Makes a store in a new or empty folder. Throws InputError for any other, and for a spec that a file cannot hold. */
export async function createStore(
  path: string,
  { spec, provenance = { source: "apprentice", notes: [] }, actionResolution }: NewStore,
): Promise<Store> {
  const file = join(path, MANIFEST_FILE);
  const text = manifestText({ spec, provenance, actionResolution }, file);
  try {
    mkdirSync(path, { recursive: true });
    const [found] = readdirSync(path);
    if (found !== undefined) {
      throw new InputError(`${path}: holds ${JSON.stringify(found)}, expected a new or empty folder for a dataset`);
    }
    mkdirSync(join(path, EPISODES));
    await writeFileAtomic(file, text).catch(async (error) => {
      await discard(path);
      throw error;
    });
  } catch (error) {
    throw unusable(path, "made a dataset", error);
  }
  return openStore(path);
}

/**
 * The store at `path`, made as described where there is none, or where a process was killed between the folder and its
 * manifest. What is there may be another store: that is the caller's to judge. Throws as both do.
 */
export async function openOrCreateStore(path: string, parts: NewStore): Promise<Store> {
  const names = listed(path);
  if (names.includes(MANIFEST_FILE)) return openStore(path);
  if (names.every((name) => name === EPISODES || name.startsWith(UNFINISHED))) clear(path, names);
  return createStore(path, parts);
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // What it is instead of a folder, createStore says.
    return [];
  }
}

function clear(folder: string, names: readonly string[]): void {
  if (names.includes(EPISODES) && listed(join(folder, EPISODES)).length > 0) return;
  for (const name of names) {
    if (name === EPISODES) rmdirSync(join(folder, name));
    else rmSync(join(folder, name));
  }
}

/** Makes a store that `fill` puts episodes into. Where that fails (a full disk), nothing of it stays. Throws as both do. */
export async function createFilledStore(
  path: string,
  parts: NewStore,
  fill: (store: Store) => Promise<unknown>,
): Promise<Store> {
  const store = await createStore(path, parts);
  try {
    await fill(store);
  } catch (error) {
    await discard(path);
    throw error;
  }
  return store;
}

/** Removes what makes a folder a store; what cannot be removed stays. */
async function discard(path: string): Promise<void> {
  for (const name of [EPISODES, MANIFEST_FILE, ANNOTATIONS_FILE]) {
    await rm(join(path, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** Opens a store. Throws InputError where there is none, or its dataset.json is not one or of a newer version. */
export async function openStore(path: string): Promise<Store> {
  const file = join(path, MANIFEST_FILE);
  const text = await readFile(file, "utf8").catch((error) => {
    const absent = ["ENOENT", "ENOTDIR"].includes(error.code);
    throw absent
      ? new InputError(`${path}: not a dataset, expected a folder with ${MANIFEST_FILE}`)
      : unusable(file, "read", error);
  });
  return storeAt(path, parseManifest(text, file));
}

function storeAt(path: string, manifest: Manifest): Store {
  const { spec } = manifest;
  const folder = join(path, EPISODES);
  const annotationsFile = join(path, ANNOTATIONS_FILE);
  const fileOf = (id: string) => join(folder, `${checkId(id, path)}${EXTENSION}`);

  /** The number of the next episode, once it was asked for. */
  let next: number | undefined;

  /** Null where the recording was interrupted before its first record was whole. */
  const read = async (id: string, annotations: readonly Annotation[]): Promise<StoredEpisode | null> => {
    const file = fileOf(id);
    const bytes = await readFile(file).catch((error) => {
      if (error.code === "ENOENT") throw new InputError(`${path}: there is no episode ${JSON.stringify(id)}`);
      throw unusable(file, "read", error);
    });
    const episode = decodeEpisode(bytes, { file, id, spec });
    return episode && applyAnnotations(episode, annotations, { spec, file: annotationsFile });
  };

  const store: Store = {
    ...manifest,
    path,
    episodeIds({ deleted = false } = {}) {
      const ids = listEpisodes(folder);
      if (deleted) return ids;
      const gone = deletedEpisodes(store.annotations());
      return ids.filter((id) => !gone.has(id));
    },
    async startEpisode({ id, ...start }) {
      mkdirSync(folder, { recursive: true });
      if (id !== undefined) return begin(id, fileOf(id), { ...start, spec });
      next ??= nextNumber(listEpisodes(folder));
      // Another process may have taken a number since: then the file is there, and the next one is tried.
      for (;;) {
        const number = String(next++).padStart(6, "0");
        const recording = await begin(number, fileOf(number), { ...start, spec, ifFree: true });
        if (recording) return recording;
      }
    },
    async reopenEpisode({ id, ...start }) {
      const file = fileOf(id);
      const stored = await store.readRecording(id);
      if (stored?.endInfo) throw new InputError(`${file}: the recording has ended, expected an interrupted one`);
      return reopenRecording({ ...start, id, file, spec, stored });
    },
    async writeEpisode(episode, options = {}) {
      const { seed, actor, info } = episode;
      const recording = await store.startEpisode({ ...options, seed, actors: [actor], info: { success: false } });
      try {
        for (let step = 0; step < episode.length; step++) await recording.append(stepAt(episode, step));
        await recording.finish(info);
      } finally {
        await recording.abandon().catch(() => {});
      }
      return recording.id;
    },
    async readEpisode(id) {
      const episode = await read(id, store.annotations());
      if (!episode) throw new InputError(`${fileOf(id)}: holds no whole record, expected the start of an episode`);
      return episode;
    },
    readRecording: (id) => read(id, []),
    async *episodes() {
      const annotations = store.annotations();
      for (const id of store.episodeIds()) {
        const episode = await read(id, annotations);
        if (episode) yield episode;
      }
    },
    annotations: () => readAnnotations(annotationsFile),
    annotate(...annotations) {
      const known = new Set(listEpisodes(folder));
      const unknown = annotations.find(({ episode }) => !known.has(episode));
      if (unknown) {
        throw new InputError(`${path}: there is no episode ${JSON.stringify(unknown.episode)} to annotate`);
      }
      const time = Date.now() / 1000;
      appendAnnotations(
        annotationsFile,
        annotations.map((annotation): Annotation => ({ by: null, time, ...annotation })),
      );
    },
  };
  return store;
}

type Beginning = EpisodeStart & { spec: EnvironmentSpec; clock?: () => number };

/** Null where the id is taken and that was to be found out. */
async function begin(id: string, file: string, start: Beginning & { ifFree: true }): Promise<EpisodeRecording | null>;
async function begin(id: string, file: string, start: Beginning): Promise<EpisodeRecording>;
async function begin(id: string, file: string, start: Beginning & { ifFree?: true }): Promise<EpisodeRecording | null> {
  try {
    return await startRecording({ ...start, id, file });
  } catch (error) {
    const taken = (error as NodeJS.ErrnoException).code === "EEXIST";
    if (taken && start.ifFree) return null;
    throw taken ? new InputError(`${file}: there is an episode of this id already`) : unusable(file, "written", error);
  }
}

function listEpisodes(folder: string): string[] {
  try {
    const files = readdirSync(folder).filter((name) => name.endsWith(EXTENSION));
    return files.map((name) => name.slice(0, -EXTENSION.length)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw unusable(folder, "read", error);
  }
}

const nextNumber = (ids: readonly string[]): number =>
  ids.reduce((most, id) => (/^\d{1,9}$/.test(id) ? Math.max(most, Number(id) + 1) : most), 0);

function checkId(id: string, path: string): string {
  if (EPISODE_ID.test(id)) return id;
  const expected = `expected letters, digits, ".", "_" and "-", at most 100`;
  throw new InputError(`${path}: episode id: found ${JSON.stringify(id)}, ${expected}`);
}

function stepAt(episode: Episode, step: number): StepToRecord {
  const { spec, action, controller, chunkPlace, reward, time, length } = episode;
  const row = (values: Float32Array, size: number) => values.subarray(step * size, (step + 1) * size);
  const last = step === length - 1;
  return {
    observation: observationAt(episode, step),
    action: row(action, spec.action.names.length),
    controller: controller[step],
    chunkPlace: chunkPlace[step],
    reward: reward[step],
    time: time[step],
    terminated: last && episode.terminated,
    truncated: last && episode.truncated,
    proposed: known(episode.proposed, step, spec.action.names.length),
    label: known(episode.label, step, spec.action.names.length),
    gate: Object.fromEntries(
      Object.entries(episode.gate ?? {}).flatMap(([name, values]) =>
        Number.isNaN(values[step]) ? [] : [[name, values[step]]],
      ),
    ),
    operator: episode.operator ?? null,
    policyVersion: episode.policyVersion ?? null,
  };
}

/** The row of a step, null where it is NaN: nothing was known there. */
function known(values: Float32Array | undefined, step: number, size: number): Float32Array | null {
  const row = values?.subarray(step * size, (step + 1) * size);
  return row && !Number.isNaN(row[0]) ? row : null;
}
