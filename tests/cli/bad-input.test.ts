/**
 * What a person can get wrong, as the command line answers it: one line on standard error that names what is meant, exit 2,
 * and nothing lost of what was there. Formats and recipes have tests of their own for every kind of damage; here it is that
 * the line arrives.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createDataset } from "../../src/datasets/index.ts";
import { writeRobomimic } from "../../src/datasets/node.ts";
import { replace } from "../datasets/mcap-edit.ts";
import { editRows } from "../datasets/parquet-edit.ts";
import { runHere } from "./command.ts";
import { smallDrivingLog, smallPushT } from "./recordings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-bad-input-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const at = (...names: string[]) => join(scratch, ...names);
let count = 0;
const fresh = (name = "new") => at(`${name}-${count++}`);

/** Every file below a path with its bytes, as one text. */
function contentOf(path: string): string {
  const files = readdirSync(path, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map(({ parentPath, name }) => join(parentPath, name)).sort();
  return paths.map((file) => `${file} ${readFileSync(file).toString("base64")}`).join("\n");
}

/** The message of a refusal: exit 2, nothing on standard output, one line on standard error. */
async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere(...args);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  const [, message] = /^apprentice: (.+)\n$/.exec(stderr) ?? expect.fail(stderr);
  expect(message).not.toMatch(/\bat .*:\d+:\d+\b|undefined|\[object/);
  return message;
}

/** The refusal to learn from something, before there is a folder for the run. */
async function untrained(data: string | readonly string[], ...flags: string[]): Promise<string> {
  const out = fresh("out");
  const message = await refused("train", ...[data].flat(), "--head", "l2", "--updates", "4", "--out", out, ...flags);
  expect(existsSync(out)).toBe(false);
  return message;
}

const succeeds = async (...args: string[]) => {
  const { code, stderr } = await runHere(...args);
  expect(code, stderr).toBe(0);
  return stderr;
};
const train = (data: string, out: string, ...flags: string[]) =>
  succeeds("train", data, "--head", "l2", "--hidden", "8", "--updates", "4", "--out", out, ...flags);

/** The same recording in every format that can be read, and of each the file that holds the actions. */
const formats = {
  "driving log": { path: "drive", file: "driving_log.csv" },
  zarr: { path: "push.zarr", file: "data/action/0.0" },
  store: { path: "store", file: "episodes/000000.mcap" },
  robomimic: { path: "drive.hdf5", file: "" },
  LeRobot: { path: "lerobot", file: "data/chunk-000/file-000.parquet" },
} as const;
type Format = keyof typeof formats;
const FORMATS = Object.keys(formats) as Format[];

beforeAll(async () => {
  smallDrivingLog(scratch);
  cpSync(await smallPushT(scratch), at("push.zarr"), { recursive: true });
  await succeeds("dataset", "import", at("drive"), "--out", at("store"));
  await succeeds("dataset", "export", at("drive"), "--format", "robomimic", "--out", at("drive.hdf5"));
  await succeeds("dataset", "export", at("drive"), "--format", "lerobot", "--out", at("lerobot"));
  await train(at("drive"), at("run"));
  await train(at("push.zarr"), at("push-run"));
});

/** A copy of a recording with its file changed. */
function damaged(format: Format, change: (file: string) => void): string {
  const { path, file } = formats[format];
  const copy = at(`${count++}`, path);
  mkdirSync(dirname(copy));
  cpSync(at(path), copy, { recursive: true });
  change(join(copy, file));
  return copy;
}

/** A recording with a number put for the action of step 100 (zarr: 3). */
async function withAction(format: Format, value: number): Promise<string> {
  // the driving log's steering (recordings.ts), float32 in the others
  const steering = (i: number) => Math.fround(Math.round(213 * 0.4 * Math.sin(i / 12)) / 213);
  switch (format) {
    case "driving log":
      return damaged(format, (file) => {
        const rows = readFileSync(file, "utf8").split("\n");
        rows[100] = rows[100].split(",").with(3, String(value)).join(",");
        writeFileSync(file, rows.join("\n"));
      });
    case "zarr":
      return damaged(format, (file) => writeFloat(file, 3 * 2 * 4, value));
    case "store":
      return damaged(format, (file) => {
        // found by its value, which other steps have too
        expect(replace(file, steering(100), value)).toBeGreaterThan(0);
      });
    case "robomimic":
      return damaged(format, (file) => {
        const actions = Buffer.from(Float32Array.from({ length: 300 }, (_, i) => steering(i)).buffer);
        const start = readFileSync(file).indexOf(actions);
        expect(start).toBeGreaterThan(0);
        writeFloat(file, start + 4 * 100, value);
      });
    case "LeRobot": {
      const copy = damaged(format, () => {});
      const columns = [
        "observation.state",
        "action",
        "timestamp",
        "frame_index",
        "episode_index",
        "index",
        "task_index",
      ];
      await editRows(join(copy, formats.LeRobot.file), columns, (rows) => {
        rows[100].action = value;
        return rows;
      });
      return copy;
    }
  }
}

function writeFloat(file: string, offset: number, value: number): void {
  const bytes = readFileSync(file);
  bytes.writeFloatLE(value, offset);
  writeFileSync(file, bytes);
}

const halved = (file: string) => writeFileSync(file, readFileSync(file).subarray(0, readFileSync(file).length >> 1));
const noise = (file: string) => writeFileSync(file, Buffer.alloc(1000, "no recording "));

describe.each(FORMATS)("a recording (%s)", (format) => {
  it("that is missing", async () => {
    const path = at("nowhere", formats[format].path);
    expect(await untrained(path)).toBe(`dataset ${path}: not found`);
  });

  it("that is something else", async () => {
    const copy = damaged(format, noise);
    const message = await untrained(copy);
    expect(message).toContain(copy);
    if (format === "zarr") expect(message).toContain("array data/action: chunk 0.0: found 1000 bytes, expected 128");
    else expect(message).toContain(formats[format].file);
  });

  it("of which a file is cut off", async () => {
    // a store's episode reads to its last whole step, as after a kill; what describes it has to be whole
    const copy = damaged(format, (file) => halved(format === "store" ? join(file, "../../dataset.json") : file));
    expect(await untrained(copy)).toContain(copy);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY])("with %s among its numbers", async (value) => {
    const copy = await withAction(format, value);
    const before = readFileSync(join(copy, formats[format].file));
    const message = await untrained(copy);
    expect(message).toContain(copy);
    expect(message).toMatch(/\b(100|101|3|6|7)\b.*(found|: ).*(NaN|Infinity)/);
    // the same by the other commands that read it, and nothing is mended on the way
    if (format !== "store") expect(await refused("dataset", "info", copy)).toContain(String(value));
    expect(readFileSync(join(copy, formats[format].file))).toEqual(before);
  });
});

it("a folder, or a file, in which there is no recording", async () => {
  mkdirSync(at("empty"));
  expect(await untrained(at("empty"))).toContain("expected dataset.json, meta/info.json, one Push-T .zarr folder");
  writeFileSync(at("thesis.txt"), "years of work");
  expect(await untrained(at("thesis.txt"))).toContain("expected one ending in .hdf5 or .h5");
});

/** A recording of a task with so many numbers of action. */
async function recordingOf(task: string, actions: number): Promise<string> {
  const names = Array.from({ length: actions }, (_, i) => `push.${i}`);
  const values = (size: number) => Float32Array.from({ length: 400 * size }, (_, i) => Math.sin(i));
  const path = fresh(task).concat(".hdf5");
  await writeRobomimic(
    createDataset({
      task,
      observation: { names: ["state.x"], units: ["m"], values: values(1) },
      action: { names, units: names.map(() => "N"), values: values(actions) },
      episodeEnds: Int32Array.of(200, 400),
      controlRate: 10,
      provenance: { format: "made", source: "bad-input.test.ts", actors: [], notes: [] },
    }),
    path,
  );
  return path;
}

describe("a recording of another task, or with other actions", () => {
  it("beside the first", async () => {
    expect(await untrained([at("drive"), at("push.zarr")])).toBe(
      `dataset ${at("push.zarr")}: task "push-t", expected "udacity-driving" as in ${at("drive")}/driving_log.csv`,
    );
    const [one, two] = [await recordingOf("crane", 1), await recordingOf("crane", 2)];
    expect(await untrained([one, two])).toBe(
      `dataset ${two}: action [["push.0","push.1"],["N","N"],null], expected [["push.0"],["N"],null] as in ${one}`,
    );
  });

  it("than the recipe's, or than the run to go on with has learned from", async () => {
    const recipe = fresh("recipe");
    writeFileSync(recipe, "task: push-t\n");
    expect(await untrained(at("drive"), "--recipe", recipe)).toBe(
      `recipe ${recipe}: task: found "push-t", but the data are of task "udacity-driving"`,
    );
    const run = fresh("run");
    const crane = await recordingOf("crane", 1);
    await train(crane, run);
    const before = contentOf(run);
    for (const other of [at("drive"), await recordingOf("crane", 2)]) {
      expect(await refused("train", other, "--resume", "--out", run)).toContain(
        `--resume ${run}: dataset is ${crane} there, found ${other}`,
      );
    }
    // The same path with other numbers in it.
    cpSync(await recordingOf("crane", 2), crane);
    expect(await refused("train", "--resume", "--out", run)).toContain(`dataset ${crane}: its content has the digest`);
    expect(await refused("evaluate", run)).toContain(`dataset ${crane}: its content has the digest`);
    expect(contentOf(run)).toBe(before);
  });

  it("than the task in which its policy is to act", async () => {
    const policy = (run: string) => at(run, "policy.onnx");
    expect(await refused("compare", at("run"), at("push-run"))).toContain(
      `${policy("run")}: there is no task "udacity-driving"`,
    );
    // found out before the first is rolled out
    const compare = ["compare", at("push-run"), at("run"), "--episodes", "500"];
    const expected = `${policy("run")}: a policy of the task "udacity-driving", expected "push-t"`;
    expect(await refused(...compare)).toBe(expected);
    expect(await refused(...compare, "--task", "push-t")).toBe(expected);
    expect(await refused(...compare, "--task", "pusht")).toContain('there is no task "pusht", did you mean "push-t"?');
    const three = fresh("run");
    await train(await recordingOf("push-t", 3), three);
    expect(await refused("compare", at("push-run"), three)).toBe(
      `${join(three, "policy.onnx")}: actions of 3 numbers (push.0, push.1, push.2), expected 2 (target.x, target.y)`,
    );
  });
});

describe("flags and recipes", () => {
  const u = ["--head", "diffusion", "--network", "u-net"];
  it.each<[string, string[], string]>([
    ["an unknown head", ["--head", "difusion"], 'did you mean "diffusion"?'],
    ["a number of updates that is none", ["--updates", "many"], 'found "many", expected a whole number from 2'],
    ["part of an update", ["--updates", "10.5"], 'found "10.5", expected a whole number from 2'],
    ["a misspelt flag", ["--update", "10"], "unknown option '--update' (Did you mean --updates?)"],
    [
      "a column there is not",
      ["--observation", "sped"],
      'observation "sped": expected some of vehicle, previous; did you mean "vehicle.speed"?',
    ],
    ["no column at all", ["--observation", ""], 'found "", expected names with commas between them'],
    ["an option of another head", ["--modes", "3"], 'policy.head: unknown field "modes"'],
    [
      "a U-Net for a head without noise",
      ["--network", "u-net"],
      'policy.network.kind: found "u-net", expected "mlp" with head "l2"',
    ],
    [
      "a chunk that it cannot halve",
      [...u, "--prediction-horizon", "9"],
      "horizons.predictionHorizon: found 9, expected a multiple of 4 for a u-net of 3 levels",
    ],
    ["an even kernel", [...u, "--kernel", "4"], "policy.network.kernel: found 4, expected an odd number"],
    [
      "channels that are not eights",
      [...u, "--widths", "16,12"],
      "policy.network.widths.1: found 12, expected a multiple of 8",
    ],
    ["an odd time embedding", [...u, "--time-size", "7"], "policy.network.time: found 7, expected an even number"],
    [
      "a layer narrower than the chunk",
      ["--head", "autoregressive", "--hidden", "64,7"],
      'policy.network.hidden: found 7, expected 8 or more with head "autoregressive"',
    ],
    [
      "an order that names no action",
      ["--head", "autoregressive", "--order", "stering"],
      'policy.head.order: found "stering", expected some of steering; did you mean "steering"?',
    ],
    [
      "residual where it cannot be",
      ["--head", "autoregressive", "--residual"],
      "policy.network.residual: found true, expected false",
    ],
    [
      "residual layers that do not pair",
      ["--residual", "--hidden", "8,8"],
      "policy.network.hidden: found [8,8], expected an odd number of equal sizes",
    ],
    [
      "more steps than noise levels",
      ["--head", "diffusion", "--noise-levels", "8"],
      "policy.head.samplingSteps: found 16, expected at most the noise levels of training (policy.head.steps), 8",
    ],
    [
      "one step of diffusion",
      ["--head", "diffusion", "--sampling-steps", "1"],
      "policy.head.samplingSteps: found 1, expected a number of 2 or more",
    ],
    [
      "heads that do not share a width",
      ["--encoder", "transformer", "--encoder-size", "10"],
      "policy.encoder.heads: found 4, expected a divisor of its size, 10",
    ],
    ["horizons that do not fit", ["--action-horizon", "8"], "horizons: "],
    [
      "a chunk longer than the episodes",
      ["--prediction-horizon", "500"],
      "the longest episode to learn from has 240 steps, expected 500 or more",
    ],
    ["nothing held out", ["--validation-fraction", "0"], "validationFraction: found 0, expected a number above 0"],
    ["all held out", ["--validation-fraction", "1"], "validationFraction: found 1, expected a number below 1"],
    ["a rate of 0", ["--learning-rate", "0"], "learningRate: found 0, expected a number above 0"],
    ["a recipe that is missing", ["--recipe", "/nowhere.yaml"], "recipe /nowhere.yaml: cannot be read (ENOENT)"],
  ])("%s", async (_, flags, words) => {
    expect(await untrained(at("drive"), ...flags)).toContain(words);
  });

  it.each([
    ["0", /datasets\.0\.weight: found 0, expected a number above 0/],
    ["many", /drive:many: found "many", expected PATH or PATH:WEIGHT, a weight above 0/],
    ["-1", /drive:-1: found "-1", expected PATH or PATH:WEIGHT, a weight above 0/],
    ["", /drive:: found "", expected PATH or PATH:WEIGHT, a weight above 0/],
  ])("a weight of %s", async (weight, words) => {
    expect(await untrained(`${at("drive")}:${weight}`)).toMatch(words);
    expect(await untrained([at("drive"), `${at("drive")}:${weight}`])).toMatch(/weight/i);
  });

  it.each([
    [
      "a misspelt field",
      "recipe.yaml",
      "horizons:\n  actionHorizont: 4\n",
      'horizons: unknown field "actionHorizont"; did you mean "actionHorizon"?',
    ],
    [
      "a misspelt field of JSON",
      "recipe.json",
      '{"learningrate": 1e-3}',
      'unknown field "learningrate"; did you mean "learningRate"?',
    ],
    [
      "a misspelt head",
      "recipe.yaml",
      "policy: { head: { kind: difusion } }",
      'policy.head.kind: found "difusion", expected l2, l1,',
    ],
    ["updates that are none", "recipe.yaml", "updates: many", 'updates: found "many", expected number'],
    ["YAML that is none", "recipe.yaml", "updates: 10\nseed: [1\nhead: x\n", /not YAML: .* at line 3, column \d+/],
    ["JSON that is none", "recipe.json", '{\n"updates": 10,\n"seed": 1', /not JSON: .* at line 3, column \d+/],
    ["a list", "recipe.yaml", "- updates\n", 'found ["updates"], expected the fields of a recipe'],
    ["nothing", "recipe.yaml", "", "found null, expected the fields of a recipe"],
  ])("a recipe with %s", async (_, name, text, words) => {
    const file = at(`${count++}-${name}`);
    writeFileSync(file, text);
    const out = fresh("out");
    const message = await refused("train", at("drive"), "--recipe", file, "--out", out);
    expect(message.startsWith(`recipe ${file}: `), message).toBe(true);
    if (typeof words === "string") expect(message).toContain(words);
    else expect(message).toMatch(words);
    expect(existsSync(out)).toBe(false);
  });
});

describe("a run with a damaged file", () => {
  /** A copy of a run with one of its files cut in half. */
  function broken(run: string, file: string): string {
    const copy = fresh("broken");
    cpSync(at(run), copy, { recursive: true });
    halved(join(copy, file));
    return copy;
  }

  it.each(["parameters.safetensors", "policy.onnx", "recipe.json"])("cut off: %s", async (file) => {
    const run = broken("push-run", file);
    const before = contentOf(run);
    expect(await refused("evaluate", run)).toContain(join(run, file));
    if (file !== "policy.onnx") expect(await refused("export", run, "--out", fresh())).toContain(join(run, file));
    else expect(await refused("compare", at("push-run"), run)).toContain(join(run, file));
    expect(contentOf(run)).toBe(before);
  });

  it("goes on from the checkpoint before one that is cut off, to the same end, and says so", async () => {
    const whole = fresh("whole");
    await train(at("drive"), whole, "--updates", "1000");
    const checkpoints = readdirSync(join(whole, "checkpoints")).sort();
    expect(checkpoints.length).toBeGreaterThan(1);
    const run = fresh("resumed");
    cpSync(whole, run, { recursive: true });
    const newest = join("checkpoints", checkpoints.at(-1)!);
    halved(join(run, newest));
    for (const file of ["policy.onnx", "parameters.safetensors"]) rmSync(join(run, file));
    const before = Number(/\d+/.exec(checkpoints.at(-2)!));
    expect(await succeeds("train", "--resume", "--out", run)).toContain(`going on from update ${before}\n`);
    for (const file of ["policy.onnx", "parameters.safetensors", newest]) {
      expect(readFileSync(join(run, file)).equals(readFileSync(join(whole, file))), file).toBe(true);
    }

    for (const name of checkpoints) halved(join(run, "checkpoints", name));
    const left = contentOf(run);
    const { code, stdout, stderr } = await runHere("train", "--resume", "--out", run);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr.match(/^apprentice: .*\n/gm)).toEqual([expect.stringContaining(join(run, newest))]);
    expect(contentOf(run)).toBe(left);
  });
});
