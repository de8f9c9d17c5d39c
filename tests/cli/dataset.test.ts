import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { spanOf } from "../../src/datasets/dataset.ts";
import { createStore, datasetDigest, importToStore, openStore, readDataset } from "../../src/datasets/node.ts";
import { valueAt } from "../datasets/push-t-fixture.ts";
import { plainStep, spec } from "../datasets/store-fixture.ts";
import { cart } from "../datasets/verify-fixture.ts";
import { run, runHere } from "./command.ts";
import { smallDrivingLog, smallPushT } from "./recordings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-dataset-"));
afterAll(() => rmSync(scratch, { recursive: true }));

let count = 0;
const newPath = (extension = "") => join(scratch, `new-${count++}${extension}`);

let pushT: string;
let drive: string;
let cartStore: string;
beforeAll(async () => {
  pushT = await smallPushT(scratch);
  drive = smallDrivingLog(scratch);
  cartStore = newPath();
  await importToStore(cart([20, 30, 25, 22, 28]), cartStore);
});

/** The one JSON object that a command prints. */
async function json(...args: string[]) {
  const { code, stdout, stderr } = await runHere("dataset", ...args, "--json");
  expect(stdout, stderr).toMatch(/^\{.*\}\n$/);
  return { code, said: JSON.parse(stdout) };
}

async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await runHere("dataset", ...args);
  expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: "" });
  expect(stderr).toMatch(/^apprentice: .*\n$/);
  return stderr;
}

describe("dataset info", () => {
  it("says what is in a dataset", async () => {
    const { code, said } = await json("info", pushT);
    expect(code).toBe(0);
    const { observation, action, ...rest } = said;
    expect(rest).toEqual({
      ...{ path: pushT, format: "push-t zarr", task: "push-t", episodes: 8, steps: 160, controlRate: 10, seconds: 16 },
      lengths: { min: 20, median: 20, max: 20 },
      ...{ actors: ["human"], source: pushT, notes: [], digest: datasetDigest(await readDataset(pushT)) },
    });
    expect(observation).toHaveLength(20);
    // Column 1 of the action counts from 300 + 1/32 by one each step: mean 79.5 later, and of 0..159 with n - 1 the
    // variance is 160 x 161 / 12.
    const min = valueAt("action", 0, 1);
    expect(action[1]).toEqual({
      ...{ name: "target.y", unit: "px", min, max: min + 159, mean: expect.closeTo(min + 79.5, 6) },
      std: expect.closeTo(Math.sqrt((160 * 161) / 12), 6),
    });
  });

  it("for people: a table of columns", async () => {
    const { code, stdout } = await runHere("dataset", "info", cartStore);
    expect(code).toBe(0);
    expect(stdout).toContain("5, of 20 to 30 steps, median 25");
    expect(stdout).toMatch(/^action\.velocity +m\/s /m);
    expect(stdout).toMatch(/^note +the source says neither seeds nor success/m);
  });
});

