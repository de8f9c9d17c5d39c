/** `meta/` of a LeRobot dataset: info, tasks, episodes, statistics. */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { lengthOf } from "../dataset.ts";
import { dataFile, INFO_FILE, VERSION } from "../formats/lerobot-info.ts";
import { type EpisodeRows, type Parts, USUAL, usualColumns, valuesOf } from "./lerobot-parts.ts";
import { type ColumnType, writeParquet } from "./parquet.ts";
import { type Statistics, statisticsOf } from "./statistics.ts";

export const DATA_PATH = "data/chunk-{chunk_index:03d}/file-{file_index:03d}.parquet";
const EPISODES_PATH = `meta/episodes/${DATA_PATH.slice("data/".length)}`;
/** LeRobot's own limits: files in a chunk, and MB in a file of rows. */
export const CHUNK_SIZE = 1000;
export const FILE_MEGABYTES = 100;

/** pandas' own note on a table: `task` is the index. */
const PANDAS = {
  index_columns: ["task"],
  column_indexes: [
    { name: null, field_name: null, pandas_type: "unicode", numpy_type: "object", metadata: { encoding: "UTF-8" } },
  ],
  columns: [
    { name: "task_index", field_name: "task_index", pandas_type: "int64", numpy_type: "int64", metadata: null },
    { name: "task", field_name: "task", pandas_type: "unicode", numpy_type: "object", metadata: null },
  ],
  creator: { library: "pyarrow", version: "21.0.0" },
  pandas_version: "2.2.2",
};

export async function writeMeta(folder: string, parts: Parts): Promise<void> {
  const { dataset } = parts;
  await mkdir(join(folder, "meta"), { recursive: true });
  await writeFile(join(folder, INFO_FILE), `${JSON.stringify(infoOf(parts), null, 2)}\n`);
  await writeFile(join(folder, "meta", "stats.json"), statisticsText(statisticsOfRows(parts, parts.episodes)));
  writeParquet(
    join(folder, "meta", "tasks.parquet"),
    { schema: { task_index: "INT64", task: "STRING" }, metadata: { pandas: JSON.stringify(PANDAS) } },
    [{ task_index: [0n], task: [dataset.task] }],
  );
  await writeEpisodes(folder, parts);
}

function infoOf({ dataset, features, episodes }: Parts): object {
  const numbers = features.map(({ name, from, columns }) => [
    name,
    { dtype: "float32", shape: [columns.length], names: columns.map((column) => from.names[column]) },
  ]);
  const usual = Object.entries(USUAL).map(([name, { dtype }]) => [name, { dtype, shape: [1], names: null }]);
  return {
    codebase_version: VERSION,
    robot_type: null,
    total_episodes: episodes.length,
    total_frames: lengthOf(dataset),
    total_tasks: 1,
    chunks_size: CHUNK_SIZE,
    data_files_size_in_mb: FILE_MEGABYTES,
    video_files_size_in_mb: 200,
    fps: dataset.controlRate,
    splits: { train: `0:${episodes.length}` },
    data_path: DATA_PATH,
    video_path: null,
    features: Object.fromEntries([...numbers, ...usual]),
  };
}

/** Of the rows of some episodes that follow each other, by feature. */
function statisticsOfRows({ dataset, features }: Parts, episodes: readonly EpisodeRows[]): Record<string, Statistics> {
  const [{ start }, { end }] = [episodes[0], episodes[episodes.length - 1]];
  const usual = episodes.map((rows) => usualColumns(rows, dataset.controlRate));
  return Object.fromEntries([
    ...features.map((feature) => [
      feature.name,
      statisticsOf(valuesOf(feature, { start, end }), feature.columns.length),
    ]),
    ...(Object.keys(USUAL) as (keyof typeof USUAL)[]).map((name) => [
      name,
      statisticsOf(
        usual.flatMap((columns) => columns[name]),
        1,
      ),
    ]),
  ]);
}

/** JSON whose whole numbers have a point: Python would take a list without one for integers, and normalise with them. */
function statisticsText(all: Readonly<Record<string, Statistics>>): string {
  const float = (value: number) => String(value).replace(/^-?\d+$/, "$&.0");
  const features = Object.entries(all).map(([name, { count, ...floats }]) => {
    const lists = Object.entries(floats).map(([kind, values]) => `"${kind}": [${values.map(float).join(", ")}]`);
    return `  ${JSON.stringify(name)}: {${[...lists, `"count": [${count.join(", ")}]`].join(", ")}}`;
  });
  return `{\n${features.join(",\n")}\n}\n`;
}

/** One row per episode, all in one file. */
async function writeEpisodes(folder: string, parts: Parts): Promise<void> {
  const statistics = parts.episodes.map((rows) => statisticsOfRows(parts, [rows]));
  const column = (values: (rows: EpisodeRows) => number) => parts.episodes.map((rows) => BigInt(values(rows)));
  const columns: Record<string, { type: ColumnType; data: unknown[] }> = {
    episode_index: { type: "INT64", data: column(({ episode }) => episode) },
    tasks: { type: { list: "STRING" }, data: parts.episodes.map(() => [parts.dataset.task]) },
    length: { type: "INT64", data: column(({ start, end }) => end - start) },
    "data/chunk_index": { type: "INT64", data: column(({ place }) => place.chunk) },
    "data/file_index": { type: "INT64", data: column(({ place }) => place.file) },
    dataset_from_index: { type: "INT64", data: column(({ start }) => start) },
    dataset_to_index: { type: "INT64", data: column(({ end }) => end) },
  };
  for (const [feature, each] of Object.entries(statistics[0])) {
    for (const kind of Object.keys(each) as (keyof Statistics)[]) {
      const isCount = kind === "count";
      columns[`stats/${feature}/${kind}`] = {
        type: { list: isCount ? "INT64" : "DOUBLE" },
        data: statistics.map((all) => all[feature][kind].map((value) => (isCount ? BigInt(value) : value))),
      };
    }
  }
  for (const which of ["chunk", "file"]) {
    columns[`meta/episodes/${which}_index`] = { type: "INT64", data: column(() => 0) };
  }
  const path = join(folder, dataFile({ data_path: EPISODES_PATH }, { chunk: 0, file: 0 }));
  await mkdir(dirname(path), { recursive: true });
  const pick = <T>(part: (each: (typeof columns)[string]) => T) =>
    Object.fromEntries(Object.entries(columns).map(([name, each]) => [name, part(each)]));
  writeParquet(path, { schema: pick(({ type }) => type) }, [pick(({ data }) => data)]);
}
