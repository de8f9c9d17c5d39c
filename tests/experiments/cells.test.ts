import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { type CellsRequest, type ExperimentResult, runCells } from "../../src/experiments/cells.ts";
import type { TestCell } from "./cells-work.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-cells-"));
afterAll(() => rmSync(folder, { recursive: true }));
const CHILD = fileURLToPath(new URL("./cells-child.ts", import.meta.url));

let count = 0;
/** A place of its own, and how to run cells of these values there. */
function place() {
  const out = join(folder, `out${count++}`);
  const log = join(folder, `log${count}`);
  writeFileSync(log, "");
  const cellsOf = (values: readonly number[], { rows = 1, milliseconds = 0 } = {}) =>
    new Map(values.map((value) => [`cell/${value}`, { value, rows, log, milliseconds }]));
  const request = (values: readonly number[], more: Partial<CellsRequest<TestCell>> = {}): CellsRequest<TestCell> => ({
    out,
    command: "npx apprentice experiment test",
    cells: cellsOf(values),
    module: new URL("./cells-work.ts", import.meta.url).href,
    workers: 1,
    ...more,
  });
  return {
    out,
    log,
    cellsOf,
    request,
    /** Which cells were run since it was last asked, sorted. */
    ran(): number[] {
      const values = readFileSync(log, "utf8").split("\n").slice(0, -1).map(Number);
      writeFileSync(log, "");
      return values.sort((a, b) => a - b);
    },
    onDisk: (): ExperimentResult => JSON.parse(readFileSync(join(out, "result.json"), "utf8")),
  };
}
const cellsIn = ({ rows }: ExperimentResult) => rows.map(({ cell }) => cell);

