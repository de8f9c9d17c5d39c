import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type File, type Group, h5wasm } from "h5wasm/node";
import { describe, expect, it } from "vitest";
import { datasetDigest, readDataset, readRecorded, readRobomimic, writeRobomimic } from "../../src/datasets/node.ts";
import { awkward, besides, expected, failureOf, GOLDEN, rowsOf, scratchPaths } from "./formats-fixture.ts";

const PYTHON = join(GOLDEN, "robomimic.hdf5");
const scratch = scratchPaths();

describe("a robomimic file that h5py wrote", () => {
  it("is read by its low-dimensional arrays, episodes by number, in float32", async () => {
    const dataset = await readDataset(PYTHON);
    const numbers = expected("robomimic");
    expect([...dataset.episodeEnds]).toEqual(numbers.ends);
    // HDF5 lists names in alphabetical order.
    expect(dataset.observation.names).toEqual([
      "grip.0",
      ...["object.0", "object.1"],
      ...["robot0_eef_pos.0", "robot0_eef_pos.1", "robot0_eef_pos.2"],
    ]);
    expect(dataset.observation.units).toEqual(Array(6).fill("1"));
    expect(rowsOf(dataset, "observation")).toEqual(besides(numbers, ["grip", "object", "robot0_eef_pos"]));
    expect(dataset.action.names).toEqual(["action.0", "action.1", "action.2"]);
    expect(rowsOf(dataset, "action")).toEqual(numbers.action);
    expect(dataset).toMatchObject({ task: "Lift", controlRate: 20 });
    expect(dataset.provenance).toEqual({
      format: "robomimic hdf5",
      source: PYTHON,
      actors: [],
      notes: ["observation of grip, object, robot0_eef_pos", "not read: agentview_image ([5, 4, 4, 3])"],
    });
  });

  it("gives the arrays that are asked for, in the order asked for", async () => {
    const dataset = await readRobomimic(PYTHON, { observation: ["robot0_eef_pos", "grip"] });
    expect(dataset.observation.names).toEqual([0, 1, 2].map((i) => `robot0_eef_pos.${i}`).concat("grip.0"));
    expect(rowsOf(dataset, "observation")).toEqual(besides(expected("robomimic"), ["robot0_eef_pos", "grip"]));
    const where = "data/demo_0/obs: found no low-dimensional";
    const known = "expected one of grip, object, robot0_eef_pos";
    for (const key of ["agentview_image", "robot1_eef_pos"]) {
      expect(await failureOf(readRobomimic(PYTHON, { observation: [key] }), PYTHON)).toContain(
        `${where} ${key}, ${known}`,
      );
    }
    expect(await failureOf(readRobomimic(PYTHON, { observation: [] }), PYTHON)).toContain(
      "no observation array was asked",
    );
  });

  it("gives the episodes of a filter key, in the order of their numbers", async () => {
    const dataset = await readRobomimic(PYTHON, { filter: "valid" });
    const { ends, action } = expected("robomimic");
    // mask/valid lists demo_10 before demo_2.
    expect(rowsOf(dataset, "action")).toEqual([...action.slice(ends[1], ends[2]), ...action.slice(ends[9], ends[10])]);
    expect([...dataset.episodeEnds]).toEqual([4, 11]);
    expect(dataset.provenance.notes[0]).toBe("only the episodes of mask/valid");
    const failure = await failureOf(readRobomimic(PYTHON, { filter: "train" }), PYTHON);
    expect(failure).toContain('mask: found no filter key "train", expected one of valid');
  });
});

/** A file of two episodes of three and two steps, changed by `change`. */
async function made(change: (file: File, data: Group) => void): Promise<string> {
  const path = scratch("made.hdf5");
  mkdirSync(dirname(path));
  await h5wasm.ready;
  const file = new h5wasm.File(path, "w");
  const data = file.create_group("data");
  for (const [number, steps] of [3, 2].entries()) {
    const episode = data.create_group(`demo_${number}`);
    episode.create_attribute("num_samples", steps, null, "<q");
    episode.create_dataset({ name: "actions", data: new Float64Array(steps * 2).fill(0.5), shape: [steps, 2] });
    episode.create_group("obs").create_dataset({ name: "pose", data: new Float64Array(steps), shape: [steps, 1] });
  }
  change(file, data);
  file.close();
  return path;
}

