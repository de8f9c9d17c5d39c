/** Datasets of datasets: several drawn from in given shares, and a choice of what is observed. */
import { InputError, joined, nearestName } from "../base/index.ts";
import { type Column, type Control, controlOf, createDataset, type Dataset, lengthOf } from "./dataset.ts";

/**
 * Several datasets of one task as one, each drawn from in proportion to its weight, whatever its size. Throws an InputError
 * where they differ in task, columns, units or control rate, or a weight is not above 0.
 */
export function combineDatasets(parts: readonly { dataset: Dataset; weight: number }[]): Dataset {
  const [{ dataset: first }] = parts;
  if (parts.length === 1) return first;
  for (const { dataset, weight } of parts) {
    const where = `dataset ${dataset.provenance.source}`;
    if (!(weight > 0 && weight < Infinity)) {
      throw new InputError(`${where}: weight ${weight}, expected a number above 0`);
    }
    const alike = (of: (one: Dataset) => unknown, name: string) => {
      const [found, expected] = [JSON.stringify(of(dataset)), JSON.stringify(of(first))];
      if (found === expected) return;
      throw new InputError(`${where}: ${name} ${found}, expected ${expected} as in ${first.provenance.source}`);
    };
    alike(({ task }) => task, "task");
    alike(({ observation }) => [observation.names, observation.units], "observation");
    alike(({ action }) => [action.names, action.units, action.resolution], "action");
    alike(({ controlRate }) => controlRate, "control rate");
  }
  const ends: number[] = [];
  for (const { dataset } of parts) ends.push((ends.at(-1) ?? 0) + lengthOf(dataset));
  const column = (of: (one: Dataset) => Column): Column => ({
    ...of(first),
    values: joined(
      Float32Array,
      parts.map(({ dataset }) => of(dataset).values),
    ),
  });
  const texts = (of: (one: Dataset) => readonly string[]) => [...new Set(parts.flatMap(({ dataset }) => of(dataset)))];
  return createDataset({
    ...first,
    observation: column(({ observation }) => observation),
    action: column(({ action }) => action),
    episodeEnds: joined(
      Int32Array,
      parts.map(({ dataset }, part) => dataset.episodeEnds.map((end) => end + (ends[part - 1] ?? 0))),
    ),
    ...combinedControl(parts.map(({ dataset }) => dataset)),
    provenance: {
      format: texts(({ provenance }) => [provenance.format]).join(", "),
      source: texts(({ provenance }) => [provenance.source]).join(", "),
      actors: texts(({ provenance }) => provenance.actors),
      notes: texts(({ provenance }) => provenance.notes),
    },
    parts: parts.map(({ weight }, part) => ({ end: ends[part], weight })),
  });
}

/** Of parts that say nothing of it, an expert drove every step. */
function combinedControl(parts: readonly Dataset[]): Pick<Dataset, "control"> {
  const known = parts.map(({ control, action }): Control => {
    const rows = action.values.length / action.names.length;
    return (
      control ?? {
        expert: new Uint8Array(rows).fill(1),
        label: new Float32Array(action.values.length).fill(Number.NaN),
      }
    );
  });
  return controlOf(known);
}

/**
 * The columns of an observation that a choice names, in their own order: a whole name (`motion.speed`) or its beginning up
 * to a dot (`motion`). All for an empty choice. Throws an InputError for a choice that names none.
 */
export function chosenColumns(names: readonly string[], choice: readonly string[]): number[] {
  const isMeant = (name: string, chosen: string) => name === chosen || name.startsWith(`${chosen}.`);
  const empty = choice.find((chosen) => !names.some((name) => isMeant(name, chosen)));
  if (empty !== undefined) {
    const groups = [...new Set(names.map((name) => name.split(".")[0]))];
    // What stands after the dot is often all that is remembered.
    const ends = new Map(names.map((name) => [name.slice(name.indexOf(".") + 1), name]));
    const nearest = nearestName(empty, [...groups, ...names, ...ends.keys()]);
    const hint = nearest ? `; did you mean "${ends.get(nearest) ?? nearest}"?` : "";
    throw new InputError(`observation "${empty}": expected some of ${groups.join(", ")}${hint}`);
  }
  const all = Array.from(names.keys());
  return choice.length === 0 ? all : all.filter((i) => choice.some((chosen) => isMeant(names[i], chosen)));
}

/** The dataset with the chosen columns of its observation alone (`chosenColumns`). */
export function selectObservation(dataset: Dataset, choice: readonly string[]): Dataset {
  const { names, units, values } = dataset.observation;
  const columns = chosenColumns(names, choice);
  if (columns.length === names.length) return dataset;
  const rows = values.length / names.length;
  const selected = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, place) => {
      selected[row * columns.length + place] = values[row * names.length + column];
    });
  }
  const pick = (all: readonly string[]) => columns.map((column) => all[column]);
  return { ...dataset, observation: { names: pick(names), units: pick(units), values: selected } };
}
