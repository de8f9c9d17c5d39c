/**
 * What the columns of our exports are, in a JSON text that goes along with them: other formats have no units, no names for
 * single numbers, no order of arrays. Their own readers pass over it; ours gives back the dataset that was exported.
 */
import { z } from "zod";
import { InputError } from "../../base/index.ts";
import type { Column, Dataset } from "../dataset.ts";

const FORMAT = "apprentice-columns";

const Dimension = z.object({
  name: z.string().min(1),
  unit: z.string(),
  resolution: z.number().positive().optional(),
});
const DescriptionFile = z.object({
  format: z.literal(FORMAT),
  version: z.literal(1),
  task: z.string().min(1),
  /** Hz. */
  controlRate: z.number().positive(),
  /** In the order of the columns; `key` and `index` are the place in the file. */
  observation: z.array(Dimension.extend({ key: z.string(), index: z.int().nonnegative() })),
  action: z.array(Dimension),
  actors: z.array(z.string()),
  notes: z.array(z.string()),
});
export type Description = z.infer<typeof DescriptionFile>;

/** One number of an observation array of a file. */
export interface Place {
  readonly key: string;
  /** Within the array. */
  readonly index: number;
}

/** `places`: where each column of the observation is put. */
export function describe(
  { task, controlRate, observation, action, provenance }: Dataset,
  places: readonly Place[],
): string {
  const { actors, notes, source, format } = provenance;
  const description: Description = {
    format: FORMAT,
    version: 1,
    task,
    controlRate,
    observation: dimensionsOf(observation).map((dimension, i) => ({ ...dimension, ...places[i] })),
    action: dimensionsOf(action),
    actors: [...actors],
    notes: [`exported from ${source} (${format})`, ...notes],
  };
  return JSON.stringify(description);
}

const dimensionsOf = ({ names, units, resolution }: Column) =>
  names.map((name, i) => ({ name, unit: units[i], ...(resolution && { resolution: resolution[i] }) }));

/** Throws InputError that begins with `where`. */
export function parseDescription(text: string, where: string): Description {
  const { data, error } = DescriptionFile.safeParse(parseJson(text, where));
  if (data) return data;
  const [{ path, message }] = error.issues;
  throw new InputError(`${where}: ${path.join(".") || "the text"}: ${message}`);
}

/** Throws InputError that begins with `where`. */
export function parseJson(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new InputError(`${where}: not valid JSON`);
  }
}

/** A column in the making: where it comes from, and what it is called where no description says better. */
export interface Source extends Place {
  readonly name: string;
}

/**
 * The sources in the order of the dataset's columns, with names, units and resolutions of those that the description knows.
 * Others keep their name, have the unit "1" and come last. `keepOrder`: as they are, because somebody asked for it.
 */
export function arrange(
  sources: readonly Source[],
  description: Description | null,
  { keepOrder }: { keepOrder: boolean },
): { sources: Source[]; column: Omit<Column, "values"> } {
  const known = new Map(
    description?.observation.map((each, place) => [`${each.key}/${each.index}`, { ...each, place }]),
  );
  const found = sources.map((source) => ({ source, known: known.get(`${source.key}/${source.index}`) }));
  const place = (each: (typeof found)[number]) => each.known?.place ?? known.size;
  if (!keepOrder) found.sort((a, b) => place(a) - place(b));
  return {
    sources: found.map(({ source }) => source),
    column: columnOf(found.map(({ source, known }) => known ?? { name: source.name, unit: "1" })),
  };
}

/** The description's names and units for the action where it has as many as there are; else `names` without units. */
export function actionColumn(names: readonly string[], description: Description | null): Omit<Column, "values"> {
  const described = description?.action.length === names.length ? description.action : null;
  return columnOf(described ?? names.map((name) => ({ name, unit: "1" })));
}

function columnOf(dimensions: readonly z.infer<typeof Dimension>[]): Omit<Column, "values"> {
  const resolution = dimensions.flatMap((each) => each.resolution ?? []);
  return {
    names: dimensions.map(({ name }) => name),
    units: dimensions.map(({ unit }) => unit),
    ...(dimensions.length > 0 && resolution.length === dimensions.length && { resolution }),
  };
}
