import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { datasetDigest, readDataset, readLeRobot, readRecorded, writeLeRobot } from "../../src/datasets/node.ts";
import { awkward, besides, expected, failureOf, GOLDEN, rowsOf, scratchPaths } from "./formats-fixture.ts";
import { editRows } from "./parquet-edit.ts";

const PYTHON = join(GOLDEN, "lerobot");
const INFO = "meta/info.json";
const EPISODES = "meta/episodes/chunk-000/file-000.parquet";
const DATA = "data/chunk-000/file-000.parquet";
const scratch = scratchPaths();

describe("a dataset that LeRobot wrote", () => {
  it("is read by its low-dimensional features", async () => {
    const dataset = await readDataset(PYTHON);
    const numbers = expected("lerobot");
    expect([...dataset.episodeEnds]).toEqual(numbers.ends);
    expect(dataset.observation.names).toEqual([
      ...["state.x", "state.y", "state.angle"],
      ...["environment_state.0", "environment_state.1"],
      "force.newton",
    ]);
    expect(dataset.observation.units).toEqual(Array(6).fill("1"));
    expect(rowsOf(dataset, "observation")).toEqual(besides(numbers, ["state", "environment_state", "force"]));
    expect(dataset.action.names).toEqual(["action.left", "action.right"]);
    expect(rowsOf(dataset, "action")).toEqual(numbers.action);
    expect(dataset).toMatchObject({ task: "push it | pull it", controlRate: 10 });
    expect(dataset.provenance).toEqual({
      format: "lerobot v3",
      source: PYTHON,
      actors: [],
      notes: [
        "observation of state, environment_state, force",
        "not read: image (image [4, 4, 3])",
        "robot type mouse",
        "2 tasks in one dataset, which the observation does not tell apart",
      ],
    });
  });

  it("gives the features that are asked for, in the order asked for", async () => {
    const dataset = await readLeRobot(PYTHON, { observation: ["force", "state"] });
    expect(rowsOf(dataset, "observation")).toEqual(besides(expected("lerobot"), ["force", "state"]));
    const known = "expected one of state, environment_state, force";
    for (const key of ["image", "position"]) {
      const failure = await failureOf(readLeRobot(PYTHON, { observation: [key] }), PYTHON);
      expect(failure).toContain(`features: found no low-dimensional observation.${key}, ${known}`);
    }
    expect(await failureOf(readLeRobot(PYTHON, { observation: [] }), PYTHON)).toContain("no observation was asked for");
  });

  it("gives the episodes of one task", async () => {
    const dataset = await readLeRobot(PYTHON, { task: "pull it" });
    expect(dataset.task).toBe("pull it");
    expect([...dataset.episodeEnds]).toEqual([5]);
    expect(rowsOf(dataset, "action")).toEqual(expected("lerobot").action.slice(6));
    const failure = await failureOf(readLeRobot(PYTHON, { task: "lift it" }), PYTHON);
    expect(failure).toContain('found no episode of the task "lift it", expected "push it" or "pull it"');
  });

  it("has the recorder's time stamps and files for verification", async () => {
    const { time, files } = await readRecorded(PYTHON);
    // float32, as LeRobot keeps them: frame_index / fps
    const stamps = [4, 2, 5].flatMap((steps) => Array.from({ length: steps }, (_, step) => Math.fround(step / 10)));
    expect([...(time ?? [])]).toEqual(stamps);
    expect(files).toEqual(Array(3).fill(join(PYTHON, DATA)));
  });
});

/** A copy of LeRobot's own dataset. */
function copied(): string {
  const folder = scratch("copy");
  cpSync(PYTHON, folder, { recursive: true });
  return folder;
}

function editInfo(folder: string, change: (info: Record<string, unknown>) => void): void {
  const info = JSON.parse(readFileSync(join(folder, INFO), "utf8"));
  change(info);
  writeFileSync(join(folder, INFO), JSON.stringify(info));
}

const ROWS = [
  ...["observation.state", "observation.environment_state", "observation.force", "action"],
  ...["timestamp", "frame_index", "episode_index"],
];
const PLACES = ["episode_index", "tasks", "length", "data/chunk_index", "data/file_index"];