describe("runCells", () => {
  it.each([1, 2])("has the rows in the order of the cells, whichever ends first: %i workers", async (workers) => {
    const { cellsOf, request, onDisk } = place();
    const slow = cellsOf([3], { milliseconds: 60 });
    const cells = new Map([...slow, ...cellsOf([1, 2], { rows: 2 })]);
    const heard: [number, number][] = [];
    const result = await runCells({
      ...request([]),
      cells,
      workers,
      onProgress: (...now) => heard.push(now),
    });
    const row = (value: number, row: number) => ({
      cell: `cell/${value}`,
      row,
      square: value ** 2,
      pair: { low: -value, high: value },
    });
    expect(result.rows).toEqual([row(3, 0), row(1, 0), row(1, 1), row(2, 0), row(2, 1)]);
    expect(result.command).toBe("npx apprentice experiment test");
    expect(result.commit).toMatch(/^[0-9a-f]{7,}$/);
    expect(onDisk()).toEqual(result);
    expect(heard).toEqual([
      [1, 3],
      [2, 3],
      [3, 3],
    ]);
  });

  it("runs what is missing only, and forgets cells that are none any more", async () => {
    const { request, ran, onDisk } = place();
    await runCells(request([1, 2, 3]));
    expect(ran()).toEqual([1, 2, 3]);
    const notes: string[] = [];
    const result = await runCells(request([4, 3, 1], { onNote: (line) => notes.push(line) }));
    expect(ran()).toEqual([4]);
    expect(notes).toEqual([
      "2 of 3 cells are finished, 1 to run",
      "cells that are none of the experiment any more: 1, left out",
      "cell/4: finished",
    ]);
    expect(cellsIn(result)).toEqual(["cell/4", "cell/3", "cell/1"]);
    expect(onDisk()).toEqual(result);
    // all are there: the same again
    expect(await runCells(request([4, 3, 1]))).toEqual(result);
    expect(ran()).toEqual([]);
  });

  it("forgets cells on disk too where nothing is left to run", async () => {
    const { request, ran, onDisk } = place();
    await runCells(request([1, 2]));
    ran();
    const result = await runCells(request([2]));
    expect([ran(), cellsIn(result), cellsIn(onDisk())]).toEqual([[], ["cell/2"], ["cell/2"]]);
  });

  it("runs those whose name has a text in it, and keeps the others as they are", async () => {
    const { request, ran } = place();
    const result = await runCells(request([1, 21, 2, 12], { only: "/2" }));
    expect(ran()).toEqual([2, 21]);
    expect(cellsIn(result)).toEqual(["cell/21", "cell/2"]);
    await runCells(request([1, 21, 2, 12], { only: "2", fresh: true }));
    expect(ran()).toEqual([2, 12, 21]);
    expect(cellsIn(await runCells(request([1, 21, 2, 12])))).toEqual(["cell/1", "cell/21", "cell/2", "cell/12"]);
    expect(ran()).toEqual([1]);
    const refused = runCells(request([1, 21], { only: "urgent" }));
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow('found no cell with "urgent" in its name, expected a part of one, as cell/1');
  });

  it("runs finished cells again where it is asked to, and keeps what was until each is finished", async () => {
    const { request, ran, onDisk, cellsOf } = place();
    await runCells(request([1, 2, 3]));
    ran();
    const stop = new AbortController();
    const fresh = runCells({
      ...request([], { fresh: true, signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) }),
      cells: cellsOf([1, 2, 3], { rows: 2 }),
    });
    await expect(fresh).rejects.toThrow("enough");
    expect(ran()).toEqual([1]);
    expect(cellsIn(onDisk())).toEqual(["cell/1", "cell/1", "cell/2", "cell/3"]);
  });

  it.each([1, 2])("keeps what is finished when it is stopped, and goes on from there: %i workers", async (workers) => {
    const { cellsOf, request, ran, onDisk } = place();
    const values = Array.from({ length: 12 }, (_, value) => value);
    const cells = cellsOf(values, { milliseconds: 10 });
    const stop = new AbortController();
    const stopped = runCells({
      ...request([]),
      cells,
      workers,
      signal: stop.signal,
      onProgress(finished) {
        if (finished === 5) stop.abort(new Error("stopped"));
      },
    });
    await expect(stopped).rejects.toThrow("stopped");
    ran();
    const kept = cellsIn(onDisk());
    expect(kept).toHaveLength(5);
    const result = await runCells({ ...request([]), cells, workers });
    expect(ran().map((value) => `cell/${value}`)).toEqual([...cells.keys()].filter((name) => !kept.includes(name)));
    expect(cellsIn(result)).toEqual([...cells.keys()]);
  });

  it("killed (SIGKILL) in the middle, goes on with the cells that are missing", async () => {
    const { out, log, cellsOf, request, ran, onDisk } = place();
    const child = spawn(process.execPath, ["--import", "tsx", CHILD, out, log], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = new Promise((settle) => child.on("close", (_, signal) => settle(signal)));
    let told = "";
    await new Promise<void>((begun) => {
      child.stdout.setEncoding("utf8").on("data", (text: string) => {
        told += text;
        if (told.split("\n").length > 6) begun();
      });
    });
    // anywhere in the cells that follow: another place in every run of this test
    await new Promise((settle) => setTimeout(settle, Math.random() * 60));
    child.kill("SIGKILL");
    expect(await ended).toBe("SIGKILL");
    expect(told).not.toContain("finished");
    ran();
    const kept = cellsIn(onDisk());
    expect(kept.length).toBeGreaterThanOrEqual(6);
    const values = Array.from({ length: 40 }, (_, value) => value);
    const result = await runCells({ ...request([]), cells: cellsOf(values) });
    expect(ran()).toEqual(values.slice(kept.length));
    expect(result.rows.map(({ square }) => square)).toEqual(values.map((value) => value ** 2));
    // what was being written when it died
    const left = readdirSync(out).filter((name) => name !== "result.json");
    expect(left.length).toBeLessThanOrEqual(1);
  });

  it("names the cell that fails, and keeps the others", async () => {
    const { request, onDisk } = place();
    await expect(runCells(request([1, -2, 3]))).rejects.toThrow("cell/-2: cannot measure -2");
    expect(cellsIn(onDisk())).toEqual(["cell/1"]);
  });

  it.each([
    ["cut short", '{"rows":[{"cell":"cell/1"'],
    ["empty", ""],
    ["of something else", '{"answer":42}'],
    ["nothing", "null"],
    ["with rows of no cell", '{"rows":[{"cell":"cell/1"},{"method":"l2"}]}'],
    ["with a row that is nothing", '{"rows":[null]}'],
  ])("refuses a result.json that is %s, and leaves it", async (_, text) => {
    const { out, request, ran } = place();
    mkdirSync(out);
    const path = join(out, "result.json");
    writeFileSync(path, text);
    const refused = runCells(request([1]));
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(`${path}: found no rows of cells, expected the result of an experiment`);
    expect(readFileSync(path, "utf8")).toBe(text);
    expect(ran()).toEqual([]);
  });

  it("refuses a result.json that cannot be read, and a folder that is a file, before a cell is run", async () => {
    const { out, request, ran } = place();
    mkdirSync(join(out, "result.json"), { recursive: true });
    await expect(runCells(request([1]))).rejects.toThrow("result.json: cannot be read (EISDIR)");
    const file = join(folder, "file");
    writeFileSync(file, "");
    const refused = runCells(request([1], { out: file }));
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(file);
    expect(ran()).toEqual([]);
    expect(existsSync(file)).toBe(true);
  });
});
