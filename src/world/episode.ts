/** What is recorded of acting: steps while it happens, an episode of columns afterwards. */
import type { Controller } from "./actor.ts";
import type { EnvironmentSpec, Info } from "./environment.ts";
import type { Box, Observation } from "./space.ts";

/** One row of an episode: what was seen, what was executed, and what came of it. */
export interface Step {
  readonly observation: Observation;
  /** The executed action [Da], after clamping. */
  readonly action: Float32Array;
  readonly controller: Controller;
  /** How many actions after its planning this one was executed; 0 for an actor that does not plan chunks. */
  readonly chunkPlace: number;
  readonly reward: number;
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** Seconds since the reset, when the observation was taken. */
  readonly time: number;
  /** What the policy proposed [Da]; null or left out if it was not asked. */
  readonly proposed?: Float32Array | null;
  /** The expert's label [Da]: what it would do here, whoever acted; null or left out if there is none. */
  readonly label?: Float32Array | null;
  /** What the gate read: doubts, risks, thresholds. */
  readonly gate?: Readonly<Record<string, number>>;
}

/** A recorded run of one attempt at a task: L steps as columns, row-major. */
export interface Episode {
  readonly spec: EnvironmentSpec;
  readonly seed: number;
  /** Name of the actor: the scripted expert, the operator or the policy. */
  readonly actor: string;
  /** L. */
  readonly length: number;
  /** Per array of the observation space: [L, D]. */
  readonly observation: Readonly<Record<string, Float32Array>>;
  /** [L, Da]. */
  readonly action: Float32Array;
  /** [L]. */
  readonly reward: Float32Array;
  /** [L], s. */
  readonly time: Float64Array;
  /** [L]. */
  readonly chunkPlace: Int32Array;
  /** [L]. */
  readonly controller: readonly Controller[];
  /** [L, Da], a row of NaN where the policy was not asked; left out where it never was. */
  readonly proposed?: Float32Array;
  /** [L, Da], a row of NaN where there is no label; left out where there is none at all. */
  readonly label?: Float32Array;
  /** Per reading of the gate [L], NaN where it was not read. */
  readonly gate?: Readonly<Record<string, Float64Array>>;
  /** Who supervised, and which version of the policy acted; left out where nobody did, or nobody said. */
  readonly operator?: string;
  readonly policyVersion?: string;
  /** How it ended; both false when it was stopped from outside. */
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** What the environment said last. */
  readonly info: Info;
}

/** What was seen before a step of an episode: views of its columns. */
export function observationAt({ spec, observation }: Pick<Episode, "spec" | "observation">, step: number): Observation {
  return Object.fromEntries(
    Object.entries(spec.observation).map(([array, { names }]) => [
      array,
      observation[array].subarray(step * names.length, (step + 1) * names.length),
    ]),
  );
}

/** Whether the expert said in a step what it would do. */
export function hasLabel(
  { label, spec }: Pick<Episode, "label"> & { readonly spec: { readonly action: Pick<Box, "names"> } },
  step: number,
): boolean {
  return label !== undefined && !Number.isNaN(label[step * spec.action.names.length]);
}

/** The columns of at least one step. Throws RangeError where an end lies before the last step or a size is wrong. */
export function episodeOf(header: Pick<Episode, "spec" | "seed" | "actor" | "info">, steps: readonly Step[]): Episode {
  const last = steps.at(-1);
  if (!last) throw new RangeError("episode: found no steps, expected at least one");
  const early = steps.findIndex(({ terminated, truncated }) => terminated || truncated);
  if (early >= 0 && early < steps.length - 1) {
    throw new RangeError(`episode: ended at step ${early}, but has ${steps.length} steps`);
  }
  const { observation: boxes, action } = header.spec;
  return {
    ...header,
    length: steps.length,
    observation: Object.fromEntries(
      Object.entries(boxes).map(([array, { names }]) => [
        array,
        column(
          array,
          names.length,
          steps.map(({ observation }) => observation[array]),
        ),
      ]),
    ),
    action: column(
      "action",
      action.names.length,
      steps.map(({ action }) => action),
    ),
    reward: Float32Array.from(steps, ({ reward }) => reward),
    time: Float64Array.from(steps, ({ time }) => time),
    chunkPlace: Int32Array.from(steps, ({ chunkPlace }) => chunkPlace),
    controller: steps.map(({ controller }) => controller),
    ...whereKnown(
      "proposed",
      action.names.length,
      steps.map(({ proposed }) => proposed),
    ),
    ...whereKnown(
      "label",
      action.names.length,
      steps.map(({ label }) => label),
    ),
    ...readings(steps),
    terminated: last.terminated,
    truncated: last.truncated,
  };
}

/** The column of rows that not every step has; nothing where none has one. */
function whereKnown<Name extends string>(
  name: Name,
  size: number,
  rows: readonly (Float32Array | null | undefined)[],
): { [name in Name]?: Float32Array } {
  if (!rows.some(Boolean)) return {};
  const unknown = new Float32Array(size).fill(Number.NaN);
  const values = column(
    name,
    size,
    rows.map((row) => row ?? unknown),
  );
  return { [name]: values } as { [name in Name]?: Float32Array };
}

function readings(steps: readonly Step[]): Pick<Episode, "gate"> {
  const names = [...new Set(steps.flatMap(({ gate }) => Object.keys(gate ?? {})))];
  if (names.length === 0) return {};
  const columns = names.map((name) => [name, Float64Array.from(steps, ({ gate }) => gate?.[name] ?? Number.NaN)]);
  return { gate: Object.fromEntries(columns) };
}

function column(name: string, size: number, rows: readonly Float32Array[]): Float32Array {
  const values = new Float32Array(rows.length * size);
  rows.forEach((row, step) => {
    if (row?.length !== size) {
      throw new RangeError(`episode column "${name}", step ${step}: found ${row?.length} numbers, expected ${size}`);
    }
    values.set(row, step * size);
  });
  return values;
}
