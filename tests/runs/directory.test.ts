import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint, writeSafetensors } from "../../src/runs/index.ts";
import { createRun, openRun, readMetrics, writeFileAtomic } from "../../src/runs/node.ts";
import { recordsOf } from "./event-records.ts";

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "apprentice-runs-"));
  path = join(folder, "deep", "run");
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const recipe = { task: "push-t", seed: 7, hidden: [64, 64] };
const checkpointAt = (update: number): Checkpoint => ({
  update,
  tensors: { weight: { dtype: "float32", shape: [2], data: Float32Array.of(update, -0) } },
  state: { position: 2 ** 53 - 1, third: 1 / 3, path: "kernel", nothing: null },
});
const checkpointFiles = () => readdirSync(join(path, "checkpoints")).sort();
const eventFiles = () =>
  readdirSync(path)
    .filter((name) => name.includes("tfevents"))
    .sort();

describe("createRun and openRun", () => {
  it("make a run and open it again", async () => {
    const run = await createRun(path, { ...recipe, absent: undefined });
    expect(run.recipe).toEqual(recipe);
    expect(readFileSync(join(path, "recipe.json"), "utf8")).toBe(`${JSON.stringify(recipe, null, 2)}\n`);
    const again = await openRun(path);
    expect(again.recipe).toEqual(recipe);
    expect(await again.latestCheckpoint()).toBeNull();
    expect(await again.readMetrics()).toEqual([]);
    // Opening and reading leave nothing behind.
    expect(readdirSync(path)).toEqual(["recipe.json"]);
  });

  it("refuse a folder that holds something else, and leave it as it is", async () => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "thesis.tex"), "…");
    await expect(createRun(path, recipe)).rejects.toThrow(
      new InputError(`${path}: holds "thesis.tex" and is not a run, expected a new or empty folder`),
    );
    expect(readdirSync(path)).toEqual(["thesis.tex"]);
    await expect(openRun(path)).rejects.toThrow(
      new InputError(`${path}: not a run, expected a folder with recipe.json`),
    );
  });

  it("refuse to begin a run where one is", async () => {
    await createRun(path, recipe);
    await expect(createRun(path, {})).rejects.toThrow(
      new InputError(`${path}: already holds a run, expected a new or empty folder, or that the run be resumed`),
    );
    expect((await openRun(path)).recipe).toEqual(recipe);
  });

  it("begin in a folder where a run was killed before it had its recipe", async () => {
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, ".unfinished-1-0-recipe.json"), '{"ta');
    await createRun(path, recipe);
    expect((await openRun(path)).recipe).toEqual(recipe);
  });

  it("refuse a path that is a file or is not there", async () => {
    const file = join(folder, "file");
    writeFileSync(file, "");
    await expect(createRun(file, recipe)).rejects.toThrow(/^.*file: cannot be used as the folder of a run: EEXIST/);
    await expect(createRun(join(file, "run"), recipe)).rejects.toBeInstanceOf(InputError);
    for (const absent of [file, path, join(file, "run")]) {
      await expect(openRun(absent)).rejects.toThrow(`${absent}: not a run, expected a folder with recipe.json`);
    }
  });

  it("refuse a damaged recipe", async () => {
    await createRun(path, recipe);
    writeFileSync(join(path, "recipe.json"), '{"task":\n');
    await expect(openRun(path)).rejects.toThrow(/^.*recipe\.json: not valid JSON: [^\n]+$/);
    writeFileSync(join(path, "recipe.json"), "[]");
    await expect(openRun(path)).rejects.toThrow(/recipe\.json: not a JSON object, expected a recipe$/);
  });

  it.each([
    [{ rate: Number.NaN }, "recipe.rate: found number NaN, which JSON cannot hold"],
    [{ sizes: [1, { big: 1n }] }, "recipe.sizes[1].big: found bigint 1, which JSON cannot hold"],
    [{ sizes: Float32Array.of(1) }, "recipe.sizes: found [object Float32Array], which JSON cannot hold"],
    [{ list: [undefined] }, "recipe.list[0]: found undefined undefined, which JSON cannot hold"],
    [{ when: new Date(0) }, "recipe.when: found [object Date], which JSON cannot hold"],
  ])("refuse the recipe %#, which would not come back", async (bad, message) => {
    await expect(createRun(path, bad)).rejects.toThrow(message);
    expect(existsSync(path)).toBe(false);
  });
});