const groupOf = (data: Group, name: string) => data.get(name) as Group;
const doubles = (name: string, shape: number[], value = 0) => ({
  name,
  data: new Float64Array(shape.reduce((product, size) => product * size)).fill(value),
  shape,
});

describe("what a robomimic file may leave out", () => {
  it("task and control rate: the caller's, or robosuite's with a note", async () => {
    const path = await made(() => {});
    const dataset = await readRobomimic(path);
    expect(dataset).toMatchObject({ task: "robomimic", controlRate: 20 });
    expect(dataset.provenance.notes.slice(1)).toEqual([
      "the file does not name its task (no env_args)",
      "the file has no control rate: 20 Hz, robosuite's default, is assumed",
    ]);
    expect((await readRobomimic(path, { controlRate: 50 })).controlRate).toBe(50);
  });

  it("the second dimension of an array with one number per step, and any type of number", async () => {
    const path = await made((_, data) => {
      for (const [number, steps] of [3, 2].entries()) {
        const obs = groupOf(data, `demo_${number}/obs`);
        obs.create_dataset({ name: "a", data: BigInt64Array.from({ length: steps }, (_, i) => BigInt(-i)) });
        obs.create_dataset({
          name: "b",
          data: Uint8Array.from({ length: steps }, (_, i) => 255 - i),
          shape: [steps, 1],
        });
        obs.create_dataset({ name: "c", data: Int16Array.from({ length: steps }, (_, i) => -i), shape: [steps] });
      }
    });
    const dataset = await readRobomimic(path);
    expect(dataset.observation.names).toEqual(["a.0", "b.0", "c.0", "pose.0"]);
    // 0 - 0 is 0, and -0n is 0n.
    expect(rowsOf(dataset, "observation").slice(0, 3)).toEqual([0, 1, 2].map((i) => [0 - i, 255 - i, 0 - i, 0]));
  });
});

