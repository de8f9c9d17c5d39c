/** The rows of a LeRobot dataset's data files (ECOSYSTEM.md 2.2). */
import { join } from "node:path";
import { InputError } from "../../base/index.ts";
import type { Source } from "./description.ts";
import { ACTION, type Info, OBSERVATION } from "./lerobot-info.ts";
import { type Row, withParquet } from "./parquet.ts";

/** What `meta/episodes/` says of an episode. */
export interface EpisodePlace {
  readonly episode: number;
  readonly steps: number;
  readonly tasks: readonly string[];
  /** Relative to the folder. */
  readonly file: string;
}

/** Row-major, the episodes one after another. */
export interface Rows {
  readonly observation: Float32Array;
  readonly action: Float32Array;
  /** s since the episode's beginning, as recorded. */
  readonly time: Float64Array;
}

interface Wanted {
  readonly info: Info;
  readonly episodes: readonly EpisodePlace[];
  /** The observation's columns; keys are without "observation.". */
  readonly sources: readonly Source[];
  readonly actionSize: number;
  /** Whether numbers that are not finite are taken too; what is no number becomes NaN then. */
  readonly anyValues: boolean;
}

/** Throws InputError that names file, episode, row and column. Every file is read once. */
export async function readRows(folder: string, wanted: Wanted): Promise<Rows> {
  const { episodes, sources, actionSize } = wanted;
  let steps = 0;
  const places = new Map(
    episodes.map((each) => {
      const start = steps;
      steps += each.steps;
      return [each.episode, { ...each, start, seen: 0 }];
    }),
  );
  const rows: Rows = {
    observation: new Float32Array(steps * sources.length),
    action: new Float32Array(steps * actionSize),
    time: new Float64Array(steps),
  };
  const keys = [...new Set(sources.map(({ key }) => OBSERVATION + key))];
  const columns = [...keys, ACTION, "episode_index", "frame_index", "timestamp"];
  for (const name of new Set(episodes.map(({ file }) => file))) {
    const path = join(folder, name);
    await withParquet(path, async ({ blocks }) => {
      for await (const block of blocks(columns)) {
        for (const row of block) {
          const place = places.get(Number(row.episode_index));
          if (!place || place.file !== name) continue;
          const where = `${path}: episode ${place.episode}, row ${place.seen}`;
          if (Number(row.frame_index) !== place.seen || place.seen >= place.steps) {
            const expected = place.seen < place.steps ? `frame_index ${place.seen}` : `${place.steps} rows`;
            throw new InputError(`${where}: found frame_index ${row.frame_index}, expected ${expected}`);
          }
          putRow(rows, place.start + place.seen++, { row, wanted, where });
        }
      }
    });
  }
  for (const { episode, seen, steps: expected, file } of places.values()) {
    if (seen === expected) continue;
    throw new InputError(`${join(folder, file)}: episode ${episode}: found ${seen} rows, expected ${expected}`);
  }
  return rows;
}

function putRow(
  { observation, action, time }: Rows,
  place: number,
  { row, wanted, where }: { row: Row; wanted: Wanted; where: string },
): void {
  const { info, sources, actionSize, anyValues } = wanted;
  const list = (name: string) => numbersOf(row[name], info.features[name].shape[0], `${where}, ${name}`);
  const number = (values: ArrayLike<unknown>, index: number, name: string) => {
    const value = numberOf(values[index]);
    if (anyValues || Number.isFinite(Math.fround(value))) return value;
    throw new InputError(`${where}, ${name}[${index}]: found ${values[index]}, expected a finite number`);
  };
  const lists: Record<string, ArrayLike<unknown>> = {};
  sources.forEach(({ key, index }, column) => {
    const name = OBSERVATION + key;
    lists[key] ??= list(name);
    observation[place * sources.length + column] = number(lists[key], index, name);
  });
  const actions = list(ACTION);
  for (let index = 0; index < actionSize; index++) action[place * actionSize + index] = number(actions, index, ACTION);
  time[place] = numberOf(row.timestamp);
}

/** A feature of one number is a plain column in the file, not one of lists. */
function numbersOf(value: unknown, size: number, where: string): ArrayLike<unknown> {
  const list = Array.isArray(value) || ArrayBuffer.isView(value) ? (value as unknown as ArrayLike<unknown>) : [value];
  if (list.length === size) return list;
  throw new InputError(`${where}: found ${list.length} numbers, expected ${size}`);
}

const numberOf = (value: unknown): number =>
  ["number", "bigint", "boolean"].includes(typeof value) ? Number(value) : Number.NaN;
