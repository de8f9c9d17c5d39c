import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { meanOf, rowsOf, windowsOf } from "../../src/datasets/index.ts";
import { readDataset, readPushT } from "../../src/datasets/node.ts";
import { CHUNK, type Recording, valueAt, writePushT } from "./push-t-fixture.ts";

const SHARED = resolve(import.meta.dirname, "../../../shared/data/pusht_human");
const ZARR = join(SHARED, "pusht_cchi_v7_replay.zarr");

const scratch = mkdtempSync(join(tmpdir(), "apprentice-push-t-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const ZSTD = { id: "blosc", cname: "zstd", clevel: 5, shuffle: 2, blocksize: 0 } as const;
const RECORDING: Recording = { steps: 40, episodeEnds: [13, 14, 40], compressor: ZSTD };

async function failure(path: string): Promise<string> {
  const error = await readDataset(path).then(
    () => new Error("read without complaint"),
    (error: unknown) => error,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).not.toContain("\n");
  expect(message).toContain(path);
  return message;
}

describe("reading a Push-T zarr", () => {
  it.each([
    ["plain", null],
    ["Blosc zstd, bit-shuffled", ZSTD],
    ["Blosc lz4, not shuffled", { ...ZSTD, cname: "lz4", shuffle: 0 }],
    ["Blosc lz4, byte-shuffled, several blocks", { ...ZSTD, cname: "lz4", shuffle: 1, blocksize: 512 }],
    ["Blosc zstd, several blocks", { ...ZSTD, blocksize: 256 }],
    ["Blosc without compression", { ...ZSTD, clevel: 0 }],
  ] as const)("%s chunks", async (name, compressor) => {
    const folder = join(scratch, `${name}.zarr`);
    await writePushT(folder, { ...RECORDING, compressor });
    const dataset = await readPushT(folder);
    expect(dataset.task).toBe("push-t");
    expect(dataset.controlRate).toBe(10);
    expect([...dataset.episodeEnds]).toEqual([13, 14, 40]);
    expect(dataset.observation.names.slice(0, 3)).toEqual(["keypoint.0.x", "keypoint.0.y", "keypoint.1.x"]);
    expect(dataset.observation.names.slice(18)).toEqual(["agent.x", "agent.y"]);
    expect(dataset.observation.units).toEqual(Array(20).fill("px"));
    expect(dataset.provenance).toMatchObject({ source: folder, actors: ["human"] });
    for (let step = 0; step < 40; step++) {
      const row = [...dataset.observation.values.subarray(step * 20, step * 20 + 20)];
      expect(row.slice(0, 18)).toEqual(Array.from({ length: 18 }, (_, i) => valueAt("keypoint", step, i)));
      expect(row.slice(18)).toEqual([valueAt("state", step, 0), valueAt("state", step, 1)]);
      const action = [...dataset.action.values.subarray(step * 2, step * 2 + 2)];
      expect(action).toEqual([valueAt("action", step, 0), valueAt("action", step, 1)]);
    }
  });

  it("Blosc blocks in several streams, as c-blosc packs lz4", async () => {
    const folder = join(scratch, "streams.zarr");
    await writePushT(folder, { ...RECORDING, compressor: { ...ZSTD, cname: "lz4", shuffle: 0 } });
    const whole = await readPushT(folder);
    // Chunk 1 of the keypoints, 16 x 18 float32, written by hand: one block, four streams of 288 bytes stored plain.
    const numbers = Array.from({ length: CHUNK * 18 }, (_, i) =>
      valueAt("keypoint", CHUNK + Math.floor(i / 18), i % 18),
    );
    const bytes = new Uint8Array(Float32Array.from(numbers).buffer);
    const streams = [0, 1, 2, 3].flatMap((i) => [288 & 255, 288 >> 8, 0, 0, ...bytes.subarray(i * 288, (i + 1) * 288)]);
    const header = Uint8Array.from([2, 1, 1 << 5, 4]);
    const sizes = Uint32Array.of(1152, 1152, 20 + streams.length, 20);
    const chunk = Buffer.concat([header, new Uint8Array(sizes.buffer), Uint8Array.from(streams)]);
    writeFileSync(join(folder, "data/keypoint/1.0.0"), chunk);
    expect((await readPushT(folder)).observation).toEqual(whole.observation);
    chunk.writeUInt32LE(289, 20 + 3 * 292);
    writeFileSync(join(folder, "data/keypoint/1.0.0"), chunk);
    expect(await failure(folder)).toContain("chunk 1.0.0: block 0: runs to byte 1189 of 1188");
  });

  it("is found by the folder that holds it", async () => {
    const folder = join(scratch, "holder");
    await writePushT(join(folder, "replay.zarr"), RECORDING);
    expect((await readDataset(folder)).episodeEnds.length).toBe(3);
    mkdirSync(join(folder, "other.zarr"));
    expect(await failure(folder)).toContain(
      "found other.zarr, replay.zarr, expected dataset.json, meta/info.json, one Push-T .zarr",
    );
  });
});

describe("a damaged Push-T zarr gets one line", () => {
  let folder = "";
  let copy = 0;
  beforeEach(async () => {
    folder = join(scratch, `damaged-${copy++}.zarr`);
    await writePushT(folder, RECORDING);
  });
  const edit = (file: string, change: (bytes: Buffer) => Uint8Array | string) => {
    writeFileSync(join(folder, file), change(readFileSync(join(folder, file))));
  };
  const editMetadata = (array: string, change: object) =>
    edit(`${array}/.zarray`, (bytes) => JSON.stringify({ ...JSON.parse(bytes.toString()), ...change }));
  const rewrite = (parts: Partial<Recording>) => {
    rmSync(folder, { recursive: true });
    return writePushT(folder, { ...RECORDING, ...parts });
  };

  it("a path that is not there, a file, an empty folder", async () => {
    expect(await failure(join(scratch, "nothing.zarr"))).toBe(`dataset ${scratch}/nothing.zarr: not found`);
    const file = join(scratch, "notes.txt");
    writeFileSync(file, "hello");
    expect(await failure(file)).toContain(
      "a file, expected one ending in .hdf5 or .h5, a folder ending in .zarr, or one with dataset.json, meta/info.json or driving_log.csv",
    );
    const empty = join(scratch, "empty");
    mkdirSync(empty);
    expect(await failure(empty)).toContain(
      "found none of them, expected dataset.json, meta/info.json, one Push-T .zarr folder (.zgroup) or driving_log.csv",
    );
    await expect(readPushT(file)).rejects.toThrow("not a folder, expected a Push-T zarr");
  });

  it("not a zarr group, or a newer one", async () => {
    rmSync(join(folder, ".zgroup"));
    expect(await failure(folder)).toContain("found no .zgroup, expected a zarr version 2 group");
  });

  it.each(["data/action", "data/keypoint", "data/state", "meta/episode_ends"])("no array %s", async (array) => {
    rmSync(join(folder, array), { recursive: true });
    expect(await failure(folder)).toContain(`array ${array}: found no .zarray`);
  });

  it("metadata that is not JSON, lacks a field, or says nonsense", async () => {
    edit("data/action/.zarray", () => "{");
    expect(await failure(folder)).toContain("array data/action: .zarray is not JSON");
    edit("data/action/.zarray", () => "{}");
    expect(await failure(folder)).toContain("array data/action: .zarray: zarr_format:");
    await rewrite({});
    editMetadata("data/action", { order: "F" });
    expect(await failure(folder)).toContain("array data/action: .zarray: order:");
    editMetadata("data/action", { order: "C", chunks: [CHUNK] });
    expect(await failure(folder)).toContain("array data/action: .zarray: found chunks [16] for shape [40,2]");
    editMetadata("data/action", { chunks: [CHUNK, 2], compressor: { id: "rot13" } });
    expect(await failure(folder)).toMatch(/array data\/action: cannot be read: .*rot13/);
  });

  it("another dtype or shape", async () => {
    editMetadata("data/action", { dtype: "<f8" });
    expect(await failure(folder)).toContain("array data/action: found dtype <f8, expected <f4");
    editMetadata("data/action", { dtype: "<f4", shape: [40, 7], chunks: [CHUNK, 7] });
    expect(await failure(folder)).toContain("array data/action: found shape [40, 7], expected [steps, 2]");
    await rewrite({});
    editMetadata("data/keypoint", { shape: [32, 9, 2] });
    expect(await failure(folder)).toContain("array data/keypoint: found 32 steps, expected 40 as in data/action");
  });

  it("more chunks claimed than there are, however many", async () => {
    editMetadata("data/action", { shape: [1e15, 2] });
    expect(await failure(folder)).toContain("array data/action: chunk 3.0: missing");
  });

  it("a missing chunk, which zarr would silently take for zeros", async () => {
    rmSync(join(folder, "data/keypoint/1.0.0"));
    expect(await failure(folder)).toContain("array data/keypoint: chunk 1.0.0: missing");
  });

  it("a chunk truncated anywhere", async () => {
    const whole = readFileSync(join(folder, "data/action/1.0"));
    for (let length = 0; length < whole.length; length++) {
      edit("data/action/1.0", () => whole.subarray(0, length));
      expect(await failure(folder)).toMatch(/array data\/action: chunk 1\.0: found \d+ bytes, expected/);
    }
  });

  it("a chunk overwritten by something else", async () => {
    edit("data/action/1.0", () => "garbage ".repeat(8));
    expect(await failure(folder)).toContain("array data/action: chunk 1.0: found Blosc version 103, expected 2");
    edit("data/action/1.0", () => readFileSync(join(folder, "data/keypoint/1.0.0")));
    expect(await failure(folder)).toContain("chunk 1.0: holds 1152 bytes unpacked, expected 128");
  });

  it("a chunk whose compressed stream is broken, which the decoder would not notice", async () => {
    // 16 bytes of header, 4 of block start, 4 of stream length: the zstd stream begins at 24 with its magic number.
    edit("data/keypoint/1.0.0", (bytes) => bytes.fill(0xff, 24, 28));
    expect(await failure(folder)).toContain("array data/keypoint: chunk 1.0.0: block 0: the zstd stream is damaged");
    await rewrite({});
    edit("data/keypoint/1.0.0", (bytes) => bytes.fill(0xff, 20, 23));
    expect(await failure(folder)).toMatch(/chunk 1\.0\.0: block 0: runs to byte \d+ of \d+/);
    await rewrite({});
    edit("data/keypoint/1.0.0", (bytes) => bytes.fill(0xff, 16, 19));
    expect(await failure(folder)).toMatch(/chunk 1\.0\.0: block 0: starts at byte \d+ of \d+/);
    await rewrite({});
    edit("data/keypoint/1.0.0", (bytes) => bytes.fill(0, 8, 12));
    expect(await failure(folder)).toContain("chunk 1.0.0: found block size 0");
  });

  it("a plain chunk of the wrong length", async () => {
    await rewrite({ compressor: null });
    edit("data/state/2.0", (bytes) => bytes.subarray(0, 100));
    expect(await failure(folder)).toContain("array data/state: chunk 2.0: found 100 bytes, expected 320");
  });

  it("values that are not finite or not in the window", async () => {
    await rewrite({ compressor: null });
    edit("data/action/1.0", (bytes) => {
      bytes.writeFloatLE(Number.NaN, 4);
      return bytes;
    });
    // 16 rows of 2 numbers come before chunk 1.
    expect(await failure(folder)).toContain("array data/action: number 33: found NaN, expected 0 to 512 px");
    await rewrite({ compressor: null });
    edit("data/state/0.0", (bytes) => {
      bytes.writeFloatLE(1e9, 4 * 6);
      return bytes;
    });
    expect(await failure(folder)).toContain("array data/state: number 6: found 1000000000, expected 0 to 512 px");
    await rewrite({ compressor: null });
    edit("data/keypoint/0.0.0", (bytes) => {
      bytes.writeFloatLE(Number.NEGATIVE_INFINITY, 0);
      return bytes;
    });
    expect(await failure(folder)).toContain("array data/keypoint: number 0: found -Infinity, expected -128 to 640 px");
  });

  it("episode ends that do not increase or do not end where the steps end", async () => {
    const ends = "array meta/episode_ends:";
    await rewrite({ episodeEnds: [13, 13, 40] });
    expect(await failure(folder)).toContain(`${ends} episode 1 ends at step 13, expected more than 13`);
    await rewrite({ episodeEnds: [0, 40] });
    expect(await failure(folder)).toContain(`${ends} episode 0 ends at step 0, expected more than 0`);
    await rewrite({ episodeEnds: [13, 39] });
    expect(await failure(folder)).toContain(`${ends} the last episode ends at step 39, expected 40 as in data/action`);
    await rewrite({ episodeEnds: [] });
    expect(await failure(folder)).toContain(`${ends} .zarray: shape.0: Too small`);
  });
});

describe.skipIf(!existsSync(ZARR))(`the human Push-T episodes (needs shared data, looked for at ${ZARR})`, () => {
  it("are read whole, in well under two seconds, without the images", async () => {
    const start = performance.now();
    const { episodeEnds, observation, action } = await readDataset(SHARED);
    expect(performance.now() - start).toBeLessThan(2000);
    // The folder's README: 206 episodes, 25,650 steps, lengths min/median/max 49/122/246, actions integer.
    expect(episodeEnds.length).toBe(206);
    expect(episodeEnds[205]).toBe(25650);
    const lengths = [...episodeEnds].map((end, i) => end - (i === 0 ? 0 : episodeEnds[i - 1])).sort((a, b) => a - b);
    expect([lengths[0], (lengths[102] + lengths[103]) / 2, lengths[205]]).toEqual([49, 122, 246]);
    expect(action.values.every(Number.isInteger)).toBe(true);
    // README: histogram of the x targets in 8 bins of 64 px.
    const bins = Array(8).fill(0);
    for (let step = 0; step < 25650; step++) bins[Math.floor(action.values[2 * step] / 64)] += 1;
    expect(bins).toEqual([820, 3918, 5905, 4337, 5470, 3267, 1637, 296]);
    // First row, as printed by zarr 2.13 in Python: keypoint 0, agent, action.
    const first = [...observation.values.subarray(0, 20)];
    expect(first[0]).toBeCloseTo(201.81351, 4);
    expect(first.slice(18)).toEqual([222, 97]);
    expect([...action.values.subarray(0, 2)]).toEqual([233, 71]);
  });

  it("make 24,208 windows at 16/8/2, as many as L - 7 per episode", async () => {
    const { episodeEnds } = await readDataset(ZARR);
    const windows = windowsOf(episodeEnds, { observationHorizon: 2, predictionHorizon: 16, actionHorizon: 8 });
    // 25650 - 206 x 7
    expect(windows.count).toBe(24208);
  });

  it("have their targets around the middle of the window", async () => {
    const { action, episodeEnds } = await readDataset(ZARR);
    const [x, y] = meanOf(action, rowsOf(episodeEnds, Array.from(episodeEnds.keys())));
    expect(Math.hypot(x - 256, y - 256)).toBeLessThan(64);
  });

  it("are refused when one real chunk is truncated", async () => {
    const folder = join(scratch, "human.zarr");
    const isImage = (path: string) => path.endsWith("/img");
    cpSync(ZARR, folder, { recursive: true, filter: (path) => !isImage(path) });
    for (const name of ["", "data", ...readdirSync(join(folder, "data")).map((array) => `data/${array}`)]) {
      chmodSync(join(folder, name), 0o755);
    }
    expect((await readDataset(folder)).episodeEnds.length).toBe(206);
    const chunk = join(folder, "data/action/77.0");
    chmodSync(chunk, 0o644);
    writeFileSync(chunk, readFileSync(chunk).subarray(0, 400));
    expect(await failure(folder)).toMatch(/array data\/action: chunk 77\.0: found 400 bytes, expected \d+ \(truncated/);
  });
});