describe("dataset verify", () => {
  it("ends with 0 where there is no error", async () => {
    const { code, said } = await json("verify", cartStore);
    expect(code).toBe(0);
    expect(said).toMatchObject({
      dataset: cartStore,
      seed: 0,
      episodes: 5,
      steps: 125,
      counts: { error: 0, warning: 0 },
    });
  });

  it("ends with 1 where any finding is an error, and names file, episode, step and value", async () => {
    const path = newPath();
    const data = cart([20, 30, 25]);
    await importToStore({ ...data, actionBounds: { low: [-9], high: [9] } }, path);
    const store = await openStore(path);
    const recording = await store.startEpisode({ seed: 9, actors: ["person"], info: { success: false } });
    for (let step = 0; step < 20; step++) {
      await recording.append({
        observation: { cart: Float32Array.of(step ** 2, Math.sin(step)) },
        action: Float32Array.of(step === 7 ? 12.5 : Math.cos(step)),
        ...{ controller: "expert", chunkPlace: 0, reward: 0, terminated: false, truncated: false, time: step / 10 },
      });
    }
    await recording.finish({ success: false });
    const { code, said } = await json("verify", path, "--only", "bounds", "time");
    expect(code).toBe(1);
    expect(said.findings).toEqual([
      {
        ...{ check: "bounds", severity: "error", file: recording.file, episode: 3, step: 7, name: "action.velocity" },
        ...{ value: 12.5, message: "found 12.5, expected -9 to 9 m/s" },
      },
    ]);
    const { code: again, stdout } = await run("dataset", "verify", path);
    expect(again).toBe(1);
    expect(stdout).toContain(
      `error    bounds            ${recording.file}, episode 3, step 7, action.velocity: found 12.5`,
    );
    expect(stdout).toMatch(/4 episodes, 95 steps: 1 error, \d+ warnings?, \d+ info\./);
  });

  it("a seed makes the same estimate again", async () => {
    const path = newPath();
    await importToStore(cart(Array.from({ length: 30 }, () => 80)), path);
    const estimate = async (seed: string) => (await json("verify", path, "--seed", seed)).said.multimodality;
    const first = await estimate("3");
    expect(first).toMatchObject({ steps: 2400, queries: 2000, groups: "episodes", chunk: 1 });
    expect(await estimate("3")).toEqual(first);
    expect(await estimate("4")).not.toEqual(first);
  });
});

describe("dataset import and export", () => {
  it("a zarr becomes a store of the same digest", async () => {
    const out = newPath();
    const { code, said } = await json("import", pushT, "--out", out);
    const digest = datasetDigest(await readDataset(pushT));
    expect({ code, said }).toEqual({
      code: 0,
      said: { out, format: "apprentice store", episodes: 8, steps: 160, digest },
    });
    const store = await openStore(out);
    expect(store.spec.action).toMatchObject({ low: [0, 0], high: [512, 512] });
    expect(await refused("import", out, "--out", newPath())).toContain("is a store already");
  });

  it("a driving log becomes a store that keeps its time stamps", async () => {
    const out = newPath();
    expect((await json("import", drive, "--out", out)).code).toBe(0);
    const { steps } = await (await openStore(out)).readEpisode("000000");
    // Rows are 70 ms apart.
    expect(steps.slice(0, 3).map(({ time }) => time)).toEqual([0, 0.07, 0.14].map((time) => expect.closeTo(time, 9)));
  });

  it.each([
    ["robomimic", ".hdf5"],
    ["lerobot", ""],
  ])("a store goes to %s and back, digest and all", async (format, extension) => {
    const [out, back] = [newPath(extension), newPath()];
    const { code, said } = await json("export", cartStore, "--format", format, "--out", out);
    const digest = datasetDigest(await readDataset(cartStore));
    expect({ code, said }).toMatchObject({ code: 0, said: { out, episodes: 5, steps: 125, digest } });
    expect((await json("import", out, "--out", back)).said.digest).toBe(digest);
  });

  it("a taken or unfit path is refused, and nothing is made", async () => {
    const taken = newPath();
    mkdirSync(taken);
    writeFileSync(join(taken, "mine.txt"), "");
    expect(await refused("import", pushT, "--out", taken)).toContain('holds "mine.txt"');
    expect(await refused("export", cartStore, "--format", "lerobot", "--out", taken)).toContain("already there");
    const out = newPath(".zip");
    expect(await refused("export", cartStore, "--format", "robomimic", "--out", out)).toContain(".hdf5 or .h5");
    expect(existsSync(out)).toBe(false);
    expect(await refused("export", cartStore, "--format", "csv", "--out", newPath())).toContain("robomimic, lerobot");
  });
});

