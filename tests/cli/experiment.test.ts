import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { wilson } from "../../src/base/index.ts";
import { EXPERIMENTS } from "../../src/experiments/index.ts";
import { runHere, start } from "./command.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-experiment-"));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.unstubAllEnvs());

const NAMES = EXPERIMENTS.map(({ name }) => name);
const HEADS = ["l2", "l1", "gaussian", "gmm", "autoregressive", "diffusion", "flow"];
/** Every cell of averaging, as issue 3 asks: two scenes, three seeds, two styles, seven heads, and a wide network where it matters. */
const CELLS = ["urgent", "leisurely"].flatMap((scene) =>
  [1, 2, 3].flatMap((seed) =>
    ["one", "mixed"].flatMap((style) =>
      [...HEADS, ...(scene === "urgent" && style === "mixed" ? ["l2-wide"] : [])].map((method) => ({
        cell: `${scene}/${seed}/${style}/${method}`,
        scene,
        seed,
        style,
        method,
      })),
    ),
  ),
);

/** A result in which every cell is finished: successes of 500 by its place. */
function finishedResult(out: string): { rows: object[] } {
  const rate = (count: number) => ({ ...wilson(count, 500), n: 500 });
  const rows = CELLS.map((cell, i) => ({
    ...cell,
    success: rate(500 - i),
    obstacleCollision: rate(i),
    departure: rate(0),
    left: rate(250),
    right: rate(250 - i),
    trainingSeconds: 1,
  }));
  const result = { command: "npx apprentice experiment averaging", commit: "abc1234", rows };
  mkdirSync(out);
  writeFileSync(join(out, "result.json"), JSON.stringify(result));
  return result;
}

describe("apprentice experiment", () => {
  it("lists the experiments", async () => {
    const table = await runHere("experiment");
    expect(table.code).toBe(0);
    expect(table.stdout).toMatch(/^averaging +driving: /m);
    expect(table.stdout).toMatch(/^push-t-human +Push-T from 206 human demonstrations/m);
    const { experiments } = JSON.parse((await runHere("experiment", "--json")).stdout);
    expect(NAMES).toEqual(expect.arrayContaining(["averaging", "push-t-human", "compounding"]));
    expect(experiments.map(({ name }: { name: string }) => name)).toEqual(NAMES);
  });

  it("runs no cell that is finished, and draws the report of what is there", async () => {
    const out = join(folder, "finished");
    const result = finishedResult(out);
    const before = readFileSync(join(out, "result.json"), "utf8");
    const { code, stdout, stderr } = await runHere("experiment", "averaging", "--out", out, "--no-figures", "--json");
    expect(code, stderr).toBe(0);
    // of 2 x 3 x (7 + 7) cells and 3 of the wide network, which is asked for the mixed demonstrations of urgent scenes
    expect(CELLS).toHaveLength(87);
    expect(stderr).toContain("87 of 87 cells are finished, 0 to run");
    expect(JSON.parse(stdout)).toEqual(result);
    expect(readFileSync(join(out, "result.json"), "utf8")).toBe(before);
    const page = readFileSync(join(out, "report.html"), "utf8");
    expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
    for (const words of ["Urgent: ", "Leisurely: ", "l2-wide"]) expect(page).toContain(words);
    const people = await runHere("experiment", "averaging", "--out", out, "--no-figures");
    expect(people.stdout).toBe(`87 rows; the report is ${join(out, "report.html")}\n`);
  });

  it("stops at Ctrl-C (SIGINT) with one line and 1, and leaves what was finished", { timeout: 120_000 }, async () => {
    const out = join(folder, "stopped");
    const { rows } = finishedResult(out);
    const path = join(out, "result.json");
    writeFileSync(path, JSON.stringify({ command: "any", commit: null, rows: rows.slice(1) }));
    const { process: child, outcome } = start(["experiment", "averaging", "--out", out, "--workers", "1"]);
    await new Promise((begun) => child.stderr?.once("data", begun));
    await new Promise((settle) => setTimeout(settle, 1500));
    child.kill("SIGINT");
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
    expect(stderr).toBe(
      "86 of 87 cells are finished, 1 to run\n" +
        "apprentice: stopped; the same command goes on with the cells that are missing\n",
    );
    expect(JSON.parse(readFileSync(path, "utf8")).rows).toEqual(rows.slice(1));
    expect(existsSync(join(out, "report.html"))).toBe(false);
  });

  it("refuses what it cannot run with one line and 2", async () => {
    vi.stubEnv("APPRENTICE_PUSH_T", join(folder, "nowhere"));
    const damaged = join(folder, "damaged");
    mkdirSync(damaged);
    writeFileSync(join(damaged, "result.json"), "[");
    const out = join(folder, "never");
    for (const [args, words] of [
      [["averagin"], `experiment "averagin": expected ${NAMES.join(", ")}; did you mean "averaging"?`],
      [["push-t-human"], `${folder}/nowhere: not found, expected the human Push-T episodes`],
      [
        ["averaging", "--only", "urgnet"],
        'found no cell with "urgnet" in its name, expected a part of one, as urgent/1/one/l2',
      ],
      [["averaging", "--out", damaged], `${damaged}/result.json: found no rows of cells`],
    ] as const) {
      const { code, stdout, stderr } = await runHere("experiment", "--out", out, ...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      expect(stderr).toContain(words);
      expect(stderr).toMatch(/^apprentice: .*\n$/);
    }
    expect(existsSync(out)).toBe(false);
  });
});
