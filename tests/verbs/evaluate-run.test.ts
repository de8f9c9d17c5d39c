import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { writeRobomimic } from "../../src/datasets/node.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import { exportPolicy, openPolicy } from "../../src/policies/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { findTask } from "../../src/tasks/index.ts";
import {
  collectDemonstrations,
  evaluatePolicy,
  evaluateRun,
  readData,
  type TrainResult,
  trainPolicy,
} from "../../src/verbs/index.ts";
import { episodeSeeds } from "../../src/world/index.ts";
import { smallDrivingLog } from "../cli/recordings.ts";

const LANDING = resolve(import.meta.dirname, "../../examples/landing.ts");
const folder = await mkdtemp(join(tmpdir(), "apprentice-evaluate-run-"));
afterAll(() => rmSync(folder, { recursive: true }));

let fork: TrainResult;
const demonstrations = join(folder, "fork");
beforeAll(async () => {
  await collectDemonstrations({ task: "fork", experts: ["either-side"], episodes: 20, out: demonstrations });
  fork = await trainPolicy({
    datasets: [{ path: demonstrations, weight: 1 }],
    out: join(folder, "run"),
    recipe: { policy: { head: { kind: "gmm" } }, updates: 200 },
  });
});

const sections = (report: string) =>
  [...readFileSync(report, "utf8").matchAll(/<h2>(.*?)<\/h2>/g)].map(([, heading]) => heading);
const evaluationIn = (run: string) => JSON.parse(readFileSync(join(run, "evaluation.json"), "utf8"));

describe("trainPolicy", () => {
  it("leaves a report of what it learned, with its policy acting in the task", () => {
    expect(fork.report).toBe(join(fork.path, "report.html"));
    const found = sections(fork.report);
    for (const heading of ["Sampled actions", "Rollouts", "Training", "Held-out demonstrations", "Recipe", "Data"]) {
      expect(found).toContain(heading);
    }
    expect(found).not.toContain("Success");
    const page = readFileSync(fork.report, "utf8");
    expect(page).toContain("Behavioural cloning of 20 demonstrations by either-side.");
    expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
    // Scenes are of episodes that are none of those that are counted.
    const counted = new Set(episodeSeeds("evaluation", 0, 10_000));
    const shown = [...page.matchAll(/Seed (\d+)[,:]/g)].map(([, seed]) => Number(seed));
    // four scenes, three strips
    expect(shown).toHaveLength(7);
    for (const seed of shown) expect(counted.has(seed)).toBe(false);
  });

  it("draws nothing where the data are of a task of ours but not of its observation", async () => {
    // As a dataset of another maker would be: the task's name, other columns.
    const { dataset } = await readData([{ path: demonstrations, weight: 1 }]);
    const path = join(folder, "other.hdf5");
    const names = dataset.observation.names.map((_, i) => `sensor.${i}`);
    await writeRobomimic({ ...dataset, observation: { ...dataset.observation, names } }, path);
    const out = join(folder, "other");
    const recipe = { policy: { head: { kind: "l2" } }, updates: 20 } as const;
    const { report } = await trainPolicy({ datasets: [{ path, weight: 1 }], out, recipe });
    expect(sections(report)).not.toContain("Sampled actions");
    const { evaluation, withoutTask } = await evaluateRun({ run: out, episodes: 2 });
    expect(evaluation).toBeNull();
    expect(withoutTask).toMatch(/^the policy does not fit its task: looks at "sensor\.0"/);
    await expect(evaluateRun({ run: out, episodes: 2, task: "fork" })).rejects.toThrow('looks at "sensor.0"');
  });
});

