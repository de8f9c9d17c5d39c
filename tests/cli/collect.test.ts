import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readDataset } from "../../src/datasets/node.ts";
import { runHere, start } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-collect-command-"));
afterAll(() => rmSync(folder, { recursive: true }));

describe("apprentice collect", () => {
  it("makes a dataset that training reads, and prints what it holds", async () => {
    const out = join(folder, "fork");
    const args = ["collect", "fork", "--expert", "either-side", "--out", out];
    const { code, stdout, stderr } = await runHere(...args, "--episodes", "5", "--json");
    expect(code).toBe(0);
    expect(stderr).toContain("5/5");
    expect(JSON.parse(stdout)).toMatchObject({
      out,
      task: "fork",
      episodes: 5,
      recorded: 5,
      steps: 200,
      success: { rate: 1, n: 5 },
      experts: { "either-side": 5 },
    });
    const dataset = await readDataset(out);
    expect([...dataset.episodeEnds]).toEqual([40, 80, 120, 160, 200]);
    expect(dataset.provenance.notes).toContain("scripted expert: either-side");
    const more = await runHere(...args, "--episodes", "7");
    expect(more.stdout).toMatch(
      /7 episodes of fork, 280 steps \(7 by either-side\); 5 were there before\n100\.0% of 7/,
    );
  });

  it.each([
    [["frok", "--expert", "left"], 'there is no task "frok", did you mean "fork"? (expected one of driving, '],
    [["driving", "--expert", "lefft"], 'task "driving": there is no expert "lefft", did you mean "left"?'],
    [["driving", "--expert", "left,,right"], 'found "left,,right", expected names with commas between them'],
    [["driving", "--expert", "left,left"], "experts: found one twice in left,left"],
    [["driving", "--expert", "left", "--episodes", "0"], "expected a whole number from 1"],
    [["driving", "--expert", "left", "--workers", "none"], "expected a whole number from 1"],
    [
      ["fork", "--expert", "either-side", "--episodes", "500001"],
      "demonstrations: found 500001 episodes, expected 0 to",
    ],
    [
      ["fork", "--expert", "either-side", "--seed", "9007199254"],
      "seed: found 9007199254, expected an integer from 0 to",
    ],
    [["driving"], "required option '--expert <names>' not specified"],
    [["--expert", "left"], "missing required argument 'task'"],
  ])("refuses %j with one line and 2", async (args, words) => {
    const { code, stdout, stderr } = await runHere("collect", ...args, "--out", join(folder, "never"));
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(words);
    expect(stderr).toMatch(/^apprentice: .*\n$/);
  });

  it("refuses a folder that is something else", async () => {
    writeFileSync(join(folder, "file"), "");
    const { code, stderr } = await runHere("collect", "fork", "--expert", "either-side", "--out", join(folder, "file"));
    expect(code).toBe(2);
    expect(stderr).toMatch(/^apprentice: .*file.*\n$/);
  });

  it("at Ctrl-C says how to go on, and goes on", async () => {
    const out = join(folder, "stopped");
    const args = [
      "collect",
      "driving",
      "--expert",
      "left,patient",
      "--episodes",
      "300",
      "--out",
      out,
      "--workers",
      "1",
    ];
    const { process: child, outcome } = start(args);
    const { existsSync, readdirSync } = await import("node:fs");
    const episodes = () => (existsSync(join(out, "episodes")) ? readdirSync(join(out, "episodes")).length : 0);
    while (episodes() < 3 && child.exitCode === null) await new Promise((settle) => setTimeout(settle, 20));
    child.kill("SIGINT");
    const { code, stderr } = await outcome;
    expect(code).toBe(1);
    expect(stderr).toContain("apprentice: stopped; the same command goes on from here\n");
    const there = episodes();
    const { stdout } = await runHere(...args.slice(0, 5), String(there + 2), ...args.slice(6), "--json");
    expect(JSON.parse(stdout)).toMatchObject({ episodes: there + 2, success: { rate: 1 } });
    expect(JSON.parse(stdout).recorded).toBeGreaterThanOrEqual(2);
    expect(JSON.parse(stdout).recorded).toBeLessThanOrEqual(3);
  });
});
