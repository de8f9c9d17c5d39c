/** Several experts who demonstrate one task, each in some of the episodes. */
import { randomStream } from "../base/index.ts";
import { type Actor, choiceKey, type Environment } from "../world/index.ts";
import { expertOf, type Task } from "./task.ts";

/** Who of `names` demonstrates the episode of `seed`: each is as likely, and the world of that seed stays what it is. */
export function chooseExpert(names: readonly string[], seed: number): string {
  if (names.length === 0) throw new RangeError("experts: found none, expected at least one");
  return names.length === 1 ? names[0] : names[randomStream(choiceKey(seed)).integer(0, names.length)];
}

/**
 * One actor that is, in each episode, one of the experts `names` of the task: the same seed, the same expert. From `reset`
 * on its name is that expert's. Throws InputError for a name that is none of the task's experts.
 */
export function mixedExpert(task: Task, names: readonly string[], environment: Environment): Actor {
  const experts = new Map(names.map((name) => [name, expertOf(task, name)(environment)]));
  let current: Actor | null = null;
  return {
    get name() {
      return current?.name ?? names.join(",");
    },
    controller: "expert",
    reset(seed) {
      current = experts.get(chooseExpert(names, seed)) as Actor;
      current.reset(seed);
    },
    act(observation) {
      if (!current) throw new Error(`experts ${names.join(", ")}: asked before the first reset`);
      return current.act(observation);
    },
  };
}
