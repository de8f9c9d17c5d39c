/**
 * robomimic HDF5 files (ECOSYSTEM.md 2.1): `data/demo_N` is an episode with `actions` [T, Da] and `obs/KEY` [T, k]. What is
 * not low-dimensional (images [T, H, W, C], depth) stays unread. Units are not in the file: "1", unless we exported it.
 */
import { z } from "zod";
import { InputError, joined } from "../../base/index.ts";
import { createDataset, type Dataset } from "../dataset.ts";
import type { Recorded } from "../verify/finding.ts";
import { actionColumn, arrange, type Description, parseDescription, parseJson, type Source } from "./description.ts";
import { type Hdf5File, withHdf5 } from "./hdf5.ts";

/** Of the group `data`, on files that we export (description.ts). */
export const DESCRIPTION_ATTRIBUTE = "apprentice";
/** robosuite's default, at which robomimic's own datasets were recorded, Hz. */
const USUAL_RATE = 20;

export interface RobomimicOptions {
  /** Observation arrays in the order wanted; all low-dimensional ones where left out. */
  readonly observation?: readonly string[];
  /** Only the episodes of this filter key, a list under `mask/`. */
  readonly filter?: string;
  /** Hz, where the file does not say it: `env_kwargs.control_freq` of its `env_args`. */
  readonly controlRate?: number;
}

interface Opened extends Hdf5File {
  readonly path: string;
  /** Whether numbers that are not finite are taken too. */
  readonly anyValues: boolean;
  fail(problem: string): InputError;
}

/** A demonstration's arrays, row-major. */
interface Demonstration {
  readonly steps: number;
  readonly action: Float32Array;
  readonly observation: Float32Array;
}

const EnvArgs = z.object({
  env_name: z.string().min(1),
  env_kwargs: z.object({ control_freq: z.number().positive().optional() }).optional(),
});

/**
 * The demonstrations of a robomimic file, in the order of their numbers. Columns are named `KEY.index`. Throws InputError
 * that names the file, the array within it, what was found and what was expected.
 */
export async function readRobomimic(path: string, options: RobomimicOptions = {}): Promise<Dataset> {
  return createDataset(await readFrom(path, options, { anyValues: false }));
}

/** The same with values as they are, NaN included, for verification to judge. */
export function readRecordedRobomimic(path: string, options: RobomimicOptions = {}): Promise<Recorded> {
  return readFrom(path, options, { anyValues: true });
}

function readFrom(path: string, options: RobomimicOptions, { anyValues }: { anyValues: boolean }): Promise<Dataset> {
  return withHdf5(path, (file) =>
    readOpened({ ...file, path, anyValues, fail: (problem) => new InputError(`${path}: ${problem}`) }, options),
  );
}

function readOpened(file: Opened, options: RobomimicOptions): Dataset {
  const demonstrations = listDemonstrations(file, options.filter);
  const description = readDescription(file);
  const [first] = demonstrations;
  const { taken, skipped } = chooseKeys(file, `${first}/obs`, options.observation);
  const sources = taken.flatMap(({ key, width }) => numbered(key, width));
  const { sources: order, column } = arrange(sources, description, { keepOrder: options.observation !== undefined });
  const action = checkArray(file, `${first}/actions`, null);
  const parts = demonstrations.map((name) => readDemonstration(file, name, { taken, order, actionSize: action.width }));
  const { task, controlRate, notes } = readEnvironment(file, description, options.controlRate);
  let end = 0;
  return {
    task,
    observation: {
      ...column,
      values: joined(
        Float32Array,
        parts.map(({ observation }) => observation),
      ),
    },
    action: {
      ...actionColumn(
        numbered("action", action.width).map(({ name }) => name),
        description,
      ),
      values: joined(
        Float32Array,
        parts.map((part) => part.action),
      ),
    },
    episodeEnds: Int32Array.from(parts, ({ steps }) => (end += steps)),
    controlRate,
    provenance: {
      format: "robomimic hdf5",
      source: file.path,
      actors: description?.actors ?? [],
      notes: [
        ...(options.filter === undefined ? [] : [`only the episodes of mask/${options.filter}`]),
        `observation of ${taken.map(({ key }) => key).join(", ")}`,
        ...(skipped.length > 0 ? [`not read: ${skipped.join(", ")}`] : []),
        ...notes,
        ...(description?.notes ?? []),
      ],
    },
  };
}

