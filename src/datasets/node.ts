/** datasets, the door to files: reads demonstrations from disk, in whichever known format a path holds. Node only. */
import { readdir, readFile, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import FileSystemStore from "@zarrita/storage/fs";
import { InputError } from "../base/index.ts";
import type { Dataset } from "./dataset.ts";
import { parseDrivingLog, recordedDrivingLog } from "./formats/driving-log.ts";
import { readLeRobot, readRecordedLeRobot } from "./formats/lerobot.ts";
import { INFO_FILE } from "./formats/lerobot-info.ts";
import { readPushTStore, readRecordedPushT } from "./formats/push-t.ts";
import { readRecordedRobomimic, readRobomimic } from "./formats/robomimic.ts";
import type { ByteStore } from "./formats/zarr.ts";
import { readStore } from "./store/columns.ts";
import { MANIFEST_FILE } from "./store/store.ts";
import type { Recorded } from "./verify/finding.ts";
import { readRecordedStore } from "./verify/recorded.ts";

export { datasetDigest } from "./digest.ts";
export { type LeRobotExport, writeLeRobot } from "./export/lerobot.ts";
export { writeRobomimic } from "./export/robomimic.ts";
export { type LeRobotOptions, readLeRobot } from "./formats/lerobot.ts";
export { type RobomimicOptions, readRobomimic } from "./formats/robomimic.ts";
export type { Annotation } from "./store/annotations.ts";
export { readStore } from "./store/columns.ts";
export { importToStore } from "./store/import.ts";
export type { StoreProvenance } from "./store/manifest.ts";
export {
  type EpisodeStart,
  episodeFrom,
  type RecordedStep,
  type StepToRecord,
  type StoredEpisode,
} from "./store/record.ts";
export type { EpisodeRecording } from "./store/recording.ts";
export { createStore, type NewAnnotation, openOrCreateStore, openStore, type Store } from "./store/store.ts";
export { mergeStores, splitStore } from "./store/transfer.ts";

const DRIVING_LOG = "driving_log.csv";

/** How each format that is known is read. */
interface Readers<Read> {
  readonly store: (path: string) => Promise<Read>;
  readonly pushT: (path: string) => Promise<Read>;
  readonly drivingLog: (path: string) => Promise<Read>;
  readonly robomimic: (path: string) => Promise<Read>;
  readonly leRobot: (path: string) => Promise<Read>;
}

/**
 * The demonstrations at `path`: a store of ours (the folder of dataset.json), a robomimic file (.hdf5 or .h5), a LeRobot
 * dataset (the folder of meta/info.json), a Push-T zarr (the .zarr folder, or a folder that holds one) or a driving log (the
 * folder of driving_log.csv, or that file). Throws InputError with one line that names what was looked for.
 */
export function readDataset(path: string): Promise<Dataset> {
  return readBy(path, {
    store: readStore,
    pushT: readPushT,
    drivingLog: readDrivingLog,
    robomimic: readRobomimic,
    leRobot: readLeRobot,
  });
}

/**
 * The same as it was recorded, for `verifyRecorded`: values may be anything (stores and zarr; a driving log's are refused
 * as text), time stamps, bounds and interruptions are kept. Throws InputError where there is nothing to verify.
 */
export function readRecorded(path: string): Promise<Recorded> {
  return readBy(path, {
    store: readRecordedStore,
    pushT: async (folder) => readRecordedPushT(await filesOf(folder), folder),
    drivingLog: async (file) => recordedDrivingLog(await textOf(file), file),
    robomimic: readRecordedRobomimic,
    leRobot: readRecordedLeRobot,
  });
}

async function readBy<Read>(path: string, readers: Readers<Read>): Promise<Read> {
  const kind = await kindOf(path);
  if (kind === null) throw new InputError(`dataset ${path}: not found`);
  if (kind === "file") {
    if (basename(path) === DRIVING_LOG) return readers.drivingLog(path);
    if (/\.(hdf5|h5)$/i.test(path)) return readers.robomimic(path);
    throw new InputError(
      `dataset ${path}: a file, expected one ending in .hdf5 or .h5, a folder ending in .zarr, or one with ${MANIFEST_FILE}, ` +
        `${INFO_FILE} or ${DRIVING_LOG}`,
    );
  }
  const names = await readdir(path);
  if (names.includes(MANIFEST_FILE)) return readers.store(path);
  if (names.includes("meta") && (await kindOf(join(path, INFO_FILE))) === "file") return readers.leRobot(path);
  if (names.includes(DRIVING_LOG)) return readers.drivingLog(join(path, DRIVING_LOG));
  if (names.includes(".zgroup") || path.replace(/\/+$/, "").endsWith(".zarr")) return readers.pushT(path);
  const groups = names.filter((name) => name.endsWith(".zarr"));
  if (groups.length === 1) return readers.pushT(join(path, groups[0]));
  const found = groups.length > 1 ? `found ${groups.join(", ")}` : "found none of them";
  const expected = `expected ${MANIFEST_FILE}, ${INFO_FILE}, one Push-T .zarr folder (.zgroup) or ${DRIVING_LOG}`;
  throw new InputError(`dataset ${path}: ${found}, ${expected}`);
}

/** The Push-T demonstrations of a zarr folder (formats/push-t.ts). Throws InputError. */
export async function readPushT(path: string): Promise<Dataset> {
  return readPushTStore(await filesOf(path), path);
}

/** The demonstrations of a driving log, given its CSV file (formats/driving-log.ts). Throws InputError. */
export async function readDrivingLog(path: string): Promise<Dataset> {
  return parseDrivingLog(await textOf(path), path);
}

async function filesOf(path: string): Promise<ByteStore> {
  if ((await kindOf(path)) !== "folder") throw new InputError(`${path}: not a folder, expected a Push-T zarr`);
  const files = new FileSystemStore(path);
  return { get: (key) => files.get(key).catch((error) => Promise.reject(unreadable(join(path, key), error))) };
}

function textOf(path: string): Promise<string> {
  return readFile(path, "utf8").catch((error) => Promise.reject(unreadable(path, error)));
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
