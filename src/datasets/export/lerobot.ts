/** Writing LeRobot datasets of version 3 (ECOSYSTEM.md 2.2; formats/lerobot.ts reads them). */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { InputError } from "../../base/index.ts";
import type { Dataset } from "../dataset.ts";
import { describe } from "../formats/description.ts";
import { DESCRIPTION_FILE, readLeRobot } from "../formats/lerobot.ts";
import { ACTION, dataFile, OBSERVATION } from "../formats/lerobot-info.ts";
import { finish } from "./finish.ts";
import { CHUNK_SIZE, DATA_PATH, FILE_MEGABYTES, writeMeta } from "./lerobot-meta.ts";
import { type EpisodeRows, type FeaturePart, type Parts, USUAL, usualColumns, valuesOf } from "./lerobot-parts.ts";
import { type Schema, writeParquet } from "./parquet.ts";
import { arrayOf, checkWritten, episodesOf, groupColumns } from "./places.ts";

export interface LeRobotExport {
  /**
   * Observation arrays (what names begin with, up to the first dot) that are about the surroundings: they go to
   * `observation.environment_state`, which some of LeRobot's policies ask for where there are no images; all others to
   * `observation.state`.
   */
  readonly environment?: readonly string[];
  /** MB of rows, unpacked, after which another file is begun. */
  readonly fileMegabytes?: number;
}

/**
 * Writes a dataset as a LeRobot folder at a new `path`. The task's name is the one task; time stamps are what the control
 * rate says, which LeRobot takes for granted (it means whole numbers by `fps`; another rate is written as it is). What else
 * we know of the columns is in `meta/apprentice.json`, so that reading it back gives an equal dataset. The folder is read
 * back before it gets its name. Throws InputError for an array that is not there, a path that is taken, and what the file
 * system refuses.
 */
export async function writeLeRobot(dataset: Dataset, path: string, options: LeRobotExport = {}): Promise<void> {
  const { environment = [], fileMegabytes = FILE_MEGABYTES } = options;
  const { names } = dataset.observation;
  const unknown = environment.find((array) => !names.some((name) => arrayOf(name) === array));
  if (unknown !== undefined) {
    const known = [...new Set(names.map(arrayOf))].join(", ");
    throw new InputError(`${path}: environment: found ${JSON.stringify(unknown)}, expected one of ${known}`);
  }
  const { groups, places } = groupColumns(names, (name) =>
    environment.includes(arrayOf(name)) ? "environment_state" : "state",
  );
  const features: FeaturePart[] = [
    ...groups.map(({ key, columns }) => ({ name: OBSERVATION + key, from: dataset.observation, columns })),
    { name: ACTION, from: dataset.action, columns: dataset.action.names.map((_, i) => i) },
  ];
  await finish(path, async (unfinished) => {
    const parts = { dataset, features, episodes: placeEpisodes(dataset, fileMegabytes) };
    await writeData(unfinished, parts);
    await writeMeta(unfinished, parts);
    await writeFile(join(unfinished, "meta", DESCRIPTION_FILE), describe(dataset, places));
    checkWritten(path, await readLeRobot(unfinished), dataset);
  });
}

/** An episode is in one file; a file takes another one until it is full. */
function placeEpisodes(dataset: Dataset, fileMegabytes: number): EpisodeRows[] {
  const rowBytes = 4 * (dataset.observation.names.length + dataset.action.names.length) + 36;
  const limit = Math.max(1, Math.floor((fileMegabytes * 2 ** 20) / rowBytes));
  let [number, held] = [0, 0];
  return Array.from(episodesOf(dataset), ({ episode, start, end }) => {
    if (held > 0 && held + end - start > limit) [number, held] = [number + 1, 0];
    held += end - start;
    return { episode, start, end, place: { chunk: Math.floor(number / CHUNK_SIZE), file: number % CHUNK_SIZE } };
  });
}

async function writeData(folder: string, { dataset, features, episodes }: Parts): Promise<void> {
  const numbers = features.map(({ name, columns }) => [name, columns.length === 1 ? "FLOAT" : { list: "FLOAT" }]);
  const usual = Object.entries(USUAL).map(([name, { column }]) => [name, column]);
  const schema: Schema = Object.fromEntries([...numbers, ...usual]);
  const files = new Map<string, EpisodeRows[]>();
  for (const rows of episodes) {
    const file = dataFile({ data_path: DATA_PATH }, rows.place);
    files.set(file, [...(files.get(file) ?? []), rows]);
  }
  for (const [file, held] of files) {
    const target = join(folder, file);
    await mkdir(dirname(target), { recursive: true });
    writeParquet(target, { schema }, blocksOf({ dataset, features, episodes: held }));
  }
}

function* blocksOf({ dataset, features, episodes }: Parts) {
  for (const rows of episodes) {
    const numbers = features.map((feature) => [feature.name, listsOf(valuesOf(feature, rows), feature.columns.length)]);
    const { timestamp, ...indices } = usualColumns(rows, dataset.controlRate);
    const usual = Object.entries(indices).map(([name, values]) => [name, values.map(BigInt)]);
    yield Object.fromEntries([...numbers, ["timestamp", timestamp], ...usual]) as Record<string, unknown[]>;
  }
}

/** A number per row is a plain column; of several there is a list. */
function listsOf(values: Float32Array, size: number): unknown[] {
  if (size === 1) return Array.from(values);
  return Array.from({ length: values.length / size }, (_, row) =>
    Array.from(values.subarray(row * size, (row + 1) * size)),
  );
}
