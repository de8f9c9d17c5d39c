import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { openPolicy } from "../../src/policies/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { findTask } from "../../src/tasks/index.ts";
import { evaluateExpert, evaluatePolicy } from "../../src/verbs/index.ts";
import { episodeSeeds, observationSize } from "../../src/world/index.ts";
import { policyFile } from "./policy-file.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-evaluate-"));
afterAll(() => rmSync(folder, { recursive: true }));
const urgent = findTask("driving-urgent");

describe("evaluatePolicy", () => {
  it("gives the same evaluation with any workers, batch and environments together", async () => {
    const path = join(folder, "policy.onnx");
    writeFileSync(path, policyFile({ task: urgent, batch: 3 }));
    const alone = await evaluatePolicy({ policy: path, episodes: 21 });
    expect(alone).toMatchObject({ task: "driving-urgent", actor: "gmm", episodes: 21 });
    expect(alone.perSeed.map(({ seed }) => seed)).toEqual(episodeSeeds("evaluation", 0, 21));
    expect(await evaluatePolicy({ policy: path, episodes: 21, workers: 2 })).toEqual(alone);
    expect(await evaluatePolicy({ policy: path, episodes: 21, workers: 2, together: 2 })).toEqual(alone);
    for (const batch of [1, 8]) {
      expect(await evaluatePolicy({ policy: policyFile({ task: urgent, batch }), episodes: 21 })).toEqual(alone);
    }
    // The plain way: the library's own parts, one environment at a time.
    const planner = await openPolicy(nodeRuntime(), policyFile({ task: urgent }));
    const { makeEnvironment } = urgent;
    const seeds = episodeSeeds("evaluation", 0, 21);
    expect(await evaluate({ makeEnvironment, planner, seeds, together: 1 })).toEqual(alone);
    await planner.close();
  });

  it("reports every episode once, of the seeds that it is given, executed as it is told", async () => {
    const policy = policyFile({ task: urgent, batch: 4 });
    const heard: number[][] = [];
    const request = { policy, seeds: [5, 3, 900], onProgress: (...now: [number, number]) => heard.push(now) };
    const receding = await evaluatePolicy({ ...request, workers: 2 });
    expect(receding.perSeed.map(({ seed }) => seed)).toEqual([5, 3, 900]);
    expect(heard).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
    const execution = { kind: "ensemble", m: 0.01 } as const;
    const ensemble = await evaluatePolicy({ ...request, execution });
    expect(ensemble).not.toEqual(receding);
    expect(await evaluatePolicy({ ...request, execution, workers: 2 })).toEqual(ensemble);
  });

  it("shows a policy the part of the observation that it looks at, in its own order", async () => {
    const task = findTask("driving-fork");
    const size = observationSize(task.makeEnvironment().spec.observation);
    const everything = policyFile({ task, columns: Array.from({ length: size }, (_, i) => i) });
    // Two policies of the same parameters, of which one has its first and third columns changed about: they see otherwise.
    const columns = Array.from({ length: size }, (_, i) => (i === 0 ? 2 : i === 2 ? 0 : i));
    const turned = await evaluatePolicy({ policy: policyFile({ task, columns }), episodes: 4 });
    expect(turned).not.toEqual(await evaluatePolicy({ policy: everything, episodes: 4 }));
    const few = policyFile({ task, columns: [3, 4, 0] });
    const one = await evaluatePolicy({ policy: few, episodes: 4 });
    expect(one.episodes).toBe(4);
    expect(await evaluatePolicy({ policy: few, episodes: 4, workers: 2 })).toEqual(one);
  });

  it("names what does not fit", async () => {
    const policy = policyFile({ task: urgent });
    await expect(evaluatePolicy({ policy, task: "driving", episodes: 1 })).rejects.toThrow(
      'policy: a policy of the task "driving-urgent", expected "driving"',
    );
    await expect(evaluatePolicy({ policy, task: "drivign", episodes: 1 })).rejects.toThrow('did you mean "driving"?');
    await expect(evaluatePolicy({ policy: "nowhere.onnx", episodes: 1 })).rejects.toThrow(
      "nowhere.onnx: not found, expected the .onnx file of a policy",
    );
    await expect(evaluatePolicy({ policy: new Uint8Array(9), episodes: 1 })).rejects.toThrow(
      "policy: not a readable .onnx file",
    );
    // A task of the same name with another action, and one that sees less.
    const { spec } = urgent.makeEnvironment();
    const like = (change: object) => ({
      ...urgent,
      makeEnvironment: () => ({ ...urgent.makeEnvironment(), spec: { ...spec, ...change } }),
    });
    const { names, units, low, high } = spec.action;
    const first = { names: names.slice(0, 1), units: units.slice(0, 1), low: low.slice(0, 1), high: high.slice(0, 1) };
    const refused = evaluatePolicy({ policy, task: like({ action: first }), episodes: 1 });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(
      "policy: actions of 2 numbers (steering, acceleration), expected 1 (steering)",
    );
    const swapped = { ...spec.action, names: ["acceleration", "steering"] };
    await expect(evaluatePolicy({ policy, task: like({ action: swapped }), episodes: 1 })).rejects.toThrow(
      'policy: action 0 is "steering", expected "acceleration"',
    );
    const { range, ...less } = spec.observation;
    expect(range.names).toHaveLength(42);
    await expect(evaluatePolicy({ policy, task: like({ observation: less }), episodes: 1 })).rejects.toThrow(
      'policy: looks at "range.',
    );
    await expect(evaluatePolicy({ policy, task: urgent, episodes: 2, workers: 2 })).rejects.toThrow(
      "workers: found 2 for a task given as an object",
    );
  });

  it.each([1, 2])("stops at a signal, with %i workers", async (workers) => {
    const stop = new AbortController();
    const stopped = evaluatePolicy({
      policy: policyFile({ task: urgent, batch: 2 }),
      episodes: 400,
      together: 4,
      workers,
      signal: stop.signal,
      onProgress(episodes) {
        if (episodes === 10) stop.abort(new Error("seen enough"));
      },
    });
    await expect(stopped).rejects.toThrow("seen enough");
  });
});

describe("evaluateExpert", () => {
  it("is what the expert's own episodes come to, with any workers", async () => {
    const evaluation = await evaluateExpert({ task: "driving-leisurely", experts: ["left", "right"], episodes: 10 });
    expect(
      await evaluateExpert({ task: "driving-leisurely", experts: ["left", "right"], episodes: 10, workers: 2 }),
    ).toEqual(evaluation);
    expect(evaluation).toMatchObject({ actor: "left,right", episodes: 10, success: { rate: 1 } });
    expect(evaluation.modes.left.rate + evaluation.modes.right.rate).toBe(1);
    const task = findTask("driving-leisurely");
    const world = task.makeEnvironment();
    const { seed, mode, steps } = evaluation.perSeed[3];
    const again = await rollout(world, task.experts[mode as "left" | "right"](world), { seed });
    expect(again.length).toBe(steps);
    await expect(evaluateExpert({ task: "fork", experts: ["left"], episodes: 1 })).rejects.toThrow(
      'task "fork": there is no expert "left"',
    );
  });
});
