import { describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { chooseExpert, findTask, mixedExpert, TASKS } from "../../src/tasks/index.ts";
import type { Actor } from "../../src/world/index.ts";

describe("the tasks of the house", () => {
  it("are named as their environments are", () => {
    expect(TASKS.map(({ name }) => name)).toEqual([
      "driving",
      "driving-fork",
      "driving-urgent",
      "driving-leisurely",
      "push-t",
      "fork",
      "cart-pole",
      "pendulum",
    ]);
    for (const task of TASKS) expect(task.makeEnvironment().spec.name).toBe(task.name);
  });

  it.each(TASKS.flatMap((task) => Object.keys(task.experts).map((name) => [task.name, name] as const)))(
    "%s: the expert %s goes by its name and acts within the action space's size",
    async (taskName, name) => {
      const task = findTask(taskName);
      const environment = task.makeEnvironment();
      const expert: Actor = task.experts[name](environment);
      expect(expert).toMatchObject({ name, controller: "expert" });
      const { observation } = await environment.reset(3);
      expert.reset(3);
      expect(await expert.act(observation)).toHaveLength(environment.spec.action.names.length);
    },
  );

  it("makes a new environment each time", async () => {
    const task = findTask("fork");
    const [one, other] = [task.makeEnvironment(), task.makeEnvironment()];
    const expert = task.experts["either-side"](one);
    await rollout(one, expert, { seed: 1 });
    expect(() => other.step(Float32Array.of(0))).toThrow("before the first reset");
  });

  it.each([
    ["drivin", 'there is no task "drivin", did you mean "driving"?'],
    ["pusht", 'there is no task "pusht", did you mean "push-t"?'],
    ["driving-urgnet", 'there is no task "driving-urgnet", did you mean "driving-urgent"?'],
    ["xyzzy-and-more", 'there is no task "xyzzy-and-more" (expected one of driving, driving-fork'],
    ["toString", 'there is no task "toString"'],
  ])("does not know %s", (name, words) => {
    expect(() => findTask(name)).toThrow(InputError);
    expect(() => findTask(name)).toThrow(words);
  });
});

describe("mixedExpert", () => {
  const task = findTask("driving-urgent");

  it("is one of the experts throughout an episode, the same for the same seed, each about as often", async () => {
    const environment = task.makeEnvironment();
    const mixed = mixedExpert(task, ["left", "right"], environment);
    for (let seed = 0; seed < 12; seed++) {
      const name = chooseExpert(["left", "right"], seed);
      const alone = await rollout(environment, task.experts[name](environment), { seed });
      expect(await rollout(environment, mixed, { seed })).toEqual(alone);
      expect(alone.actor).toBe(name);
    }
    const left = Array.from({ length: 1000 }, (_, seed) => chooseExpert(["left", "right"], seed)).filter(
      (name) => name === "left",
    ).length;
    // Standard deviation sqrt(1000) / 2 = 15.8; four of them.
    expect(Math.abs(left - 500)).toBeLessThan(64);
  });

  it("refuses an expert that the task does not have", () => {
    expect(() => mixedExpert(task, ["left", "wright"], task.makeEnvironment())).toThrow(
      'task "driving-urgent": there is no expert "wright", did you mean "right"? (expected one of left, right, patient, careless)',
    );
    expect(() => mixedExpert(task, ["constructor"], task.makeEnvironment())).toThrow('no expert "constructor"');
  });
});
