/** What a task is, and how one is written down. */
import { InputError, nearestName } from "../base/index.ts";
import type { Actor, Environment } from "../world/index.ts";

export interface Task {
  /** Lower case, as commands spell it; the environment's `spec.name`. */
  readonly name: string;
  /** One line: what is to be done. */
  readonly description: string;
  /** A new environment each time; a `World` where it is simulated. */
  makeEnvironment(): Environment;
  /**
   * By name, which is also the actor's: what makes an expert for an environment that `makeEnvironment` of the same task
   * made. An expert may look into that environment; it can be asked at any state of it. May be empty.
   */
  readonly experts: Readonly<Record<string, (environment: Environment) => Actor>>;
}

/** A task whose experts look into its own kind of environment. */
interface TaskIn<E extends Environment> extends Omit<Task, "experts" | "makeEnvironment"> {
  makeEnvironment(): E;
  readonly experts: Readonly<Record<string, (environment: E) => Actor>>;
}

/** Forgets which kind of environment it is: that experts are given none but their task's own is `Task`'s contract. */
export function defineTask<E extends Environment>(task: TaskIn<E>): Task {
  return task as TaskIn<E> & Task;
}

/** What makes the expert of that name. Throws InputError that names the nearest there is. */
export function expertOf(task: Task, name: string): (environment: Environment) => Actor {
  if (Object.hasOwn(task.experts, name)) return task.experts[name];
  throw unknownName(`task "${task.name}": there is no expert`, name, Object.keys(task.experts));
}

/** The error for a name that is none of `names`; `what` says what there is none of. */
export function unknownName(what: string, found: string, names: readonly string[]): InputError {
  const nearest = nearestName(found, names);
  const known = names.length > 0 ? `expected one of ${names.join(", ")}` : "it has none";
  return new InputError(`${what} "${found}"${nearest === null ? "" : `, did you mean "${nearest}"?`} (${known})`);
}