describe("a broken LeRobot dataset gets one line", () => {
  it.each<[string, (info: Record<string, unknown>) => void, string]>([
    [
      "an older version",
      (info) => Object.assign(info, { codebase_version: "v2.1" }),
      'codebase_version: found "v2.1", expected "v3.0"; LeRobot\'s convert_dataset_v21_to_v30 makes it one',
    ],
    [
      "no version",
      (info) => Object.assign(info, { codebase_version: undefined }),
      'codebase_version: found nothing, expected "v3.0"',
    ],
    ["no rate", (info) => Object.assign(info, { fps: 0 }), "info.json: fps: Too small"],
    ["no features", (info) => Object.assign(info, { features: undefined }), "info.json: features: Invalid input"],
    [
      "other episodes",
      (info) => Object.assign(info, { total_episodes: 4 }),
      "found 3 episodes, expected 4 as in meta/info.json",
    ],
    [
      "no action",
      (info) => delete (info.features as Record<string, unknown>).action,
      "features: found no action, expected action with numbers in one row",
    ],
    [
      "an action that is a picture",
      (info) => Object.assign(info.features as object, { action: { dtype: "image", shape: [4, 4, 3] } }),
      "features: found action of image [4, 4, 3], expected action with numbers in one row",
    ],
    [
      "only images",
      (info) => {
        const { action, "observation.image": image } = info.features as Record<string, unknown>;
        info.features = { action, "observation.image": image };
      },
      "features: found only observation.image, expected an observation.* with numbers in one row",
    ],
    [
      "another size",
      (info) => Object.assign(info.features as object, { action: { dtype: "float32", shape: [3], names: null } }),
      "file-000.parquet: episode 0, row 0, action: found 2 numbers, expected 3",
    ],
    [
      "a feature without its column",
      (info) => Object.assign(info.features as object, { "observation.x": { dtype: "float32", shape: [1] } }),
      "file-000.parquet: found no column observation.x",
    ],
    [
      "files elsewhere",
      (info) => Object.assign(info, { data_path: "rows/{chunk_index:03d}-{file_index:04d}.parquet" }),
      "rows/000-0000.parquet: cannot be read (ENOENT)",
    ],
  ])("%s in info.json", async (_, change, message) => {
    const folder = copied();
    editInfo(folder, change);
    expect(await failureOf(readDataset(folder), folder)).toContain(message);
  });

  it("files that are missing, or are not what they should be", async () => {
    const folder = copied();
    writeFileSync(join(folder, INFO), "{");
    expect(await failureOf(readDataset(folder), folder)).toContain("info.json: not valid JSON");
    cpSync(join(PYTHON, INFO), join(folder, INFO));
    writeFileSync(join(folder, "meta/apprentice.json"), "[]");
    expect(await failureOf(readDataset(folder), folder)).toContain("apprentice.json: the text: Invalid input");
    rmSync(join(folder, "meta/apprentice.json"));
    rmSync(join(folder, DATA));
    expect(await failureOf(readDataset(folder), folder)).toContain(`${DATA}: cannot be read (ENOENT)`);
    rmSync(join(folder, EPISODES));
    expect(await failureOf(readDataset(folder), folder)).toContain(
      "meta/episodes: found no parquet file, expected chunk-000",
    );
    rmSync(join(folder, "meta/episodes"), { recursive: true });
    expect(await failureOf(readDataset(folder), folder)).toContain("meta/episodes: cannot be read (ENOENT)");
  });

  it.each([DATA, EPISODES])("%s cut anywhere", async (name) => {
    const folder = copied();
    const whole = readFileSync(join(PYTHON, name));
    for (let length = 0; length < whole.length; length += 1499) {
      writeFileSync(join(folder, name), whole.subarray(0, length));
      expect(await failureOf(readDataset(folder), folder)).toContain(
        `${name}: found ${length} bytes that are no whole parquet`,
      );
    }
  });

  it.each([DATA, EPISODES])("%s overwritten anywhere: a dataset or one line", async (name) => {
    const folder = copied();
    const whole = readFileSync(join(PYTHON, name));
    let refused = 0;
    for (let trial = 0; trial < 60; trial++) {
      const bytes = Buffer.from(whole);
      bytes[(trial * 7919) % bytes.length] ^= 0xff;
      writeFileSync(join(folder, name), bytes);
      const reading = readDataset(folder);
      const isRead = await reading.then(
        () => true,
        () => false,
      );
      if (isRead) continue;
      await failureOf(reading, folder);
      refused++;
    }
    expect(refused).toBeGreaterThan(0);
  });

  it.each<[string, (rows: Record<string, unknown>[]) => void, string]>([
    [
      "a number that is none",
      (rows) => Object.assign(rows[7], { action: [0, Number.NaN] }),
      "episode 2, row 1, action[1]: found NaN, expected a finite number",
    ],
    [
      "a number that is missing",
      (rows) => Object.assign(rows[7], { "observation.force": null }),
      "episode 2, row 1, observation.force[0]: found null, expected a finite number",
    ],
    [
      "a list that is too short",
      (rows) => Object.assign(rows[4], { "observation.state": [1, 2] }),
      "episode 1, row 0, observation.state: found 2 numbers, expected 3",
    ],
    [
      "a row that is missing",
      (rows) => rows.splice(2, 1),
      "episode 0, row 2: found frame_index 3, expected frame_index 2",
    ],
    ["a last row that is missing", (rows) => rows.pop(), "episode 2: found 4 rows, expected 5"],
    [
      "a row too many",
      (rows) => rows.push({ ...rows[10], frame_index: 5n }),
      "episode 2, row 5: found frame_index 5, expected 5 rows",
    ],
  ])("%s", async (_, change, message) => {
    const folder = copied();
    await editRows(join(folder, DATA), ROWS, (rows) => {
      change(rows);
      return rows;
    });
    expect(await failureOf(readDataset(folder), folder)).toContain(message);
  });

  it.each<[string, (rows: Record<string, unknown>[]) => void, string]>([
    [
      "an episode of no steps",
      (rows) => Object.assign(rows[1], { length: 0n }),
      "episode 1: found length 0, expected at least 1",
    ],
    ["an index twice", (rows) => Object.assign(rows[1], { episode_index: 0n }), "found episode_index 0 twice"],
    [
      "a negative file",
      (rows) => Object.assign(rows[1], { "data/file_index": -1n }),
      "data/file_index: found -1, expected a whole number",
    ],
  ])("%s in the list of episodes", async (_, change, message) => {
    const folder = copied();
    await editRows(join(folder, EPISODES), PLACES, (rows) => {
      change(rows);
      return rows;
    });
    expect(await failureOf(readDataset(folder), folder)).toContain(message);
  });

  it("time stamps that the rate does not explain are noted, and what is not finite is verification's to judge", async () => {
    const folder = copied();
    await editRows(join(folder, DATA), ROWS, (rows) => {
      Object.assign(rows[1], { timestamp: 0.15 });
      Object.assign(rows[3], { timestamp: 0.35 });
      return rows;
    });
    expect((await readDataset(folder)).provenance.notes).toContain(
      "2 steps are not where 10 Hz puts them, first episode 0, step 1: timestamp 0.15 s, expected 0.1 s",
    );
    await editRows(join(folder, DATA), ROWS, (rows) => {
      Object.assign(rows[0], { action: [Number.NaN, 1], "observation.force": null });
      return rows;
    });
    const { action, observation } = await readRecorded(folder);
    expect([...action.values.subarray(0, 2), observation.values[5]]).toEqual([Number.NaN, 1, Number.NaN]);
  });
});

