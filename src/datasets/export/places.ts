/** Where the columns of a dataset go in a format that knows named arrays of numbers. */
import { InputError } from "../../base/index.ts";
import { type Column, type Dataset, lengthOf, spanOf } from "../dataset.ts";
import type { Place } from "../formats/description.ts";

/** An array of the file and the columns of the dataset that it holds, in their order. */
export interface Group {
  readonly key: string;
  readonly columns: readonly number[];
}

/** `speed` of `vehicle.speed`'s array: what a name begins with, up to its first dot. */
export const arrayOf = (name: string): string => name.split(".", 1)[0];

/** The columns by their keys, in the order in which these appear, and the place of each column. */
export function groupColumns(
  names: readonly string[],
  keyOf: (name: string) => string,
): { groups: Group[]; places: Place[] } {
  const groups = new Map<string, number[]>();
  const places = names.map((name, column) => {
    const key = keyOf(name);
    const columns = groups.get(key) ?? [];
    groups.set(key, [...columns, column]);
    return { key, index: columns.length };
  });
  return { groups: Array.from(groups, ([key, columns]) => ({ key, columns })), places };
}

/** Some columns of the rows of one episode, row-major. */
export function cut(
  { names, values }: Column,
  { start, end }: { start: number; end: number },
  columns: readonly number[],
) {
  const part = new Float32Array((end - start) * columns.length);
  for (let row = start, next = 0; row < end; row++) {
    for (const column of columns) part[next++] = values[row * names.length + column];
  }
  return part;
}

export function* episodesOf({ episodeEnds }: Dataset): Generator<{ episode: number; start: number; end: number }> {
  for (let episode = 0; episode < episodeEnds.length; episode++) yield { episode, ...spanOf(episodeEnds, episode) };
}

/** Throws InputError unless what was read back from `path` has the numbers, names and ends of what was to be written. */
export function checkWritten(path: string, written: Dataset, wanted: Dataset): void {
  const faults = [
    ["episodes", String(written.episodeEnds), String(wanted.episodeEnds)],
    ["observation names", String(written.observation.names), String(wanted.observation.names)],
    ["action names", String(written.action.names), String(wanted.action.names)],
  ].filter(([, found, expected]) => found !== expected);
  const isEqual = (found: Column, expected: Column) =>
    found.values.every((value, i) => Object.is(value, expected.values[i]));
  const [fault] = faults;
  if (fault) throw new InputError(`${path}: written badly: ${fault[0]}: read back ${fault[1]}, expected ${fault[2]}`);
  for (const name of ["observation", "action"] as const) {
    if (isEqual(written[name], wanted[name])) continue;
    throw new InputError(`${path}: written badly: ${name}: other numbers were read back (${lengthOf(wanted)} steps)`);
  }
}