describe("a broken robomimic file gets one line", () => {
  it.each<[string, (file: File, data: Group) => void, string]>([
    [
      "an array that one episode lacks",
      (_, data) => groupOf(data, "demo_0/obs").create_dataset(doubles("x", [3, 1])),
      "found no array data/demo_1/obs/x",
    ],
    [
      "an array of another width",
      (_, data) => {
        groupOf(data, "demo_0/obs").create_dataset(doubles("x", [3, 2]));
        groupOf(data, "demo_1/obs").create_dataset(doubles("x", [2, 4]));
      },
      "data/demo_1/obs/x: found shape [2, 4], expected [2, 2]",
    ],
    [
      "an array with too few steps",
      (_, data) => {
        groupOf(data, "demo_0/obs").create_dataset(doubles("x", [3, 2]));
        groupOf(data, "demo_1/obs").create_dataset(doubles("x", [1, 2]));
      },
      "data/demo_1/obs/x: found shape [1, 2], expected [2, 2]",
    ],
    ["no actions", (_, data) => data.create_group("demo_2").create_group("obs"), "found no array data/demo_2/actions"],
    [
      "actions of another size",
      (_, data) => data.create_group("demo_2").create_dataset(doubles("actions", [3, 7])),
      "data/demo_2/actions: found 7 numbers per step, expected 2 as in the first episode",
    ],
    [
      "actions that are images",
      (_, data) => data.create_group("demo_2").create_dataset(doubles("actions", [3, 7, 2])),
      "data/demo_2/actions: found shape [3, 7, 2], expected [steps, size]",
    ],
    [
      "actions that are words",
      (_, data) => data.create_group("demo_2").create_dataset({ name: "actions", data: ["left"] }),
      "data/demo_2/actions: found something that is not numbers",
    ],
    [
      "no steps",
      (_, data) => data.create_group("demo_2").create_dataset(doubles("actions", [0, 2])),
      "data/demo_2: found no steps, expected at least one",
    ],
    [
      "another number of samples",
      (_, data) => {
        const episode = data.create_group("demo_2");
        episode.create_dataset(doubles("actions", [3, 2]));
        episode.create_attribute("num_samples", 4, null, "<q");
      },
      "data/demo_2: found num_samples 4 and 3 actions, expected the same number",
    ],
    [
      "no observations",
      (_, data) => {
        data.create_group("demo_2").create_dataset(doubles("actions", [3, 2]));
      },
      "found no array data/demo_2/obs/pose",
    ],
    [
      "a number that is none",
      (_, data) => {
        const episode = data.create_group("demo_2");
        episode.create_dataset(doubles("actions", [3, 2]));
        episode
          .create_group("obs")
          .create_dataset({ name: "pose", data: Float64Array.of(0, 0, Number.NaN), shape: [3, 1] });
      },
      "data/demo_2/obs/pose: step 2, column 0: found NaN, expected a finite number",
    ],
    [
      "a number too large for float32",
      (_, data) => {
        data.create_group("demo_2").create_dataset(doubles("actions", [3, 2], 1e300));
      },
      "data/demo_2/actions: step 0, column 0: found Infinity, expected a finite number",
    ],
    [
      "env_args that are not JSON",
      (_, data) => data.create_attribute("env_args", "{"),
      "data, attribute env_args: not valid JSON",
    ],
    [
      "env_args without a name",
      (_, data) => data.create_attribute("env_args", "{}"),
      "data, attribute env_args: env_name: Invalid input",
    ],
    [
      "a rate of 0",
      (_, data) => data.create_attribute("env_args", '{"env_name":"a","env_kwargs":{"control_freq":0}}'),
      "data, attribute env_args: env_kwargs.control_freq: Too small",
    ],
    [
      "a description of ours that is none",
      (_, data) => data.create_attribute("apprentice", '{"format":"x"}'),
      "data, attribute apprentice: format: Invalid input",
    ],
  ])("%s", async (_, change, message) => {
    const path = await made(change);
    expect(await failureOf(readRobomimic(path), path)).toContain(message);
  });

  it("no data, no episodes, only images, a filter that names what is not there", async () => {
    const write = async (change: (file: File) => void) => {
      const path = scratch("bare.h5");
      mkdirSync(dirname(path));
      const file = new h5wasm.File(path, "w");
      change(file);
      file.close();
      return path;
    };
    const empty = await write(() => {});
    expect(await failureOf(readDataset(empty), empty)).toContain("found no group data, expected a robomimic file");
    const without = await write((file) => file.create_group("data").create_group("episode_0"));
    expect(await failureOf(readDataset(without), without)).toContain("data: found no demo_N among 1 names");
    const blind = await write((file) => {
      const episode = file.create_group("data").create_group("demo_0");
      episode.create_dataset(doubles("actions", [1, 2]));
      episode.create_group("obs").create_dataset(doubles("image", [1, 4, 4, 3]));
    });
    expect(await failureOf(readDataset(blind), blind)).toContain(
      "data/demo_0/obs: found no low-dimensional array among 1",
    );
    const masked = await made((file) => file.create_group("mask").create_dataset({ name: "train", data: ["demo_7"] }));
    expect(await failureOf(readRobomimic(masked, { filter: "train" }), masked)).toContain("mask/train: names demo_7");
  });

  it("no HDF5 file, and one that is cut anywhere", async () => {
    const path = scratch("cut.hdf5");
    mkdirSync(dirname(path));
    writeFileSync(path, "hello");
    expect(await failureOf(readDataset(path), path)).toContain("found 5 bytes that do not begin as HDF5 does");
    const whole = readFileSync(PYTHON);
    for (let length = 8; length < whole.length; length += 3001) {
      writeFileSync(path, whole.subarray(0, length));
      expect(await failureOf(readDataset(path), path)).toContain("cannot be opened: truncated");
    }
    writeFileSync(path, whole);
    expect((await readDataset(path)).episodeEnds.length).toBe(11);
  });

  it("bytes overwritten anywhere: never anything but a dataset or one line, and never other packed numbers", async () => {
    const path = scratch("struck.hdf5");
    mkdirSync(dirname(path));
    const whole = readFileSync(PYTHON);
    const { observation } = expected("robomimic");
    let refused = 0;
    for (let trial = 0; trial < 80; trial++) {
      const bytes = Buffer.from(whole);
      // 7919 is prime: the places spread over the file
      bytes[(trial * 7919) % bytes.length] ^= 0xff;
      writeFileSync(path, bytes);
      const reading = readRobomimic(path, { observation: ["robot0_eef_pos"] });
      const dataset = await reading.catch(() => null);
      if (dataset === null) {
        await failureOf(reading, path);
        refused++;
      } else if (dataset.episodeEnds[0] === 5) {
        // demo_0 is packed by gzip, whose checksum must hold
        const first = [...dataset.observation.values.subarray(0, 15)];
        expect(first).toEqual(observation.robot0_eef_pos.slice(0, 5).flat());
      }
    }
    expect(refused).toBeGreaterThan(0);
  });

  it("values that are not finite are verification's to judge", async () => {
    const path = await made((_, data) => {
      const episode = data.create_group("demo_2");
      episode.create_dataset(doubles("actions", [1, 2], Number.NaN));
      episode.create_group("obs").create_dataset(doubles("pose", [1, 1]));
    });
    const { action, episodeEnds } = await readRecorded(path);
    expect([...episodeEnds]).toEqual([3, 5, 6]);
    expect([...action.values.subarray(10)]).toEqual([Number.NaN, Number.NaN]);
  });
});

