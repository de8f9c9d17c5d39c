/**
 * LeRobot datasets of version 3 (ECOSYSTEM.md 2.2): `meta/info.json` names the features, `meta/episodes/` where each episode
 * lies, `data/` has the rows. Observation: the `observation.*` features that are numbers in a row; images, videos and words
 * stay unread. Units are not in the format: "1", unless we exported it.
 */
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError, unusable } from "../../base/index.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import type { Recorded } from "../verify/finding.ts";
import { actionColumn, arrange, type Description, parseDescription, type Source } from "./description.ts";
import { ACTION, dataFile, type Feature, type Info, namesOf, OBSERVATION, readInfo } from "./lerobot-info.ts";
import { type EpisodePlace, readRows } from "./lerobot-rows.ts";
import { type Row, withParquet } from "./parquet.ts";

/** Of `meta/`, in folders that we export (description.ts). */
export const DESCRIPTION_FILE = "apprentice.json";
/** Rows are taken to be on time when they are as close as this, LeRobot's own tolerance, s. */
const TOLERANCE = 1e-4;

export interface LeRobotOptions {
  /** Observation features in the order wanted, without "observation."; all low-dimensional ones where left out. */
  readonly observation?: readonly string[];
  /** Only the episodes of this task, in the words of the dataset. */
  readonly task?: string;
}

/**
 * The episodes of the LeRobot dataset in `folder`, in the order of their indices. Columns are named `FEATURE.name` without
 * "observation.", numbers where the dataset has no names. Several tasks in one dataset are read as one, and a note says so.
 * Throws InputError that names file, column and row, what was found and what was expected.
 */
export async function readLeRobot(folder: string, options: LeRobotOptions = {}): Promise<Dataset> {
  const { time: _, files: __, ...dataset } = await readFrom(folder, options, { anyValues: false });
  return createDataset(dataset);
}

/** The same with values as they are, NaN and gaps included, and the time stamps, for verification to judge. */
export function readRecordedLeRobot(folder: string, options: LeRobotOptions = {}): Promise<Recorded> {
  return readFrom(folder, options, { anyValues: true });
}

async function readFrom(
  folder: string,
  options: LeRobotOptions,
  { anyValues }: { anyValues: boolean },
): Promise<Recorded> {
  const info = await readInfo(folder);
  const { taken, skipped } = chooseFeatures(folder, info, options.observation);
  const description = await readDescription(folder);
  const action = info.features[ACTION];
  const actionNames = namesOf(action);
  const { sources, column } = arrange(
    taken.flatMap((key) => sourcesOf(key, info.features[OBSERVATION + key])),
    description,
    { keepOrder: options.observation !== undefined },
  );
  const all = await listEpisodes(folder, info);
  const episodes = withTask(folder, all, options.task);
  let end = 0;
  const episodeEnds = Int32Array.from(episodes, ({ steps }) => (end += steps));
  const rows = await readRows(folder, { info, episodes, sources, actionSize: actionNames.length, anyValues });
  const tasks = [...new Set(episodes.flatMap((each) => each.tasks))];
  return {
    task: description?.task ?? (tasks.join(" | ") || "lerobot"),
    observation: { ...column, values: rows.observation },
    action: {
      ...actionColumn(
        actionNames.map((name) => `${ACTION}.${name}`),
        description,
      ),
      values: rows.action,
    },
    episodeEnds,
    controlRate: description?.controlRate ?? info.fps,
    provenance: {
      format: "lerobot v3",
      source: folder,
      actors: description?.actors ?? [],
      notes: [
        `observation of ${taken.join(", ")}`,
        ...(skipped.length > 0 ? [`not read: ${skipped.join(", ")}`] : []),
        ...(info.robot_type ? [`robot type ${info.robot_type}`] : []),
        ...(tasks.length > 1
          ? [`${tasks.length} tasks in one dataset, which the observation does not tell apart`]
          : []),
        ...notesOnTime(rows.time, { episodes, fps: info.fps }),
        ...(description?.notes ?? []),
      ],
    },
    time: rows.time,
    files: episodes.map(({ file }) => join(folder, file)),
  };
}

/** LeRobot's readers take the constant rate for granted, and so does a `Dataset`. */
function notesOnTime(
  time: Float64Array,
  { episodes, fps }: { episodes: readonly EpisodePlace[]; fps: number },
): string[] {
  let row = 0;
  const late = episodes.flatMap(({ episode, steps }) =>
    Array.from({ length: steps }, (_, step) => ({ episode, step, found: time[row++], expected: step / fps })).filter(
      ({ found, expected }) => !(Math.abs(found - expected) <= TOLERANCE + expected * 1e-6),
    ),
  );
  if (late.length === 0) return [];
  const [{ episode, step, found, expected }] = late;
  const first = `episode ${episode}, step ${step}: timestamp ${found} s, expected ${expected} s`;
  return [`${late.length} steps are not where ${fps} Hz puts them, first ${first}`];
}