describe("checkpoints", () => {
  it("come back bit for bit", async () => {
    const run = await createRun(path, recipe);
    await run.saveCheckpoint(checkpointAt(1234));
    expect(checkpointFiles()).toEqual(["update-00001234.safetensors"]);
    const found = await (await openRun(path)).latestCheckpoint();
    expect(found).toEqual(checkpointAt(1234));
    expect(Object.is(found?.tensors.weight.data[1], -0)).toBe(true);
    const bytes = readFileSync(join(path, "checkpoints", "update-00001234.safetensors"));
    expect(bytes.equals(encodeCheckpoint(checkpointAt(1234)))).toBe(true);
  });

  it("keep the newest few and the named ones", async () => {
    const run = await createRun(path, recipe, { keep: 2 });
    await run.saveCheckpoint(checkpointAt(1), { name: "best" });
    // 10^8 has nine digits: the order is that of the numbers.
    for (const update of [5, 99_999_999, 100_000_000]) await run.saveCheckpoint(checkpointAt(update));
    await run.saveCheckpoint(checkpointAt(2), { name: "best" });
    expect(checkpointFiles()).toEqual([
      "best.safetensors",
      "update-100000000.safetensors",
      "update-99999999.safetensors",
    ]);
    expect((await run.latestCheckpoint())?.update).toBe(100_000_000);
    expect(await run.readCheckpoint("best")).toEqual(checkpointAt(2));
    await expect(run.readCheckpoint("worst")).rejects.toBeInstanceOf(InputError);
    await expect(run.saveCheckpoint(checkpointAt(1), { name: "../best" })).rejects.toThrow('found "../best"');
    await expect(run.saveCheckpoint(checkpointAt(1), { name: "update-1" })).rejects.toThrow(RangeError);
    await expect(run.saveCheckpoint(checkpointAt(0.5))).rejects.toThrow("update: found 0.5");
    await expect(openRun(path, { keep: 0 })).rejects.toThrow("keep: found 0, expected at least 1");
  });

  it("what a kill left unfinished is not seen, and removed at the next save", async () => {
    await (await createRun(path, recipe)).saveCheckpoint(checkpointAt(1));
    const unfinished = join(path, "checkpoints", ".unfinished-1-0-update-00000002.safetensors");
    writeFileSync(unfinished, encodeCheckpoint(checkpointAt(2)).subarray(0, 100));
    const run = await openRun(path);
    expect((await run.latestCheckpoint())?.update).toBe(1);
    expect(existsSync(unfinished)).toBe(true);
    await run.saveCheckpoint(checkpointAt(3));
    expect(checkpointFiles()).toEqual(["update-00000001.safetensors", "update-00000003.safetensors"]);
  });

  it("where the newest is damaged, it is reported and the one before it taken", async () => {
    const run = await createRun(path, recipe);
    for (const update of [1, 2]) await run.saveCheckpoint(checkpointAt(update));
    const newest = join(path, "checkpoints", "update-00000002.safetensors");
    writeFileSync(newest, readFileSync(newest).subarray(0, -1));
    const reported: string[] = [];
    const found = await run.latestCheckpoint({ onDamaged: ({ message }) => reported.push(message) });
    expect(found?.update).toBe(1);
    expect(reported).toEqual([`${newest}: tensor "weight": ends at byte 8 of the data, the file has only 7`]);
    writeFileSync(join(path, "checkpoints", "update-00000001.safetensors"), encodeCheckpoint(checkpointAt(7)));
    await expect(run.latestCheckpoint()).rejects.toThrow(new InputError(reported[0]));
  });

  it.each([
    [{}, /metadata "format" is none, expected "apprentice-checkpoint-1"$/],
    [{ format: "pt" }, /metadata "format" is "pt", expected/],
    [{ format: "apprentice-checkpoint-1", update: "-1", state: "1" }, /metadata "update" is "-1", expected/],
    [{ format: "apprentice-checkpoint-1", state: "1" }, /metadata "update" is undefined, expected/],
    [{ format: "apprentice-checkpoint-1", update: "1" }, /metadata "state" is not valid JSON/],
    [{ format: "apprentice-checkpoint-1", update: "1", state: "{" }, /metadata "state" is not valid JSON/],
  ])("a file with the metadata %j is refused", (metadata, message) => {
    expect(() => decodeCheckpoint(writeSafetensors({}, metadata as Record<string, string>), "a")).toThrow(message);
  });
});

