import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { findTask } from "../../src/tasks/index.ts";
import { loadTask } from "../../src/tasks/node.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-task-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
function moduleFile(code: string, extension = ".ts"): string {
  const path = join(folder, `task${files++}${extension}`);
  writeFileSync(path, code);
  return path;
}

const BOX = `{ names: ["x"], units: ["m"], low: [-1], high: [1] }`;
/** A task in which x moves by the action; `change` replaces fields of it. */
const counter = (change = "", spec = "") => `
  const box = ${BOX};
  const makeEnvironment = () => {
    let [x, steps] = [0, 0];
    const observation = () => ({ place: Float32Array.of(x) });
    return {
      spec: { name: "count", observation: { place: box }, action: box, controlRate: 10, maxSteps: 3, ${spec} },
      reset(seed) { [x, steps] = [seed / 10, 0]; return { observation: observation(), info: { success: false } }; },
      step([dx]) {
        x += dx; steps += 1;
        return { observation: observation(), reward: x, terminated: false, truncated: steps === 3, info: { success: x > 0 } };
      },
    };
  };
  const still = () => ({ name: "still", controller: "expert", reset() {}, act: () => Float32Array.of(0.5) });
  export default { name: "count", description: "counts", makeEnvironment, experts: { still }, ${change} };
`;

describe("loadTask", () => {
  it("finds the tasks of the house by name", async () => {
    expect(await loadTask("driving-urgent")).toBe(findTask("driving-urgent"));
    await expect(loadTask("driving-urgnt")).rejects.toThrow('did you mean "driving-urgent"?');
  });

  it.each([".ts", ".mts", ".mjs"])("loads a module of one's own: %s", async (extension) => {
    const typed = extension.endsWith("ts") ? "interface Unused { readonly x: number }\n" : "";
    const task = await loadTask(moduleFile(typed + counter(), extension));
    expect(task).toMatchObject({ name: "count", description: "counts" });
    const environment = task.makeEnvironment();
    const { length, action } = await rollout(environment, task.experts.still(environment), { seed: 1 });
    expect({ length, action: [...action] }).toEqual({ length: 3, action: [0.5, 0.5, 0.5] });
  });

  it.each([
    ["export const task = 1;", "found no default export, expected a task as the default"],
    ["export default 3;", "found 3, expected a task as the default"],
    ["export default {", "cannot be loaded: "],
    ["throw new RangeError('no licence\\nfound');", "cannot be loaded: RangeError: no licence"],
    [counter("name: 'Count Up'"), 'name: found "Count Up", expected lower-case letters, digits and "-"'],
    [counter("description: undefined"), "description: found nothing, expected a line of text"],
    [counter("makeEnvironment: 5"), "makeEnvironment: found 5, expected a function"],
    [counter("experts: []"), "experts: found [], expected a record of functions"],
    [counter("experts: { good: 1 }"), "experts.good: found 1, expected a function"],
    [counter("name: 'other'"), 'makeEnvironment(): spec.name: found "count", expected the task\'s, "other"'],
    [counter("makeEnvironment() { throw new Error('no robot') }"), "makeEnvironment throws: Error: no robot"],
    [counter("makeEnvironment: async () => null"), "makeEnvironment(): reset: found nothing, expected a function"],
    [counter("", "controlRate: 0"), "makeEnvironment(): spec.controlRate: found 0, expected steps per second"],
    [counter("", "maxSteps: 1.5"), "makeEnvironment(): spec.maxSteps: found 1.5, expected a whole number from 1"],
    [counter("", "observation: {}"), "makeEnvironment(): spec.observation: found {}, expected a record of boxes"],
    [counter("", "observation: { place: 1 }"), "makeEnvironment(): spec.observation.place: found no box"],
    [counter("", "action: { ...box, low: [] }"), "makeEnvironment(): spec.action: low: found 0, expected 1 values"],
  ])("refuses %# with one line that names the file", async (code, words) => {
    const path = moduleFile(code, ".mjs");
    const failure = await loadTask(path).then(
      () => expect.unreachable(),
      (error: Error) => error,
    );
    expect(failure).toBeInstanceOf(InputError);
    expect(failure.message).toContain(`task ${path}: ${words}`);
    expect(failure.message).not.toContain("\n");
  });

  it("says what is no module", async () => {
    await expect(loadTask("./nowhere/task.ts")).rejects.toThrow("task ./nowhere/task.ts: not found, expected a module");
    await expect(loadTask(folder)).rejects.toThrow("not found, expected a module");
    await expect(loadTask(moduleFile("x", ".py"))).rejects.toThrow('found ".py", expected .ts, .mts, .js or .mjs');
  });
});
