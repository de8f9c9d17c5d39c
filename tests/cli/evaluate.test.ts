import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { collectDemonstrations, evaluatePolicy, trainPolicy } from "../../src/verbs/index.ts";
import { runHere } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-evaluate-command-"));
afterAll(() => rmSync(folder, { recursive: true }));
const run = join(folder, "run");
const policy = join(run, "policy.onnx");
beforeAll(async () => {
  const path = join(folder, "data");
  await collectDemonstrations({ task: "driving-urgent", experts: ["left", "right"], episodes: 10, out: path });
  const recipe = { policy: { head: { kind: "gmm" } }, updates: 100 } as const;
  await trainPolicy({ datasets: [{ path, weight: 1 }], out: run, recipe });
});

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

describe("apprentice evaluate", () => {
  it("prints what was rolled out with intervals, above the held-out demonstrations", async () => {
    const { code, stdout, stderr } = await runHere("evaluate", run, "--episodes", "12", "--seed", "5");
    expect(code, stderr).toBe(0);
    expect(stderr).toContain("12/12");
    const { success, modes, metrics } = await evaluatePolicy({ policy, episodes: 12, seed: 5 });
    const row = (name: string, value: string, low: string, high: string) =>
      new RegExp(`^${name} +${value} +${low} – ${high} *$`, "m");
    const rates = { success, "mode left": modes.left, obstacleCollision: metrics.obstacleCollision as typeof success };
    for (const [name, { rate, low, high }] of Object.entries(rates)) {
      expect(stdout).toMatch(row(name, percent(rate), percent(low), percent(high)));
    }
    // Its rewards are parts of the way: their greatest is no score.
    expect(stdout).not.toContain("score");
    expect(stdout).toMatch(/^12 episodes .*95% interval/m);
    expect(stdout.indexOf("held out")).toBeGreaterThan(stdout.indexOf("success"));
    expect(stdout).toContain(`The report is ${join(run, "report.html")}.\n`);
    expect(readFileSync(join(run, "report.html"), "utf8")).toContain("<h2>Success</h2>");
  });

  it("prints the score where there is one", async () => {
    const path = join(folder, "fork");
    await collectDemonstrations({ task: "fork", experts: ["either-side"], episodes: 20, out: path });
    const fork = join(folder, "fork-run");
    const recipe = { policy: { head: { kind: "gmm" } }, updates: 300 } as const;
    await trainPolicy({ datasets: [{ path, weight: 1 }], out: fork, recipe });
    const { stdout } = await runHere("evaluate", fork, "--episodes", "20");
    const { score } = await evaluatePolicy({ policy: join(fork, "policy.onnx"), episodes: 20 });
    const [mean, low, high] = [score.mean, score.low, score.high].map((value) => value.toPrecision(4));
    expect(score.mean).toBeGreaterThan(0);
    expect(stdout).toMatch(new RegExp(`^score: greatest reward +${mean} +${low} – ${high} *$`, "m"));
  });

  it("executes chunks as it is told", async () => {
    const args = ["--episodes", "6", "--ensemble", "0.01", "--json"];
    const { stdout } = await runHere("evaluate", run, ...args);
    const { perSeed } = await evaluatePolicy({ policy, episodes: 6, execution: { kind: "ensemble", m: 0.01 } });
    expect(JSON.parse(stdout).perSeed).toEqual(perSeed);
  });

  it("rolls out nothing for 0 episodes", async () => {
    const { code, stdout } = await runHere("evaluate", run, "--episodes", "0");
    expect(code).toBe(0);
    expect(stdout).not.toMatch(/success|Nothing was rolled out/);
    expect(stdout).toMatch(/^gmm +\d/m);
  });

  it.each([
    [["--task", "driving-urgnet"], 'there is no task "driving-urgnet", did you mean "driving-urgent"?'],
    [["--task", "fork"], 'a policy of the task "driving-urgent", expected "fork"'],
    [["--task", "./nowhere.ts"], "task ./nowhere.ts: not found, expected a module whose default is a task"],
  ])("refuses %j with one line and 2", async (args, words) => {
    const { code, stdout, stderr } = await runHere("evaluate", run, "--episodes", "2", ...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^apprentice: .*\n$/);
  });
});
