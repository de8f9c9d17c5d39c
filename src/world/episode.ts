/** What is recorded of acting: steps while it happens, an episode of columns afterwards. */
import type { Controller } from "./actor.ts";
import type { EnvironmentSpec, Info } from "./environment.ts";
import type { Observation } from "./space.ts";

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
  /** How it ended; both false when it was stopped from outside. */
  readonly terminated: boolean;
  readonly truncated: boolean;
  /** What the environment said last. */
  readonly info: Info;
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
    terminated: last.terminated,
    truncated: last.truncated,
  };
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