describe("dataset merge and split", () => {
  it("split by episodes, merge again: the same steps", async () => {
    const [train, validation, merged] = [newPath(), newPath(), newPath()];
    const parts = ["--train", train, "--validation", validation, "--fraction", "0.4", "--seed", "2"];
    const { code, said } = await json("split", cartStore, ...parts);
    expect(code).toBe(0);
    // 0.4 of 5 episodes is 2.
    expect([said.train.episodes, said.validation.episodes]).toEqual([3, 2]);
    expect(said.train.steps + said.validation.steps).toBe(125);
    const together = await json("merge", train, validation, "--out", merged);
    expect(together.said).toMatchObject({ out: merged, episodes: 5, steps: 125 });
    const lengths = ({ episodeEnds }: { episodeEnds: Int32Array }) =>
      Array.from(episodeEnds, (end, episode) => end - spanOf(episodeEnds, episode).start).sort();
    expect(lengths(await readDataset(merged))).toEqual(lengths(await readDataset(cartStore)));
  });

  it("the same seed splits the same", async () => {
    const split = async (seed: string) => {
      const parts = ["--train", newPath(), "--validation", newPath(), "--fraction", "0.4", "--seed", seed];
      return (await json("split", cartStore, ...parts)).said.validation.digest;
    };
    expect(await split("1")).toBe(await split("1"));
    const digests = new Set([await split("1"), await split("2"), await split("3"), await split("4")]);
    expect(digests.size).toBeGreaterThan(1);
  });

  it("stores of different tasks, folders that are taken and too few episodes are refused", async () => {
    const other = newPath();
    const store = await createStore(other, { spec });
    const recording = await store.startEpisode({ seed: 0, actors: ["a"], info: { success: false } });
    await recording.append(plainStep(0, 0));
    await recording.finish({ success: false });
    expect(await refused("merge", cartStore, other, "--out", newPath())).toContain('found "prüfung", expected "cart"');
    expect(await refused("merge", pushT, "--out", newPath())).toContain("expected a folder with dataset.json");
    expect(await refused("split", cartStore, "--train", other, "--validation", newPath())).toContain("already there");
    const parts = ["--train", newPath(), "--validation", newPath()];
    expect(await refused("split", other, ...parts)).toContain("found 1 episodes, expected at least 2");
    expect(await refused("split", cartStore, ...parts, "--fraction", "1")).toContain("a number between 0 and 1");
  });
});

describe("help", () => {
  it.each(["info", "verify", "import", "export", "merge", "split"])("%s explains itself", async (command) => {
    const { code, stdout } = await runHere("dataset", command, "--help");
    expect(code).toBe(0);
    expect(stdout).toContain(`Usage: apprentice dataset ${command}`);
    expect(stdout).toContain("--json");
    expect(stdout.includes("--seed")).toBe(["verify", "split"].includes(command));
  });
});

describe("bad input", () => {
  it.each(["info", "verify"])("%s: nothing there, a file, a damaged store", async (command) => {
    expect(await refused(command, join(scratch, "nowhere"))).toContain("not found");
    const file = newPath(".txt");
    writeFileSync(file, "x");
    expect(await refused(command, file)).toContain("a file, expected");
    const damaged = newPath();
    await importToStore(cart([20, 30]), damaged);
    const episode = join(damaged, "episodes", "000001.mcap");
    const bytes = readFileSync(episode);
    bytes[2000] ^= 1;
    writeFileSync(episode, bytes);
    expect(await refused(command, damaged)).toContain(episode);
  });

  it("a driving log whose text is no number is refused by line and column", async () => {
    const folder = mkdtempSync(join(scratch, "log-"));
    const path = smallDrivingLog(folder, (rows) => {
      rows[4] = rows[4].replace(",0.5,", ",nan,");
    });
    expect(await refused("verify", path)).toContain('line 5, column throttle: found "nan"');
  });

  it("unknown flags, checks and subcommands", async () => {
    expect(await refused("verify", cartStore, "--only", "luck")).toContain("Allowed choices are finite, bounds");
    expect(await refused("verify", cartStore, "--chunk", "0")).toContain("a whole number from 1");
    expect(await refused("weigh", cartStore)).toContain("unknown command 'weigh'");
    expect(await refused("import", pushT)).toContain("required option '--out <store>' not specified");
  });
});
