/** `apprentice train` on what was recorded while a policy drove and an expert corrected it. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cloneBehaviour } from "../../src/algorithms/index.ts";
import { splitDataset } from "../../src/datasets/index.ts";
import { createStore, readStore } from "../../src/datasets/node.ts";
import { cloningOptimizer, completeRecipe } from "../../src/recipes/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { expertOf, findTask } from "../../src/tasks/index.ts";
import { evaluatePolicy, parametersIn, trainPolicy } from "../../src/verbs/index.ts";
import type { Controller, Episode } from "../../src/world/index.ts";
import { runHere } from "./command.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-mixed-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const task = findTask("cart-pole");
const shown: Episode[] = [];
let folders = 0;

async function write(episodes: readonly Episode[]): Promise<string> {
  const path = join(scratch, `data-${folders++}`);
  const store = await createStore(path, { spec: shown[0].spec });
  for (const episode of episodes) await store.writeEpisode(episode);
  return path;
}

/** Whoever drives the steps of an episode: the policy at first, the expert from the middle on. */
const HALF = 250;
const byPolicy = (step: number): boolean => step < HALF;

/** As recorded with a policy at the wheel that pushed as `action` says: the states are as the expert went through them. */
function corrected(episode: Episode, action: (step: number) => number): Episode {
  const who = (step: number): Controller => (byPolicy(step) ? "policy" : "expert");
  return {
    ...episode,
    controller: episode.controller.map((_, step) => who(step)),
    action: episode.action.map((own, step) => (byPolicy(step) ? action(step) : own)),
  };
}

/** The wrong way, always: imitated, it makes the pole fall at once. */
const absurd = (episode: Episode) => corrected(episode, (step) => -episode.action[step]);

beforeAll(async () => {
  const environment = task.makeEnvironment();
  const expert = expertOf(task, "balance")(environment);
  for (let seed = 0; seed < 8; seed++) shown.push(await rollout(environment, expert, { seed }));
});

const FLAGS = ["--head", "l1", "--updates", "300", "--threads", "1"];
async function train(data: string, ...flags: string[]) {
  const out = join(scratch, `run-${folders++}`);
  const { code, stderr, stdout } = await runHere("train", data, ...FLAGS, "--out", out, ...flags, "--json");
  expect(code, stderr).toBe(0);
  const { heldOut } = JSON.parse(stdout);
  return { out, stderr, heldOut, parameters: readFileSync(join(out, "parameters.safetensors")) };
}

const successOf = async (out: string) =>
  (await evaluatePolicy({ policy: join(out, "policy.onnx"), episodes: 10 })).success.rate;

