/** Demonstrations in memory: one row per step, episodes one after another. */
import { type Episode, observationAt, observationNames, observationSize, packObservation } from "../world/index.ts";

/** A matrix [N, D], row-major, with a name and a unit per column. */
export interface Column {
  readonly names: readonly string[];
  readonly units: readonly string[];
  readonly values: Float32Array;
  /**
   * [D], where the recorder rounded: the step of each dimension's lattice, in its unit. Densities are fitted and judged
   * on values spread over it (ALGORITHMS.md 3.6).
   */
  readonly resolution?: readonly number[];
}

/** Where the rows come from: the reader, the file or folder, who acted, and what a report must say beside its numbers. */
export interface Provenance {
  readonly format: string;
  readonly source: string;
  readonly actors: readonly string[];
  readonly notes: readonly string[];
}

export interface Dataset {
  readonly task: string;
  /** [N, Do]. Names are `array.dimension`, so that a part can be picked by its beginning. */
  readonly observation: Column;
  /** [N, Da]: the action executed after the observation of the same row, in the task's units. */
  readonly action: Column;
  /** [E], strictly increasing: the row after the last one of each episode; the last entry is N. */
  readonly episodeEnds: Int32Array;
  /** Steps per second, Hz. */
  readonly controlRate: number;
  readonly provenance: Provenance;
  /** Where it was combined of several: the row after each part's last, and how often it is drawn from beside the others. */
  readonly parts?: readonly { readonly end: number; readonly weight: number }[];
}

/** N: the steps of all episodes. */
export function lengthOf({ episodeEnds }: Pick<Dataset, "episodeEnds">): number {
  return episodeEnds[episodeEnds.length - 1];
}

/** The rows of the given episodes, in their order. */
export function rowsOf(episodeEnds: Int32Array, episodes: ArrayLike<number>): Int32Array {
  const spans = Array.from(episodes, (episode) => spanOf(episodeEnds, episode));
  const rows = new Int32Array(spans.reduce((sum, { start, end }) => sum + end - start, 0));
  let next = 0;
  for (const { start, end } of spans) {
    for (let row = start; row < end; row++) rows[next++] = row;
  }
  return rows;
}

/** First row of an episode, and the row after its last. Throws RangeError where there is no such episode. */
export function spanOf(episodeEnds: Int32Array, episode: number): { start: number; end: number } {
  if (!(episode in episodeEnds)) {
    throw new RangeError(`episode: found ${episode}, expected an integer from 0 to ${episodeEnds.length - 1}`);
  }
  return { start: episode === 0 ? 0 : episodeEnds[episode - 1], end: episodeEnds[episode] };
}

/** The dataset of these parts. Throws RangeError where sizes disagree, an episode is empty or a value is not finite. */
export function createDataset(parts: Dataset): Dataset {
  const { episodeEnds, controlRate } = parts;
  if (episodeEnds.length === 0) throw new RangeError("dataset: found no episodes, expected at least one");
  episodeEnds.forEach((end, episode) => {
    const { start } = spanOf(episodeEnds, episode);
    if (end <= start)
      throw new RangeError(`dataset: episode ${episode} ends at row ${end}, expected more than ${start}`);
  });
  if (!(controlRate > 0))
    throw new RangeError(`dataset: found control rate ${controlRate}, expected a positive number`);
  for (const name of ["observation", "action"] as const) checkColumn(name, parts[name], lengthOf(parts));
  return parts;
}

function checkColumn(name: string, { names, units, values }: Column, rows: number): void {
  if (units.length !== names.length) {
    throw new RangeError(`dataset ${name}: found ${units.length} units, expected ${names.length}`);
  }
  if (values.length !== rows * names.length) {
    throw new RangeError(`dataset ${name}: found ${values.length} numbers, expected ${rows} x ${names.length}`);
  }
  const broken = values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    const [row, column] = [Math.floor(broken / names.length), names[broken % names.length]];
    throw new RangeError(`dataset ${name}, row ${row}, ${column}: found ${values[broken]}, expected a finite number`);
  }
}

/** The episodes of one task as a dataset. */
export function datasetOf(episodes: readonly Episode[], provenance: Omit<Provenance, "actors">): Dataset {
  if (episodes.length === 0) throw new RangeError("dataset: found no episodes, expected at least one");
  const { name, observation: space, action: actionSpace, controlRate } = episodes[0].spec;
  const size = observationSize(space);
  const rows = episodes.reduce((sum, { length }) => sum + length, 0);
  const observation = new Float32Array(rows * size);
  const action = new Float32Array(rows * actionSpace.names.length);
  const episodeEnds = new Int32Array(episodes.length);
  let start = 0;
  episodes.forEach((episode, i) => {
    if (episode.spec.name !== name) throw new RangeError(`dataset: found tasks ${name} and ${episode.spec.name}`);
    action.set(episode.action, start * actionSpace.names.length);
    for (let step = 0; step < episode.length; step++) {
      packObservation(space, observationAt(episode, step), observation, (start + step) * size);
    }
    start += episode.length;
    episodeEnds[i] = start;
  });
  return createDataset({
    task: name,
    observation: {
      names: observationNames(space),
      units: Object.values(space).flatMap(({ units }) => units),
      values: observation,
    },
    action: { names: actionSpace.names, units: actionSpace.units, values: action },
    episodeEnds,
    controlRate,
    provenance: { ...provenance, actors: [...new Set(episodes.map(({ actor }) => actor))] },
  });
}