describe("metrics", () => {
  const record = (update: number) => ({ update, loss: 1 / update });

  it("are there for any reader as soon as they are appended, and go on in a reopened run", async () => {
    const run = await createRun(path, recipe);
    run.appendMetrics(record(1));
    expect(await readMetrics(path)).toEqual([record(1)]);
    run.close();
    run.close();
    const again = await openRun(path);
    again.appendMetrics(record(2));
    again.close();
    again.appendMetrics(record(3));
    again.close();
    expect(await readMetrics(path)).toEqual([1, 2, 3].map(record));
  });

  it.each([0, 1, 5, 70_000])("half a last line of %i bytes is ignored, and cut off before the next", async (length) => {
    const run = await createRun(path, recipe);
    run.appendMetrics(record(1));
    run.close();
    const file = join(path, "metrics.jsonl");
    const torn = `${readFileSync(file, "utf8")}${'{"update":2'.padEnd(length, "0").slice(0, length)}`;
    writeFileSync(file, torn);
    const again = await openRun(path);
    expect(await again.readMetrics()).toEqual([record(1)]);
    expect(readFileSync(file, "utf8")).toBe(torn);
    again.appendMetrics(record(2));
    again.close();
    expect(await again.readMetrics()).toEqual([1, 2].map(record));
  });

  it("rewind forgets what came after, and leaves the bytes of a run that was never interrupted", async () => {
    const straight = await createRun(join(folder, "straight"), recipe);
    for (let update = 1; update <= 6; update++) straight.appendMetrics(record(update));
    straight.close();

    const run = await createRun(path, recipe);
    for (let update = 1; update <= 5; update++) run.appendMetrics(record(update));
    for (const update of [2, 4, 5]) await run.saveCheckpoint(checkpointAt(update));
    await run.rewind(4);
    expect((await run.latestCheckpoint())?.update).toBe(4);
    for (let update = 5; update <= 6; update++) run.appendMetrics(record(update));
    run.close();
    expect(readFileSync(join(path, "metrics.jsonl"), "utf8")).toBe(
      readFileSync(join(folder, "straight", "metrics.jsonl"), "utf8"),
    );
    await run.rewind(0);
    expect([await run.readMetrics(), await run.latestCheckpoint()]).toEqual([[], null]);
  });

  it("stand in TensorBoard's files too, one for each opening, in order", async () => {
    const run = await createRun(path, recipe);
    run.appendMetrics(record(1));
    run.appendMetrics(record(2));
    run.close();
    const again = await openRun(path);
    await again.rewind(1);
    again.appendMetrics(record(2));
    again.close();
    const [first, second, ...none] = eventFiles().map((name) => recordsOf(readFileSync(join(path, name))));
    expect(none).toEqual([]);
    // wall_time is the first field of each event: a tag and eight bytes. What follows is as in tensorboard.test.ts.
    const bodies = (records: Uint8Array[]) => records.map((bytes) => Buffer.from(bytes.subarray(9)).toString("latin1"));
    const scalar = (step: number, float: string) =>
      `\x10${String.fromCharCode(step)}\x2a\x0d\x0a\x0b\x0a\x04loss\x15${float}`;
    // float32 1 is 3f800000 and 0.5 is 3f000000.
    expect(bodies(first)).toEqual([
      "\x1a\x0dbrain.Event:2",
      scalar(1, "\x00\x00\x80\x3f"),
      scalar(2, "\x00\x00\x00\x3f"),
    ]);
    // The run goes on after update 1: readers forget step 2 and later.
    expect(bodies(second)).toEqual([
      "\x1a\x0dbrain.Event:2",
      "\x10\x02\x3a\x02\x08\x01",
      scalar(2, "\x00\x00\x00\x3f"),
    ]);
  });

  it("a damaged file is named with its line", async () => {
    const run = await createRun(path, recipe);
    writeFileSync(join(path, "metrics.jsonl"), '{"update":1}\noops\n');
    await expect(run.readMetrics()).rejects.toThrow(`${join(path, "metrics.jsonl")}:2: not valid JSON`);
    await expect(run.rewind(0)).rejects.toBeInstanceOf(InputError);
  });
});

describe("writeFileAtomic", () => {
  it("makes the folder, replaces the file, leaves nothing else", async () => {
    const file = join(path, "policy.onnx");
    await writeFileAtomic(file, "old");
    await Promise.all([writeFileAtomic(file, Uint8Array.of(1)), writeFileAtomic(file, Uint8Array.of(1))]);
    expect([...readFileSync(file)]).toEqual([1]);
    expect(readdirSync(path)).toEqual(["policy.onnx"]);
  });

  it("leaves the old file and no unfinished one where it fails", async () => {
    mkdirSync(join(path, "policy.onnx"), { recursive: true });
    await expect(writeFileAtomic(join(path, "policy.onnx"), "new")).rejects.toThrow();
    expect(readdirSync(path)).toEqual(["policy.onnx"]);
  });

  it("is how a run writes its other files", async () => {
    const run = await createRun(path, recipe);
    await run.writeFile("policy.onnx", Uint8Array.of(8, 10));
    await run.writeFile("report.html", "<p>…</p>");
    expect(readFileSync(join(path, "report.html"), "utf8")).toBe("<p>…</p>");
    expect(readdirSync(path).sort()).toEqual(["policy.onnx", "recipe.json", "report.html"]);
  });
});
