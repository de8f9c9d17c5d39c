/** Whether a policy and a task belong together, and what makes a policy that looks at a part of the observation fit. */
import { InputError } from "../base/index.ts";
import type { PolicyMetadata } from "../policies/index.ts";
import { type BatchActor, type EnvironmentSpec, observationNames } from "../world/index.ts";

/** The numbers of the task's observation that a policy looks at, in the policy's order; null where it looks at all, in theirs. */
export type Columns = readonly number[] | null;

/**
 * Throws InputError that begins with `where` (the policy) and names what differs: the task, the actions, or a part of the
 * observation that the task does not have.
 */
export function columnsOf(
  { task, observation, action }: PolicyMetadata,
  spec: EnvironmentSpec,
  where: string,
): Columns {
  if (task !== spec.name) throw new InputError(`${where}: a policy of the task "${task}", expected "${spec.name}"`);
  const [found, expected] = [action.names, spec.action.names];
  if (found.length !== expected.length) {
    throw new InputError(
      `${where}: actions of ${found.length} numbers (${found.join(", ")}), expected ${expected.length} (${expected.join(", ")})`,
    );
  }
  const other = expected.findIndex((name, i) => name !== found[i]);
  if (other >= 0) {
    throw new InputError(`${where}: action ${other} is "${found[other]}", expected "${expected[other]}"`);
  }
  const all = observationNames(spec.observation);
  const columns = observation.names.map((name) => all.indexOf(name));
  const missing = columns.indexOf(-1);
  if (missing >= 0) {
    throw new InputError(
      `${where}: looks at "${observation.names[missing]}", of its ${columns.length} observed numbers, ` +
        `which task "${spec.name}" does not have among its ${all.length}`,
    );
  }
  return columns.length === all.length && columns.every((column, i) => column === i) ? null : columns;
}

/** The policy as an actor of the whole observation [Do]: it is shown the columns that it looks at. */
export function lookingAt(planner: BatchActor, columns: Columns, observationSize: number): BatchActor {
  if (columns === null) return planner;
  return {
    name: planner.name,
    controller: planner.controller,
    horizons: planner.horizons,
    plan(histories, keys) {
      const rows = keys.length * planner.horizons.observationHorizon;
      const seen = new Float32Array(rows * columns.length);
      for (let row = 0; row < rows; row++) {
        for (let i = 0; i < columns.length; i++) {
          seen[row * columns.length + i] = histories[row * observationSize + columns[i]];
        }
      }
      return planner.plan(seen, keys);
    },
  };
}
