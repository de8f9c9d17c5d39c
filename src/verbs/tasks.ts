/** What there is to be learned, as data: for lists and for other programs. */
import { TASKS, type Task } from "../tasks/index.ts";
import type { Box } from "../world/index.ts";
import { type TaskReference, taskOf } from "./rollout-work.ts";

export interface Dimension {
  readonly name: string;
  readonly unit: string;
  /** null: none. */
  readonly low: number | null;
  readonly high: number | null;
}

export interface TaskDescription {
  readonly name: string;
  readonly description: string;
  readonly experts: readonly { readonly name: string }[];
  /** In the order in which a policy reads them. */
  readonly observation: readonly { readonly name: string; readonly dimensions: readonly Dimension[] }[];
  readonly action: readonly Dimension[];
  /** Steps per second, Hz. */
  readonly controlRate: number;
  readonly maxSteps: number;
  /** The ways in which the task can be solved, where the world can tell them apart. */
  readonly modes: readonly string[];
}

/** The tasks of the house, or those that `references` mean. Throws InputError for one that there is not. */
export async function describeTasks(references?: readonly TaskReference[]): Promise<TaskDescription[]> {
  if (!references) return TASKS.map(describeTask);
  return (await Promise.all(references.map(taskOf))).map(describeTask);
}

function describeTask({ name, description, experts, makeEnvironment }: Task): TaskDescription {
  const { observation, action, controlRate, maxSteps, modes = [] } = makeEnvironment().spec;
  return {
    name,
    description,
    experts: Object.keys(experts).map((name) => ({ name })),
    observation: Object.entries(observation).map(([name, box]) => ({ name, dimensions: dimensionsOf(box) })),
    action: dimensionsOf(action),
    controlRate,
    maxSteps,
    modes,
  };
}

/** JSON has no infinity. */
const bound = (value: number) => (Number.isFinite(value) ? value : null);

const dimensionsOf = ({ names, units, low, high }: Box): Dimension[] =>
  names.map((name, i) => ({ name, unit: units[i], low: bound(low[i]), high: bound(high[i]) }));
