/**
 * A store as columns for training, and their cache: one safetensors file beside the episodes, whose arrays are viewed where
 * they lie in memory after reading, with no copy per step. The cache records the size and modification time of every file
 * that it was made of; where one differs, or the cache is missing or damaged, it is made again.
 */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError, joined } from "../../base/index.ts";
import { expectTensor, readSafetensors, writeSafetensors } from "../../runs/index.ts";
import { writeFileAtomic } from "../../runs/node.ts";
import { type EnvironmentSpec, observationNames, observationSize, packObservation } from "../../world/index.ts";
import { type Control, controlOf, createDataset, type Dataset } from "../dataset.ts";
import type { StoredEpisode } from "./record.ts";
import { ANNOTATIONS_FILE, EPISODES, MANIFEST_FILE, openStore, type Store } from "./store.ts";

const CACHE_FILE = "cache.safetensors";
/** Goes up when the cache of the same files would be another. */
const CACHE_VERSION = "2";

/** What a cache was made of, and what a dataset says beside its columns. */
interface Columns extends Pick<Dataset, "control"> {
  observation: Float32Array;
  action: Float32Array;
  episodeEnds: Int32Array;
  actors: string[];
  notes: string[];
}

/**
 * The episodes of the store at `path` that are not deleted, as a dataset: observations and executed actions, with who drove
 * and what was said where a policy took part; interrupted recordings up to their last whole step (a note says so). From the
 * cache where it is fresh; else the cache is written, unless the folder cannot be written to. Throws InputError for a damaged
 * episode (one that is marked as deleted is not looked at), and where no episode has a step.
 */
export async function readStore(path: string): Promise<Dataset> {
  const store = await openStore(path);
  // Listed before reading: what is added meanwhile makes the cache stale, not wrong.
  const sources = await listSources(store);
  const columns = (await readCache(store, sources)) ?? (await buildCache(store, sources));
  return toDataset(store, columns);
}

async function buildCache(store: Store, sources: string): Promise<Columns> {
  const columns = await readColumns(store);
  const { observation, action, control, episodeEnds, actors, notes } = columns;
  const { observation: space, action: actionSpace } = store.spec;
  const rows = episodeEnds[episodeEnds.length - 1];
  const bytes = writeSafetensors(
    {
      observation: { dtype: "float32", shape: [rows, observationSize(space)], data: observation },
      action: { dtype: "float32", shape: [rows, actionSpace.names.length], data: action },
      episodeEnds: { dtype: "int32", shape: [episodeEnds.length], data: episodeEnds },
      ...(control && {
        expert: { dtype: "uint8" as const, shape: [rows], data: control.expert },
        label: { dtype: "float32" as const, shape: [rows, actionSpace.names.length], data: control.label },
      }),
    },
    { version: CACHE_VERSION, sources, provenance: JSON.stringify({ actors, notes }) },
  );
  await writeFileAtomic(join(store.path, CACHE_FILE), bytes).catch((error: unknown) => {
    // The dataset can be read without a cache.
    if (!(error instanceof InputError)) throw error;
  });
  return columns;
}

/** Every file that the columns depend on, with its size in bytes and modification time in ns, one per line. */
async function listSources(store: Store): Promise<string> {
  const episodes = store.episodeIds().map((id) => `${EPISODES}/${id}.mcap`);
  const lines = [MANIFEST_FILE, ANNOTATIONS_FILE, ...episodes].map(async (name) => {
    const found = await stat(join(store.path, name), { bigint: true }).catch(() => null);
    return `${name} ${found ? `${found.size} ${found.mtimeNs}` : "absent"}`;
  });
  return (await Promise.all(lines)).join("\n");
}

/** Null where the cache is absent, stale or damaged. */
async function readCache({ path, spec }: Store, sources: string): Promise<Columns | null> {
  const file = join(path, CACHE_FILE);
  const bytes = await readFile(file).catch(() => null);
  if (!bytes) return null;
  try {
    const { tensors, metadata } = readSafetensors(bytes, file);
    if (metadata.version !== CACHE_VERSION || metadata.sources !== sources) return null;
    const episodes = tensors.episodeEnds?.shape[0] ?? 0;
    const episodeEnds = expectTensor(tensors, "episodeEnds", { dtype: "int32", shape: [episodes] }, file);
    const rows = episodeEnds[episodes - 1];
    const matrix = (name: string, width: number) =>
      expectTensor(tensors, name, { dtype: "float32", shape: [rows, width] }, file);
    return {
      observation: matrix("observation", observationSize(spec.observation)),
      action: matrix("action", spec.action.names.length),
      ...(tensors.expert && {
        control: {
          expert: expectTensor(tensors, "expert", { dtype: "uint8", shape: [rows] }, file),
          label: matrix("label", spec.action.names.length),
        },
      }),
      episodeEnds,
      ...JSON.parse(metadata.provenance),
    };
  } catch (error) {
    if (error instanceof InputError || error instanceof SyntaxError) return null;
    throw error;
  }
}

/** The columns from the episode files themselves. */
async function readColumns(store: Store): Promise<Columns> {
  const { spec, path } = store;
  const parts: Packed[] = [];
  const ends: number[] = [];
  const actors = new Set<string>();
  const notes: string[] = [];
  for await (const episode of store.episodes()) {
    const { id, steps, endInfo } = episode;
    if (endInfo === null) notes.push(`episode ${id} was interrupted after ${steps.length} steps`);
    if (steps.length === 0) continue;
    for (const actor of episode.actors) actors.add(actor);
    parts.push(packEpisode(spec, episode));
    ends.push((ends.at(-1) ?? 0) + steps.length);
  }
  if (ends.length === 0) throw new InputError(`${path}: found no episode with a step, expected at least one`);
  const column = (name: "observation" | "action") =>
    joined(
      Float32Array,
      parts.map((part) => part[name]),
    );
  return {
    observation: column("observation"),
    action: column("action"),
    ...controlOf(parts),
    episodeEnds: Int32Array.from(ends),
    actors: [...actors],
    notes,
  };
}

type Packed = Pick<Columns, "observation" | "action"> & Control;

function packEpisode(spec: EnvironmentSpec, { steps }: StoredEpisode): Packed {
  const size = observationSize(spec.observation);
  const observation = new Float32Array(steps.length * size);
  const action = new Float32Array(steps.length * spec.action.names.length);
  const label = new Float32Array(action.length).fill(Number.NaN);
  const expert = Uint8Array.from(steps, ({ controller }) => (controller === "expert" ? 1 : 0));
  steps.forEach((step, row) => {
    packObservation(spec.observation, step.observation, observation, row * size);
    action.set(step.action, row * spec.action.names.length);
    if (step.label) label.set(step.label, row * spec.action.names.length);
  });
  return { observation, action, expert, label };
}

function toDataset({ path, spec, provenance, actionResolution: resolution }: Store, columns: Columns): Dataset {
  const { observation, action, controlRate, name } = spec;
  const { actors, notes, episodeEnds, control } = columns;
  return createDataset({
    task: name,
    observation: {
      names: observationNames(observation),
      units: Object.values(observation).flatMap(({ units }) => units),
      values: columns.observation,
    },
    action: { names: action.names, units: action.units, values: columns.action, ...(resolution && { resolution }) },
    episodeEnds,
    controlRate,
    ...(control && { control }),
    provenance: { format: "apprentice store", source: path, actors, notes: [...provenance.notes, ...notes] },
  });
}
