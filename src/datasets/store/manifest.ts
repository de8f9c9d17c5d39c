/** `dataset.json`: what the episodes of a store have in common. Its version is in the file; old versions stay readable. */
import { z } from "zod";
import { InputError } from "../../base/index.ts";
import { type Box, box, type EnvironmentSpec } from "../../world/index.ts";

const FORMAT = "apprentice-dataset";
const VERSION = 1;

/** Where the episodes come from, in words. */
export interface StoreProvenance {
  /** What made them: a command, a program, the stores that were merged. */
  readonly source: string;
  readonly notes: readonly string[];
}

export interface Manifest {
  /** The task, its spaces with units and bounds, control rate, clock and modes. */
  readonly spec: EnvironmentSpec;
  readonly provenance: StoreProvenance;
  /** [Da], where the recorder rounded actions: the step of each dimension's lattice, in its unit (`Column.resolution`). */
  readonly actionResolution?: readonly number[];
}

/** A bound of null is none: JSON has no infinity. */
const Dimension = z.strictObject({
  name: z.string().min(1),
  unit: z.string(),
  low: z.number().nullable(),
  high: z.number().nullable(),
});
const Space = z.array(Dimension).min(1);

const ManifestFile = z.strictObject({
  format: z.literal(FORMAT),
  version: z.literal(VERSION),
  task: z.string().min(1),
  /** A list, not an object: its order is the order in which a policy reads the arrays. */
  observation: z.array(z.strictObject({ name: z.string().min(1), dimensions: Space })).min(1),
  action: Space,
  actionResolution: z.array(z.number().positive()).optional(),
  /** Hz. */
  controlRate: z.number().positive(),
  maxSteps: z.int().positive(),
  modes: z.array(z.string()).optional(),
  provenance: z.strictObject({ source: z.string(), notes: z.array(z.string()) }),
});

/** The text of `dataset.json`. Throws InputError, with `where` in front, for a spec that it cannot give back. */
export function manifestText({ spec, provenance, actionResolution }: Manifest, where: string): string {
  const { name: task, observation, action, controlRate, maxSteps, modes } = spec;
  const arrays = Object.entries(observation).map(([name, space]) => ({ name, dimensions: dimensionsOf(space) }));
  const spaces = { observation: arrays, action: dimensionsOf(action), actionResolution };
  const file = { ...spaces, controlRate, maxSteps, modes, provenance };
  const text = JSON.stringify({ format: FORMAT, version: VERSION, task, ...file }, null, 2);
  parseManifest(text, where);
  return `${text}\n`;
}

/** Throws InputError that begins with `where` (the file) and names the field, what was found and what was expected. */
export function parseManifest(text: string, where: string): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new InputError(`${where}: not valid JSON, expected what describes a dataset`);
  }
  checkKind(json, where);
  const parsed = ManifestFile.safeParse(json);
  if (!parsed.success) {
    const [{ path, message }] = parsed.error.issues;
    throw new InputError(`${where}: ${path.join(".") || "the file"}: ${message}`);
  }
  const { task, observation, action, actionResolution, controlRate, maxSteps, modes, provenance } = parsed.data;
  if (actionResolution && actionResolution.length !== action.length) {
    throw new InputError(
      `${where}: actionResolution: found ${actionResolution.length} numbers, expected ${action.length} as in action`,
    );
  }
  const boxes = observation.map(({ name, dimensions }) => [
    name,
    boxOf(dimensions, `${where}: observation ${JSON.stringify(name)}`),
  ]);
  const spec = {
    name: task,
    observation: Object.fromEntries(boxes),
    action: boxOf(action, `${where}: action`),
    controlRate,
    maxSteps,
    ...(modes && { modes }),
  };
  return { spec, provenance, ...(actionResolution && { actionResolution }) };
}

/** First of all whether it is ours, and of a version we know. */
function checkKind(json: unknown, where: string): void {
  const { format, version } = (json ?? {}) as Record<string, unknown>;
  if (format !== FORMAT) {
    throw new InputError(`${where}: format: found ${JSON.stringify(format) ?? "nothing"}, expected "${FORMAT}"`);
  }
  if (version !== VERSION) {
    throw new InputError(`${where}: version: found ${JSON.stringify(version) ?? "nothing"}, expected ${VERSION}`);
  }
}

const dimensionsOf = ({ names, units, low, high }: Box) =>
  names.map((name, i) => ({ name, unit: units[i], low: bound(low[i]), high: bound(high[i]) }));
const bound = (value: number): number | null => (Number.isFinite(value) ? value : null);

function boxOf(dimensions: z.infer<typeof Space>, where: string): Box {
  try {
    return box(
      ...dimensions.map(({ low, high, ...rest }) => ({ ...rest, low: low ?? -Infinity, high: high ?? Infinity })),
    );
  } catch (error) {
    throw new InputError(`${where}: ${error instanceof Error ? error.message : error}`);
  }
}