describe("writing a LeRobot dataset", () => {
  it.each([
    ["in one file, state alone", {}],
    ["in three files, with the surroundings apart", { environment: ["lidar", "速度"], fileMegabytes: 1e-4 }],
  ])("%s, and reading it gives an equal dataset", async (_, options) => {
    const dataset = awkward();
    const folder = scratch("written");
    await writeLeRobot(dataset, folder, options);
    const read = await readDataset(folder);
    const { provenance, ...rest } = read;
    const { provenance: original, ...wanted } = dataset;
    expect(rest).toEqual(wanted);
    expect(datasetDigest(read)).toBe(datasetDigest(dataset));
    expect(provenance.actors).toEqual(original.actors);
    expect(provenance.notes).toContain("exported from formats-fixture.ts (made)");
    expect(readdirSync(dirname(folder))).toEqual(["written"]);
    expect(readdirSync(join(folder, "data/chunk-000")).length).toBe("fileMegabytes" in options ? 3 : 1);
  });

  it("says what LeRobot asks for", async () => {
    const folder = scratch("layout");
    await writeLeRobot(awkward(), folder, { environment: ["lidar"] });
    const json = (name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));
    const info = json(INFO);
    expect(info).toMatchObject({
      codebase_version: "v3.0",
      total_episodes: 3,
      total_frames: 9,
      splits: { train: "0:3" },
    });
    expect(info.fps).toBe(1000 / 70);
    expect(info.features["observation.environment_state"]).toEqual({
      dtype: "float32",
      shape: [2],
      names: ["lidar.0", "lidar.1"],
    });
    expect(Object.keys(info.features).sort()).toEqual([
      "action",
      "episode_index",
      "frame_index",
      "index",
      "observation.environment_state",
      "observation.state",
      "task_index",
      "timestamp",
    ]);
    // Actions are i / 4: steering 0, 0.5 … 4, mean 2, variance (of 9 numbers 0.5 apart) 0.25 * (81 - 1) / 12.
    const { action } = json("meta/stats.json");
    expect([action.min[0], action.max[0], action.mean[0], action.q50[0], action.count]).toEqual([0, 4, 2, 2, [9]]);
    expect(action.std[0]).toBeCloseTo(Math.sqrt(20 / 12), 12);
    // q10 of 9 numbers: at 0.8 of the way to the second, 0.5 * 0.8
    expect(action.q10[0]).toBeCloseTo(0.4, 12);
  });

  it("refuses an array that is not there and a folder that is taken, and leaves nothing behind", async () => {
    const folder = scratch("new");
    const failure = await failureOf(writeLeRobot(awkward(), folder, { environment: ["radar"] }), folder);
    expect(failure).toContain('environment: found "radar", expected one of vehicle, lidar, alone, 速度');
    mkdirSync(folder, { recursive: true });
    expect(await failureOf(writeLeRobot(awkward(), folder), folder)).toContain("is already there, expected a new path");
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(dirname(folder))).toEqual(["new"]);
  });
});
