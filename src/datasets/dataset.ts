/** Demonstrations in memory: one row per step, episodes one after another. */
import { joined } from "../base/index.ts";
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

/** Who drove, and what the expert said besides. */
export interface Control {
  /** [N]: 1 where an expert drove, 0 where a policy did. */
  readonly expert: Uint8Array;
  /** [N, Da], in the task's units: what the expert would have done; rows of NaN where it did not say. */
  readonly label: Float32Array;
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
  /** Left out where an expert drove every step and said no more than it did. */
  readonly control?: Control;
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
  if (parts.control) checkControl(parts.control, lengthOf(parts), parts.action.names.length);
  return parts;
}

function checkControl({ expert, label }: Control, rows: number, size: number): void {
  if (expert.length === rows && label.length === rows * size) return;
  throw new RangeError(
    `dataset control: found ${expert.length} steps and ${label.length} numbers of labels, expected ${rows} and ${rows} x ${size}`,
  );
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

/** The control of parts, one after another; nothing where an expert drove every step and said no more. */
export function controlOf(parts: readonly Control[]): Pick<Dataset, "control"> {
  const expert = joined(
    Uint8Array,
    parts.map((part) => part.expert),
  );
  const label = joined(
    Float32Array,
    parts.map((part) => part.label),
  );
  const isPlain = expert.every((drove) => drove === 1) && label.every((value) => Number.isNaN(value));
  return isPlain ? {} : { control: { expert, label } };
}

/** The episodes of one task as a dataset, with who drove and what was said where a policy took part. */
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
    ...controlOf(
      episodes.map(({ controller, action, label }) => ({
        expert: Uint8Array.from(controller, (who) => (who === "expert" ? 1 : 0)),
        label: label ?? new Float32Array(action.length).fill(Number.NaN),
      })),
    ),
    provenance: { ...provenance, actors: [...new Set(episodes.map(({ actor }) => actor))] },
  });
}
