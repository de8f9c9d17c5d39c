import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readSafetensors } from "../../src/runs/index.ts";
import { run, runHere } from "./command.ts";
import { smallDrivingLog, smallPushT } from "./recordings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-train-"));
afterAll(() => rmSync(scratch, { recursive: true }));

let pushT = "";
let drive = "";
beforeAll(async () => {
  pushT = await smallPushT(scratch);
  drive = smallDrivingLog(scratch);
});

/** One refusal: exit 2, nothing on standard output, one line on standard error. */
async function refusal(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(...args);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  expect(stderr.trimEnd().split("\n").length, stderr).toBe(1);
  return stderr;
}

describe.each([
  { name: "a Push-T zarr", data: () => pushT, head: "l2", unit: "px", updates: 30, task: "push-t" },
  { name: "a driving log", data: () => drive, head: "gmm", unit: "1", updates: 500, task: null },
])("train on $name", ({ data, head, unit, updates, task }) => {
  it("leaves a run from which evaluate prints the same numbers", async () => {
    const out = join(scratch, `run-${head}`);
    const trained = await run("train", data(), "--head", head, "--updates", String(updates), "--out", out, "--json");
    expect(trained.code, trained.stderr).toBe(0);
    expect(trained.stderr).toContain(`${updates}/${updates}`);
    // one JSON object, with one newline at its end, and nothing else
    expect(trained.stdout.trimEnd().split("\n").length).toBe(1);
    const { seconds, ...summary } = JSON.parse(trained.stdout);
    expect(seconds).toBeGreaterThan(0);
    expect(summary).toMatchObject({ run: out, head, updates, seed: 0, heldOut: { unit } });
    expect(summary.heldOut.scores.map(({ predictor }: { predictor: string }) => predictor)).toEqual([
      head,
      "mean",
      "repeat last action",
    ]);
    for (const { rms, meanAbsolute, natsPerDimension } of summary.heldOut.scores) {
      expect(rms).toBeGreaterThanOrEqual(meanAbsolute);
      expect(Number.isFinite(natsPerDimension)).toBe(true);
    }
    const files = ["recipe.json", "metrics.jsonl", "parameters.safetensors", "policy.onnx", "report.html"];
    for (const file of files) expect(existsSync(join(out, file)), file).toBe(true);
    const metrics = readFileSync(join(out, "metrics.jsonl"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(metrics[metrics.length - 1].update).toBe(updates);
    expect(Object.keys(readSafetensors(readFileSync(join(out, "parameters.safetensors")), out).tensors)).toContain(
      "network.0.weight",
    );

    expect(summary.report).toBe(join(out, "report.html"));
    expect(reportOf(out)).toMatchObject({ "Sampled actions": task !== null, Rollouts: task !== null, Success: false });

    const evaluated = await run("evaluate", out, "--episodes", "2", "--json");
    expect(evaluated.code, evaluated.stderr).toBe(0);
    const { episodes, success, perSeed, ...others } = JSON.parse(evaluated.stdout);
    expect(others).toMatchObject(summary);
    if (task === null) {
      expect(others).toEqual(summary);
      expect([episodes, success, perSeed]).toEqual([undefined, undefined, undefined]);
      expect(existsSync(join(out, "evaluation.json"))).toBe(false);
    } else {
      expect(evaluated.stderr).toContain("2/2");
      expect({ episodes, n: success.n, rolled: perSeed.length }).toEqual({ episodes: 2, n: 2, rolled: 2 });
      const { actor, task: rolledOut, score, modes, metrics } = others;
      const kept = { task: rolledOut, actor, episodes, success, score, modes, metrics, perSeed };
      expect(JSON.parse(readFileSync(join(out, "evaluation.json"), "utf8"))).toEqual(kept);
    }

    const table = await runHere("evaluate", out, "--episodes", "0");
    expect(table.code).toBe(0);
    expect(table.stdout).toContain(summary.heldOut.scores[0].rms.toPrecision(4));
    expect(table.stdout).toContain("repeat last action");
    expect(table.stdout).toContain(`The report is ${out}/report.html.`);
    const none = 'Nothing was rolled out: "udacity-driving" is none of the tasks here; --task names a world for it.';
    expect(table.stdout.includes(none)).toBe(task === null);
    // the evaluation that was left before stays in the report
    expect(reportOf(out)).toMatchObject({ Success: task !== null, "Held-out demonstrations": true });
  });
});

/** Which sections the report of a run has. It must open without a network. */
function reportOf(run: string): Record<string, boolean> {
  const page = readFileSync(join(run, "report.html"), "utf8");
  expect(page).not.toMatch(/(?:src|href)="(?!data:|#)/);
  const sections = ["Success", "Sampled actions", "Rollouts", "Training", "Held-out demonstrations"];
  return Object.fromEntries(sections.map((heading) => [heading, page.includes(`<h2>${heading}</h2>`)]));
}

describe("the numbers of a run", () => {
  it("are the same for the same seed, and others for another", async () => {
    const train = (out: string, seed: string) =>
      runHere("train", drive, "--head", "l2", "--updates", "40", "--seed", seed, "--out", join(scratch, out));
    for (const [out, seed] of [
      ["seed-a", "1"],
      ["seed-b", "1"],
      ["seed-c", "2"],
    ]) {
      expect((await train(out, seed)).code).toBe(0);
    }
    const policy = (out: string) => readFileSync(join(scratch, out, "policy.onnx"));
    expect(policy("seed-b").equals(policy("seed-a"))).toBe(true);
    expect(policy("seed-c").equals(policy("seed-a"))).toBe(false);
  });
});

describe("PATH:WEIGHT", () => {
  const datasets = async (out: string, ...data: string[]) => {
    const args = ["--head", "l2", "--updates", "4", "--out", join(scratch, out)];
    const { code, stderr } = await runHere("train", ...data, ...args);
    expect(code, stderr).toBe(0);
    const recipe = JSON.parse(readFileSync(join(scratch, out, "recipe.json"), "utf8"));
    return recipe.datasets.map(({ path, weight }: { path: string; weight: number }) => [path, weight]);
  };

  it("is a dataset and how often it is drawn from; a path that is there as it stands is a path", async () => {
    expect(await datasets("weighed", `${drive}:2.5`, drive)).toEqual([
      [drive, 2.5],
      [drive, 1],
    ]);
    const colon = join(scratch, "at 12:30");
    cpSync(drive, colon, { recursive: true });
    expect(await datasets("colon", colon, `${colon}:3`)).toEqual([
      [colon, 1],
      [colon, 3],
    ]);
  });
});

describe("train refuses", () => {
  const out = () => join(scratch, "never");
  const train = (path: string, ...more: string[]) =>
    refusal("train", path, "--head", "l2", "--updates", "10", "--out", out(), ...more);

  it("a path that is missing", async () => {
    expect(await train(join(scratch, "nowhere"))).toBe(`apprentice: dataset ${scratch}/nowhere: not found\n`);
    expect(existsSync(out())).toBe(false);
  });

  it("a zarr with a truncated chunk, or without an array", async () => {
    const folder = join(scratch, "damaged");
    mkdirSync(folder);
    const zarr = await smallPushT(folder);
    const chunk = join(zarr, "data/action/1.0");
    writeFileSync(chunk, readFileSync(chunk).subarray(0, 50));
    expect(await train(zarr)).toContain("small.zarr: array data/action: chunk 1.0: found 50 bytes, expected 128");
    rmSync(join(zarr, "data/keypoint"), { recursive: true });
    expect(await train(zarr)).toContain("array data/keypoint: found no .zarray");
    expect(existsSync(out())).toBe(false);
  });

  it("a driving log with a damaged row", async () => {
    const folder = join(scratch, "damaged-drive");
    mkdirSync(folder);
    const path = smallDrivingLog(folder, (rows) => {
      rows[41] = rows[41].replace(/,0\.5,0,/, ",0.5,x,");
    });
    expect(await train(path)).toContain('driving_log.csv: line 42, column brake: found "x"');
  });

  it("a recording too short to learn from and to judge by", async () => {
    const folder = join(scratch, "short");
    mkdirSync(folder);
    const path = smallDrivingLog(folder, (rows) => rows.splice(20));
    // a fifth of 20 rows is held out
    expect(await train(path)).toContain("the longest episode to hold out has 4 steps, expected 8 or more");
    expect(existsSync(out())).toBe(false);
  });

  it("a folder that is in use, and leaves it as it was", async () => {
    const used = join(scratch, "used");
    const args = ["train", drive, "--head", "l2", "--updates", "20", "--out", used];
    expect((await runHere(...args)).code).toBe(0);
    const before = readFileSync(join(used, "policy.onnx"));
    expect(await refusal(...args)).toContain(`${used}: already holds a run`);
    expect(readFileSync(join(used, "policy.onnx")).equals(before)).toBe(true);
    const foreign = join(scratch, "foreign");
    mkdirSync(foreign);
    writeFileSync(join(foreign, "thesis.txt"), "years of work");
    expect(await train(drive, "--out", foreign)).toContain('holds "thesis.txt" and is not a run');
    expect(await train(drive, "--out", join(foreign, "thesis.txt"))).toContain(
      "thesis.txt: cannot be used as the folder",
    );
  });

  it("to resume what is no run, or a run with another head, seed, length or recording", async () => {
    expect(await train(drive, "--resume")).toContain(`${out()}: not a run`);
    const resumed = join(scratch, "resumed");
    const recipe = { "--head": "l2", "--updates": "20", "--seed": "0", "--out": resumed };
    const command = (path: string, changed: Partial<typeof recipe> = {}) => [
      "train",
      path,
      ...Object.entries({ ...recipe, ...changed }).flat(),
    ];
    expect((await runHere(...command(drive))).code).toBe(0);
    const before = readFileSync(join(resumed, "recipe.json"), "utf8");
    const metrics = readFileSync(join(resumed, "metrics.jsonl"), "utf8");
    const resume = (path: string, changed: Partial<typeof recipe>) => refusal(...command(path, changed), "--resume");
    expect(await resume(drive, { "--head": "gmm" })).toContain('policy.head.kind is "l2" there, found "gmm"');
    expect(await resume(drive, { "--seed": "3" })).toContain("seed is 0 there, found 3");
    expect(await resume(drive, { "--updates": "30" })).toContain("updates is 20 there, found 30");
    expect(await resume(pushT, {})).toContain(`dataset is ${drive} there, found ${pushT}`);
    expect(readFileSync(join(resumed, "recipe.json"), "utf8")).toBe(before);
    expect(readFileSync(join(resumed, "metrics.jsonl"), "utf8")).toBe(metrics);
  });
});

describe("evaluate refuses", () => {
  const good = () => join(scratch, "evaluated");
  beforeAll(async () => {
    const { code } = await runHere("train", drive, "--head", "l2", "--updates", "20", "--out", good());
    expect(code).toBe(0);
  });

  /** Damages one file of the run, and mends it afterwards. */
  async function damaged(file: string, change: (bytes: Buffer) => Uint8Array | string): Promise<string> {
    const path = join(good(), file);
    const bytes = readFileSync(path);
    writeFileSync(path, change(Buffer.from(bytes)));
    try {
      const line = await refusal("evaluate", good());
      expect(line).toContain(file);
      return line;
    } finally {
      writeFileSync(path, bytes);
    }
  }

  it("a folder that is no run, or a run that has not finished", async () => {
    expect(await refusal("evaluate", join(scratch, "nowhere"))).toContain("nowhere: not a run");
    const early = join(scratch, "early");
    mkdirSync(early);
    writeFileSync(join(early, "recipe.json"), readFileSync(join(good(), "recipe.json")));
    expect(await refusal("evaluate", early)).toContain("not found, expected a run that has finished training");
  });

  it("a damaged recipe", async () => {
    await damaged("recipe.json", (bytes) => bytes.subarray(0, 100));
    await damaged("recipe.json", () => "[]");
    const edit = (change: object) => (bytes: Buffer) => JSON.stringify({ ...JSON.parse(bytes.toString()), ...change });
    expect(await damaged("recipe.json", edit({ batchSize: "all" }))).toContain("recipe.json: batchSize: ");
    const horizons = { observationHorizon: 4, predictionHorizon: 4, actionHorizon: 4 };
    expect(await damaged("recipe.json", edit({ horizons }))).toContain(
      "expected predictionHorizon of at least observationHorizon - 1 + actionHorizon",
    );
  });

  it("a damaged policy", async () => {
    expect(await damaged("policy.onnx", (bytes) => bytes.subarray(0, bytes.length >> 1))).toContain(
      "not a readable .onnx",
    );
    expect(await damaged("policy.onnx", () => "")).toContain("not a readable .onnx");
    await damaged("policy.onnx", (bytes) => bytes.fill(0x41, 100, 300));
  });

  it("damaged parameters, or those of another network", async () => {
    await damaged("parameters.safetensors", (bytes) => bytes.subarray(0, bytes.length - 4));
    await damaged("parameters.safetensors", (bytes) => bytes.fill(0x20, 8, 40));
    await damaged("parameters.safetensors", () => "");
    const other = join(scratch, "other-head");
    expect((await runHere("train", drive, "--head", "gmm", "--updates", "20", "--out", other)).code).toBe(0);
    expect(
      await damaged("parameters.safetensors", () => readFileSync(join(other, "parameters.safetensors"))),
    ).toContain('tensor "network.4.weight" is float32 [85, 64], expected float32 [8, 64]');
    expect(await damaged("policy.onnx", () => readFileSync(join(other, "policy.onnx")))).toContain(
      'head is "gmm", expected "l2" as in the recipe',
    );
  });

  it("a recording that has gone, or holds another task", async () => {
    const path = join(good(), "recipe.json");
    const text = readFileSync(path, "utf8");
    const pointAt = (dataset: string) => {
      const datasets = [{ path: dataset, weight: 1, digest: null }];
      writeFileSync(path, JSON.stringify({ ...JSON.parse(text), datasets }));
    };
    pointAt(join(scratch, "gone"));
    expect(await refusal("evaluate", good())).toContain(`dataset ${scratch}/gone: not found`);
    pointAt(pushT);
    expect(await refusal("evaluate", good())).toContain('found task "push-t", expected "udacity-driving"');
    writeFileSync(path, text);
  });
});