describe("evaluateRun", () => {
  it("is what the run's policy comes to on the same seeds, however it is shared out", async () => {
    const heard: number[] = [];
    const { evaluation, heldOut, withoutTask, report } = await evaluateRun({
      run: fork.path,
      episodes: 7,
      seed: 3,
      onProgress: (episodes) => heard.push(episodes),
    });
    expect(withoutTask).toBeNull();
    expect(heard).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(heldOut).toEqual(fork.heldOut);
    const policy = join(fork.path, "policy.onnx");
    expect(evaluation).toEqual(await evaluatePolicy({ policy, episodes: 7, seed: 3 }));
    expect(evaluationIn(fork.path)).toEqual(evaluation);
    expect(sections(report)).toContain("Success");
    // The plain way: the parameters, not the file; one environment at a time.
    const planner = await openPolicy(nodeRuntime(), exportPolicy(fork.policy));
    const { makeEnvironment } = findTask("fork");
    const seeds = episodeSeeds("evaluation", 3, 7);
    expect(await evaluate({ makeEnvironment, planner, seeds, together: 1 })).toEqual(evaluation);
    await planner.close();
    const shared = await evaluateRun({ run: fork.path, episodes: 7, seed: 3, workers: 2 });
    expect(shared.evaluation).toEqual(evaluation);
  });

  it("executes chunks as it is told", async () => {
    const execution = { kind: "ensemble", m: 0.01 } as const;
    const { evaluation } = await evaluateRun({ run: fork.path, episodes: 25, execution });
    const policy = join(fork.path, "policy.onnx");
    expect(evaluation).toEqual(await evaluatePolicy({ policy, episodes: 25, execution }));
    expect(evaluation).not.toEqual(await evaluatePolicy({ policy, episodes: 25 }));
  });

  it("rolls out nothing for 0 episodes, and keeps the last evaluation in the report", async () => {
    await evaluateRun({ run: fork.path, episodes: 3 });
    const before = evaluationIn(fork.path);
    const { evaluation, withoutTask, report } = await evaluateRun({ run: fork.path, episodes: 0 });
    expect({ evaluation, withoutTask }).toEqual({ evaluation: null, withoutTask: null });
    expect(evaluationIn(fork.path)).toEqual(before);
    expect(sections(report)).toContain("Success");
    writeFileSync(join(fork.path, "evaluation.json"), JSON.stringify(before).slice(0, 99));
    await expect(evaluateRun({ run: fork.path, episodes: 0 })).rejects.toThrow(
      "evaluation.json: found something else, expected what apprentice evaluate wrote",
    );
    // a new one takes the place of the damaged one
    await evaluateRun({ run: fork.path, episodes: 3 });
    expect(evaluationIn(fork.path)).toEqual(before);
  });

  it("rolls out nothing for recorded data, and says so", async () => {
    const out = join(folder, "drive-run");
    const recipe = { policy: { head: { kind: "l2" } }, updates: 20 } as const;
    await trainPolicy({ datasets: [{ path: smallDrivingLog(folder), weight: 1 }], out, recipe });
    const { evaluation, withoutTask, report, heldOut } = await evaluateRun({ run: out });
    expect({ evaluation, withoutTask }).toEqual({
      evaluation: null,
      withoutTask: '"udacity-driving" is none of the tasks here',
    });
    expect(heldOut.windows).toBeGreaterThan(0);
    expect(sections(report)).not.toContain("Sampled actions");
  });

  it("refuses an unknown task, and one that is not the policy's", async () => {
    await expect(evaluateRun({ run: fork.path, task: "frok", episodes: 2 })).rejects.toThrow('did you mean "fork"?');
    await expect(evaluateRun({ run: fork.path, task: "push-t", episodes: 2 })).rejects.toThrow(
      'a policy of the task "fork", expected "push-t"',
    );
    await expect(evaluateRun({ run: fork.path, task: "push-t", episodes: 0 })).rejects.toThrow(
      'a policy of the task "fork", expected "push-t"',
    );
    await expect(evaluateRun({ run: fork.path, task: "./nowhere.ts", episodes: 2 })).rejects.toThrow(
      "task ./nowhere.ts: not found",
    );
  });

  it("rolls out in a task of one's own", async () => {
    const data = join(folder, "landing");
    await collectDemonstrations({ task: LANDING, experts: ["steady"], episodes: 10, out: data });
    const out = join(folder, "landing-run");
    const recipe = { policy: { head: { kind: "l2" } }, updates: 100 } as const;
    const { report } = await trainPolicy({ datasets: [{ path: data, weight: 1 }], out, recipe });
    expect(sections(report)).not.toContain("Rollouts");
    expect((await evaluateRun({ run: out })).withoutTask).toBe('"landing" is none of the tasks here');
    const evaluated = await evaluateRun({ run: out, task: LANDING, episodes: 5 });
    expect(evaluated).toMatchObject({ withoutTask: null, evaluation: { task: "landing", episodes: 5 } });
    expect(sections(evaluated.report)).toEqual(expect.arrayContaining(["Success", "Rollouts"]));
  });
});