const numbered = (key: string, width: number): Source[] =>
  Array.from({ length: width }, (_, index) => ({ key, index, name: `${key}.${index}` }));

/** Paths of the groups, as "data/demo_0". */
function listDemonstrations(file: Opened, filter: string | undefined): string[] {
  const names = file.names("data");
  if (!names) throw file.fail("found no group data, expected a robomimic file with data/demo_0, …");
  const found = names.filter((name) => /^demo_\d+$/.test(name)).sort((a, b) => numberOf(a) - numberOf(b));
  if (found.length === 0) throw file.fail(`data: found no demo_N among ${names.length} names, expected at least one`);
  const kept = filter === undefined ? found : filtered(file, found, filter);
  return kept.map((name) => `data/${name}`);
}

const numberOf = (name: string) => Number(name.slice("demo_".length));

function filtered(file: Opened, found: readonly string[], filter: string): string[] {
  const filters = file.names("mask") ?? [];
  if (!filters.includes(filter)) {
    const known = filters.length > 0 ? `expected one of ${filters.join(", ")}` : "the file has none";
    throw file.fail(`mask: found no filter key ${JSON.stringify(filter)}, ${known}`);
  }
  const wanted = new Set(file.strings(`mask/${filter}`));
  const missing = [...wanted].find((name) => !found.includes(name));
  if (missing !== undefined) throw file.fail(`mask/${filter}: names ${missing}, expected a group data/${missing}`);
  if (wanted.size === 0) throw file.fail(`mask/${filter}: found no episodes, expected at least one`);
  return found.filter((name) => wanted.has(name));
}

function readDescription(file: Opened): Description | null {
  const text = file.attribute("data", DESCRIPTION_ATTRIBUTE);
  if (text === null) return null;
  return parseDescription(String(text), `${file.path}: data, attribute ${DESCRIPTION_ATTRIBUTE}`);
}

/** Which observation arrays are read, by the first demonstration; the others are said to be skipped, and why. */
function chooseKeys(
  file: Opened,
  group: string,
  wanted: readonly string[] | undefined,
): { taken: { key: string; width: number }[]; skipped: string[] } {
  const keys = file.names(group);
  if (!keys) throw file.fail(`found no group ${group}, expected the observations of the episode`);
  const described = keys.map((key) => ({ key, array: file.array(`${group}/${key}`) }));
  if (wanted) {
    const known = described.filter(({ array }) => isLow(array)).map(({ key }) => key);
    const unknown = wanted.find((key) => !known.includes(key));
    if (unknown !== undefined || wanted.length === 0) {
      const problem =
        unknown === undefined ? "no observation array was asked for" : `found no low-dimensional ${unknown}`;
      throw file.fail(`${group}: ${problem}, expected one of ${known.join(", ")}`);
    }
    return { taken: wanted.map((key) => checkArray(file, `${group}/${key}`, null)), skipped: [] };
  }
  const low = described.filter(({ array }) => isLow(array)).map(({ key }) => key);
  if (low.length === 0) throw file.fail(`${group}: found no low-dimensional array among ${keys.length}, expected some`);
  const skipped = described
    .filter(({ array }) => !isLow(array))
    .map(({ key, array }) => `${key} (${array ? `[${array.shape.join(", ")}]` : "a group"})`);
  return { taken: low.map((key) => checkArray(file, `${group}/${key}`, null)), skipped };
}