describe("train on a dataset of mixed control", () => {
  it("imitates the expert, whatever the policy did: not a byte depends on it", async () => {
    const wrong = await train(await write(shown.map(absurd)));
    // 8 episodes of 500 steps, of which the expert drove the second half
    expect(wrong.stderr).toContain(
      "cart-pole: 8 episodes, 4,000 steps, 2,000 of them the expert's, which alone are imitated; 1 of 8 held out",
    );
    expect(await successOf(wrong.out)).toBe(1);
    const other = await train(await write(shown.map((episode) => corrected(episode, (step) => (step % 2 ? 1 : -1)))));
    expect(other.parameters.equals(wrong.parameters)).toBe(true);
    // imitated, as it was before training knew who drove, it would have been learned
    const everybody = (episode: Episode) => ({ ...absurd(episode), controller: episode.controller });
    expect(await successOf((await train(await write(shown.map(everybody)))).out)).toBeLessThan(0.6);
    const all = await train(await write(shown.map(absurd)), "--weighting", "iwr");
    expect(all.stderr).toContain("2,000 of them the expert's, all imitated, weighted by iwr");
    expect(all.parameters.equals(wrong.parameters)).toBe(false);
    const sirius = await train(await write(shown.map(absurd)), "--weighting", "sirius");
    expect(sirius.parameters.equals(all.parameters)).toBe(false);
    expect(JSON.parse(readFileSync(join(sirius.out, "recipe.json"), "utf8")).weighting).toBe("sirius");
  });

  it("imitates labels in place of what was executed", async () => {
    const labelled = shown.map((episode) => ({
      ...episode,
      controller: episode.controller.map((): Controller => "policy"),
      action: episode.action.map((own) => -own),
      label: episode.action.map((own, step) => (step % 5 === 0 ? own : Number.NaN)),
    }));
    const { out, stderr, heldOut } = await train(await write(labelled));
    expect(stderr).toContain("4,000 steps, 800 of them the expert's");
    // Measured: 0.9. Imitating what was executed it would be 0.
    expect(await successOf(out)).toBeGreaterThanOrEqual(0.6);
    // of the one episode held out, what was labelled
    expect(heldOut).toMatchObject({ episodes: 1, windows: 100 });
  });

  it("holds out what an expert did, and measures that alone", async () => {
    const nobody = (episode: Episode): Episode => ({
      ...episode,
      controller: episode.controller.map((): Controller => "policy"),
    });
    // six episodes that only a policy drove, whose actions no held-out error may count
    const idle = shown.slice(0, 6).map(nobody);
    const data = await write([...idle, ...shown, ...idle]);
    const { heldOut, stderr } = await train(data);
    expect(stderr).toContain("20 episodes, 10,000 steps, 4,000 of them the expert's");
    expect(heldOut).toMatchObject({ episodes: 1, windows: 500 });
    // where fewer than five episodes have something of an expert's, its last steps are held out
    const few = await train(await write(shown.slice(0, 2).map(absurd)));
    // a tenth of its 2 x 250 steps
    expect(few.heldOut.windows).toBe(50);
  });

  it("goes on after a stop as if there had been none", async () => {
    const data = await write(shown.map(absurd));
    const recipe = { policy: { head: { kind: "l1" } }, updates: 300, weighting: "iwr" };
    const request = { datasets: [{ path: data, weight: 1 }], recipe, threads: 1 };
    const whole = await trainPolicy({ ...request, out: join(scratch, "whole") });
    const stop = new AbortController();
    const stopped = { ...request, out: join(scratch, "stopped") };
    await expect(
      trainPolicy({ ...stopped, signal: stop.signal, onProgress: ({ update }) => update >= 100 && stop.abort() }),
    ).rejects.toThrow("--resume");
    await expect(trainPolicy({ ...stopped, resume: true, recipe: { ...recipe, weighting: "expert" } })).rejects.toThrow(
      'weighting is "iwr" there, found "expert"',
    );
    const resumed = await trainPolicy({ ...stopped, resume: true });
    expect(resumed.policy.parameters).toEqual(whole.policy.parameters);
  });

  it("draws from several in their shares, from each what is imitated", async () => {
    const [mixed, plain] = [await write(shown.slice(0, 4).map(absurd)), await write(shown.slice(4))];
    const out = join(scratch, "several");
    const { code, stderr } = await runHere("train", `${mixed}:2`, plain, ...FLAGS, "--out", out, "--json");
    expect(code, stderr).toBe(0);
    // 4 x 250 of the one, 4 x 500 of the other
    expect(stderr).toContain("8 episodes, 4,000 steps, 3,000 of them the expert's");
    expect(await successOf(out)).toBe(1);
  });

  it("says where nothing is to be imitated", async () => {
    const data = await write([{ ...shown[0], controller: shown[0].controller.map((): Controller => "policy") }]);
    const { code, stderr } = await runHere("train", data, ...FLAGS, "--out", join(scratch, "nothing"));
    expect(code).toBe(2);
    expect(stderr).toContain(`dataset ${data}: found 0 steps to imitate that an expert drove or labelled`);
  });
});

describe("train on what an expert drove from beginning to end", () => {
  it("is to the byte what it was: all steps alike, whatever the weighting", async () => {
    const data = await write(shown);
    const { out, stderr, parameters } = await train(data);
    expect(stderr).toContain("cart-pole: 8 episodes, 4,000 steps; 1 of 8 held out");
    expect((await train(data, "--weighting", "iwr")).parameters.equals(parameters)).toBe(true);
    // cloning as it is written down, which knows nothing of control
    const dataset = await readStore(data);
    expect(dataset.control).toBeUndefined();
    const given = {
      policy: { head: { kind: "l1" } },
      updates: 300,
      datasets: [{ path: data, weight: 1, digest: null }],
    };
    const recipe = completeRecipe(given, { task: "cart-pole", where: "test" });
    const policy = await cloneBehaviour({
      ...recipe,
      dataset,
      split: splitDataset(dataset, { validationFraction: recipe.validationFraction, seed: recipe.splitSeed }),
      optimizer: cloningOptimizer(recipe),
      runtime: nodeRuntime({ threads: 1 }),
    });
    expect(parametersIn(parameters, out, policy.spec)).toEqual(policy.parameters);
  });
});