describe("writing a robomimic file", () => {
  it("and reading it gives an equal dataset", async () => {
    const dataset = awkward();
    const path = scratch("written.hdf5");
    await writeRobomimic(dataset, path);
    const read = await readDataset(path);
    const { provenance, ...rest } = read;
    const { provenance: original, ...wanted } = dataset;
    expect(rest).toEqual(wanted);
    expect(datasetDigest(read)).toBe(datasetDigest(dataset));
    expect(provenance.actors).toEqual(original.actors);
    expect(provenance.notes).toContain("exported from formats-fixture.ts (made)");
    expect(provenance.notes).toContain("a note");
    const chosen = await readRobomimic(path, { observation: ["lidar", "alone"] });
    expect(chosen.observation.names).toEqual(["lidar.0", "lidar.1", "alone"]);
    expect(chosen.observation.units).toEqual(["m", "m", "1"]);
    expect(readdirSync(dirname(path))).toEqual(["written.hdf5"]);
  });

  it("lays it out as robomimic does", async () => {
    const path = scratch("layout.hdf5");
    await writeRobomimic(awkward(), path);
    const file = new h5wasm.File(path, "r");
    const data = file.get("data") as Group;
    expect(data.keys()).toEqual(["demo_0", "demo_1", "demo_2"]);
    expect(data.attrs.total.value).toBe(9n);
    expect(JSON.parse(String(data.attrs.env_args.value))).toEqual({
      env_name: 'prüfung "1"',
      env_version: "1",
      type: 2,
      env_kwargs: { control_freq: 1000 / 70 },
    });
    const last = groupOf(data, "demo_2");
    expect(last.attrs.num_samples.value).toBe(4n);
    expect(groupOf(last, "obs").keys()).toEqual(["alone", "lidar", "vehicle", "速度"]);
    const array = (name: string) => last.get(name) as InstanceType<typeof h5wasm.Dataset>;
    expect([array("obs/lidar").shape, array("actions").shape]).toEqual([
      [4, 2],
      [4, 2],
    ]);
    expect(array("dones").value).toEqual(BigInt64Array.of(0n, 0n, 0n, 1n));
    expect(array("rewards").value).toEqual(new Float64Array(4));
    file.close();
  });

  it("refuses a path that is taken, and names that HDF5 cannot have; leaves nothing behind", async () => {
    const path = scratch("taken.hdf5");
    mkdirSync(dirname(path));
    writeFileSync(path, "mine");
    expect(await failureOf(writeRobomimic(awkward(), path), path)).toContain("is already there, expected a new path");
    expect(readFileSync(path, "utf8")).toBe("mine");
    const inside = join(path, "inside.hdf5");
    expect(await failureOf(writeRobomimic(awkward(), inside), inside)).toMatch(
      /cannot be written \((ENOTDIR|EEXIST)\)/,
    );
    const { observation, ...rest } = awkward();
    const names = observation.names.with(3, "m/s");
    const target = join(dirname(path), "names.hdf5");
    const writing = writeRobomimic({ ...rest, observation: { ...observation, names } }, target);
    expect(await failureOf(writing, target)).toContain('observation "m/s": HDF5 cannot have this name');
    expect(readdirSync(dirname(path))).toEqual(["taken.hdf5"]);
  });
});