const sourcesOf = (key: string, feature: Feature): Source[] =>
  namesOf(feature).map((name, index) => ({ key, index, name: `${key}.${name}` }));

/** A row of numbers, or a single one. */
const isLow = ({ dtype, shape }: Feature): boolean => /^(float|int|uint|bool)\d*$/.test(dtype) && shape.length === 1;

/** Keys without "observation.". */
function chooseFeatures(
  folder: string,
  { features }: Info,
  wanted: readonly string[] | undefined,
): { taken: readonly string[]; skipped: string[] } {
  const where = `${folder}: meta/info.json: features`;
  if (!features[ACTION] || !isLow(features[ACTION])) {
    const found = features[ACTION] ? `${ACTION} of ${show(features[ACTION])}` : `no ${ACTION}`;
    throw new InputError(`${where}: found ${found}, expected ${ACTION} with numbers in one row`);
  }
  const observations = Object.keys(features).filter((name) => name.startsWith(OBSERVATION));
  const keys = observations.map((name) => name.slice(OBSERVATION.length));
  const low = keys.filter((key) => isLow(features[OBSERVATION + key]));
  if (wanted) {
    const unknown = wanted.find((key) => !low.includes(key));
    if (unknown === undefined && wanted.length > 0) return { taken: wanted, skipped: [] };
    const problem =
      unknown === undefined ? "no observation was asked for" : `found no low-dimensional ${OBSERVATION}${unknown}`;
    throw new InputError(`${where}: ${problem}, expected one of ${low.join(", ")}`);
  }
  if (low.length === 0) {
    const found = observations.length > 0 ? `only ${observations.join(", ")}` : "none";
    throw new InputError(`${where}: found ${found}, expected an ${OBSERVATION}* with numbers in one row`);
  }
  const skipped = keys
    .filter((key) => !low.includes(key))
    .map((key) => `${key} (${show(features[OBSERVATION + key])})`);
  return { taken: low, skipped };
}

const show = ({ dtype, shape }: Feature) => `${dtype} [${shape.join(", ")}]`;

async function readDescription(folder: string): Promise<Description | null> {
  const path = join(folder, "meta", DESCRIPTION_FILE);
  if (!(await stat(path).catch(() => null))) return null;
  const text = await readFile(path, "utf8").catch((error) => Promise.reject(unusable(path, "read", error)));
  return parseDescription(text, path);
}

/** All episodes of `meta/episodes/chunk-*` in order. */
async function listEpisodes(folder: string, info: Info): Promise<EpisodePlace[]> {
  const root = join(folder, "meta", "episodes");
  const files = await listParquet(root);
  if (files.length === 0) throw new InputError(`${root}: found no parquet file, expected chunk-000/file-000.parquet`);
  const places: EpisodePlace[] = [];
  for (const file of files) {
    const wanted = ["episode_index", "tasks", "length", "data/chunk_index", "data/file_index"];
    await withParquet(file, async ({ blocks }) => {
      for await (const rows of blocks(wanted)) places.push(...rows.map((row) => placeOf(row, info, file)));
    });
  }
  places.sort((a, b) => a.episode - b.episode);
  const twice = places.findIndex(({ episode }, i) => episode === places[i - 1]?.episode);
  if (twice >= 0) throw new InputError(`${root}: found episode_index ${places[twice].episode} twice, expected it once`);
  if (places.length !== info.total_episodes) {
    throw new InputError(
      `${root}: found ${places.length} episodes, expected ${info.total_episodes} as in meta/info.json`,
    );
  }
  return places;
}

async function listParquet(root: string): Promise<string[]> {
  const names = await readdir(root, { recursive: true }).catch((error) =>
    Promise.reject(unusable(root, "read", error)),
  );
  return names
    .filter((name) => name.endsWith(".parquet"))
    .sort()
    .map((name) => join(root, name));
}

function placeOf(row: Row, info: Info, file: string): EpisodePlace {
  const whole = (column: string) => {
    const value = Number(row[column] ?? Number.NaN);
    if (Number.isInteger(value) && value >= 0) return value;
    throw new InputError(`${file}: ${column}: found ${row[column]}, expected a whole number`);
  };
  const { tasks } = row;
  const episode = whole("episode_index");
  const steps = whole("length");
  if (steps === 0) throw new InputError(`${file}: episode ${episode}: found length 0, expected at least 1`);
  return {
    episode,
    steps,
    tasks: Array.isArray(tasks) ? tasks.map(String) : [],
    file: dataFile(info, { chunk: whole("data/chunk_index"), file: whole("data/file_index") }),
  };
}

function withTask(folder: string, episodes: EpisodePlace[], task: string | undefined): EpisodePlace[] {
  if (task === undefined) return episodes;
  const found = episodes.filter(({ tasks }) => tasks.includes(task));
  if (found.length > 0) return found;
  const known = [...new Set(episodes.flatMap(({ tasks }) => tasks))].map((each) => JSON.stringify(each));
  throw new InputError(
    `${folder}: found no episode of the task ${JSON.stringify(task)}, expected ${known.join(" or ")}`,
  );
}
