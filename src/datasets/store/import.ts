/** Datasets of other formats as stores of ours. */
import { type Box, box, type EnvironmentSpec } from "../../world/index.ts";
import { type Column, type Dataset, spanOf } from "../dataset.ts";
import type { Recorded } from "../verify/finding.ts";
import { createFilledStore, type Store } from "./store.ts";

/** What a column without an array of its own is called within the array that bears its name. */
const ALONE = "value";

const UNKNOWN =
  "the source says neither seeds nor success: seeds are the episodes' numbers, success is false throughout";

/**
 * Records the episodes of a dataset into a new store at `path`: every step by the expert, at the source's time stamps where
 * it has them. Columns `array.dimension` become arrays, those of one array side by side; where they lay so before, the store
 * reads back as the same dataset, with the same digest. Throws InputError for a folder that is not new or empty,
 * and where the disk is full: nothing of the store stays then.
 */
export async function importToStore(
  data: Dataset & Pick<Recorded, "time" | "actionBounds">,
  path: string,
  onEpisode: (recorded: number, of: number) => void = () => {},
): Promise<Store> {
  const { provenance, episodeEnds, controlRate, action, time } = data;
  const arrays = arraysOf(data.observation);
  const actors = provenance.actors.length > 0 ? provenance.actors : ["unknown"];
  const parts = {
    spec: specOf(data, arrays),
    provenance: {
      source: `imported from ${provenance.source} (${provenance.format})`,
      notes: [...provenance.notes, UNKNOWN],
    },
    actionResolution: action.resolution,
  };
  return createFilledStore(path, parts, async (store) => {
    for (let episode = 0; episode < episodeEnds.length; episode++) {
      const { start, end } = spanOf(episodeEnds, episode);
      const recording = await store.startEpisode({ seed: episode, actors, info: { success: false } });
      try {
        for (let row = start; row < end; row++) {
          await recording.append({
            observation: Object.fromEntries(
              arrays.map(({ name, columns }) => [name, pick(data.observation, row, columns)]),
            ),
            action: action.values.slice(row * action.names.length, (row + 1) * action.names.length),
            controller: "expert",
            chunkPlace: 0,
            reward: 0,
            terminated: false,
            truncated: false,
            time: time ? time[row] - time[start] : (row - start) / controlRate,
          });
        }
        await recording.finish({ success: false });
      } finally {
        await recording.abandon().catch(() => {});
      }
      onEpisode(episode + 1, episodeEnds.length);
    }
  });
}

/** An observation array and the columns it is made of. */
interface NamedArray {
  readonly name: string;
  readonly columns: readonly number[];
  readonly dimensions: readonly string[];
}

function arraysOf({ names }: Column): NamedArray[] {
  const arrays = new Map<string, { columns: number[]; dimensions: string[] }>();
  names.forEach((whole, column) => {
    const dot = whole.indexOf(".");
    const [name, dimension] = dot < 0 ? [whole, ALONE] : [whole.slice(0, dot), whole.slice(dot + 1)];
    const array = arrays.get(name) ?? { columns: [], dimensions: [] };
    array.columns.push(column);
    array.dimensions.push(dimension);
    arrays.set(name, array);
  });
  return Array.from(arrays, ([name, array]) => ({ name, ...array }));
}

function specOf(data: Dataset & Pick<Recorded, "actionBounds">, arrays: readonly NamedArray[]): EnvironmentSpec {
  const { task, observation, action, actionBounds, controlRate, episodeEnds } = data;
  const boxes = arrays.map(({ name, columns, dimensions }): [string, Box] => [
    name,
    box(...dimensions.map((one, i) => ({ name: one, unit: observation.units[columns[i]], ...UNBOUNDED }))),
  ]);
  const bounds = (i: number) => (actionBounds ? { low: actionBounds.low[i], high: actionBounds.high[i] } : UNBOUNDED);
  const lengths = Array.from(episodeEnds, (end, episode) => end - spanOf(episodeEnds, episode).start);
  return {
    name: task,
    observation: Object.fromEntries(boxes),
    action: box(...action.names.map((name, i) => ({ name, unit: action.units[i], ...bounds(i) }))),
    controlRate,
    maxSteps: Math.max(...lengths),
  };
}

const UNBOUNDED = { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY } as const;

const pick = ({ values, names }: Column, row: number, columns: readonly number[]): Float32Array =>
  Float32Array.from(columns, (column) => values[row * names.length + column]);
