/** datasets, the door to files: reads demonstrations from disk, in whichever known format a path holds. Node only. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import FileSystemStore from "@zarrita/storage/fs";
import { InputError } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";
import { parseDrivingLog } from "./formats/driving-log.ts";
import { readPushTStore } from "./formats/push-t.ts";
import { readStore } from "./store/columns.ts";
import { MANIFEST_FILE } from "./store/store.ts";

export { datasetDigest } from "./digest.ts";
export type { Annotation } from "./store/annotations.ts";
export { readStore } from "./store/columns.ts";
export type { StoreProvenance } from "./store/manifest.ts";
export {
  type EpisodeStart,
  episodeFrom,
  type RecordedStep,
  type StepToRecord,
  type StoredEpisode,
} from "./store/record.ts";
export type { EpisodeRecording } from "./store/recording.ts";
export { createStore, type NewAnnotation, openStore, type Store } from "./store/store.ts";
export { mergeStores, splitStore } from "./store/transfer.ts";

const DRIVING_LOG = "driving_log.csv";

/**
 * The demonstrations at `path`: a store of ours (the folder of dataset.json), a Push-T zarr (the .zarr folder, or a folder
 * that holds one) or a driving log (the folder of driving_log.csv, or that file). Throws InputError with one line that names what was looked for.
 */
export async function readDataset(path: string): Promise<Dataset> {
  const kind = await kindOf(path);
  if (kind === null) throw new InputError(`dataset ${path}: not found`);
  if (kind === "file") {
    if (basename(path) === DRIVING_LOG) return readDrivingLog(path);
    throw new InputError(
      `dataset ${path}: a file, expected a folder ending in .zarr, or one with ${MANIFEST_FILE} or ${DRIVING_LOG}`,
    );
  }
  const names = await readdir(path);
  if (names.includes(MANIFEST_FILE)) return readStore(path);
  if (names.includes(DRIVING_LOG)) return readDrivingLog(join(path, DRIVING_LOG));
  if (names.includes(".zgroup") || path.replace(/\/+$/, "").endsWith(".zarr")) return readPushT(path);
  const groups = names.filter((name) => name.endsWith(".zarr"));
  if (groups.length === 1) return readPushT(join(path, groups[0]));
  const found = groups.length > 1 ? `found ${groups.join(", ")}` : "found none of them";
  const expected = `expected ${MANIFEST_FILE}, one Push-T .zarr folder (.zgroup) or ${DRIVING_LOG}`;
  throw new InputError(`dataset ${path}: ${found}, ${expected}`);
}

/** The Push-T demonstrations of a zarr folder (formats/push-t.ts). Throws InputError. */
export async function readPushT(path: string): Promise<Dataset> {
  if ((await kindOf(path)) !== "folder") throw new InputError(`${path}: not a folder, expected a Push-T zarr`);
  const files = new FileSystemStore(path);
  return readPushTStore(
    { get: (key) => files.get(key).catch((error) => Promise.reject(unreadable(join(path, key), error))) },
    path,
  );
}

/** The demonstrations of a driving log, given its CSV file (formats/driving-log.ts). Throws InputError. */
export async function readDrivingLog(path: string): Promise<Dataset> {
  const text = await readFile(path, "utf8").catch((error) => Promise.reject(unreadable(path, error)));
  return parseDrivingLog(text, path);
}

async function kindOf(path: string): Promise<"file" | "folder" | null> {
  const entry = await stat(path).catch(() => null);
  if (!entry) return null;
  return entry.isDirectory() ? "folder" : "file";
}

function unreadable(path: string, error: unknown): InputError {
  const reason = error instanceof Error && "code" in error ? error.code : error;
  return new InputError(`${path}: cannot be read (${reason})`);
}