const isLow = (array: ReturnType<Opened["array"]>): boolean =>
  array?.isNumeric === true && (array.shape.length === 1 || (array.shape.length === 2 && array.shape[1] > 0));

/** An array [T] or [T, width]; both numbers are checked where they are known. */
function checkArray(
  file: Opened,
  name: string,
  expected: { steps: number; width: number } | null,
): { key: string; steps: number; width: number } {
  const array = file.array(name);
  if (!array) throw file.fail(`found no array ${name}`);
  const [steps = 0, width = 1] = array.shape;
  const isExpected = !expected || (steps === expected.steps && width === expected.width);
  if (isLow(array) && isExpected) return { key: name.slice(name.lastIndexOf("/") + 1), steps, width };
  const shape = expected ? `[${expected.steps}, ${expected.width}]` : "[steps, size]";
  const found = array.isNumeric ? `shape [${array.shape.join(", ")}]` : "something that is not numbers";
  throw file.fail(`${name}: found ${found}, expected ${shape}`);
}

function readDemonstration(
  file: Opened,
  name: string,
  {
    taken,
    order,
    actionSize,
  }: { taken: readonly { key: string; width: number }[]; order: readonly Source[]; actionSize: number },
): Demonstration {
  const { steps, width } = checkArray(file, `${name}/actions`, null);
  if (width !== actionSize) {
    throw file.fail(`${name}/actions: found ${width} numbers per step, expected ${actionSize} as in the first episode`);
  }
  const claimed = file.attribute(name, "num_samples");
  if (claimed !== null && claimed !== steps) {
    throw file.fail(`${name}: found num_samples ${claimed} and ${steps} actions, expected the same number`);
  }
  if (steps === 0) throw file.fail(`${name}: found no steps, expected at least one`);
  const action = readValues(file, `${name}/actions`, width);
  const arrays = new Map(
    taken.map((array) => {
      const path = `${name}/obs/${array.key}`;
      checkArray(file, path, { steps, width: array.width });
      return [array.key, { width: array.width, values: readValues(file, path, array.width) }];
    }),
  );
  const observation = new Float32Array(steps * order.length);
  order.forEach(({ key, index }, column) => {
    const array = arrays.get(key);
    if (!array) throw new Error(`${key}: not among the arrays read`);
    for (let step = 0; step < steps; step++) {
      observation[step * order.length + column] = array.values[step * array.width + index];
    }
  });
  return { steps, action, observation };
}

function readValues(file: Opened, name: string, width: number): Float32Array {
  const values = file.numbers(name);
  const broken = file.anyValues ? -1 : values.findIndex((value) => !Number.isFinite(value));
  if (broken < 0) return values;
  const [step, column] = [Math.floor(broken / width), broken % width];
  throw file.fail(`${name}: step ${step}, column ${column}: found ${values[broken]}, expected a finite number`);
}

/** The name of the task and the control rate, by the file, the options or custom, in this order. */
function readEnvironment(
  file: Opened,
  description: Description | null,
  wantedRate: number | undefined,
): { task: string; controlRate: number; notes: string[] } {
  if (description) return { task: description.task, controlRate: description.controlRate, notes: [] };
  const text = file.attribute("data", "env_args");
  const where = `${file.path}: data, attribute env_args`;
  const parsed = text === null ? null : EnvArgs.safeParse(parseJson(String(text), where));
  if (parsed?.error) {
    const [{ path, message }] = parsed.error.issues;
    throw new InputError(`${where}: ${path.join(".") || "the text"}: ${message}`);
  }
  const recorded = parsed?.data.env_kwargs?.control_freq;
  return {
    task: parsed?.data.env_name ?? "robomimic",
    controlRate: recorded ?? wantedRate ?? USUAL_RATE,
    notes: [
      ...(parsed ? [] : ["the file does not name its task (no env_args)"]),
      ...((recorded ?? wantedRate)
        ? []
        : [`the file has no control rate: ${USUAL_RATE} Hz, robosuite's default, is assumed`]),
    ],
  };
}
