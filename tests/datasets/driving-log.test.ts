import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { splitDataset } from "../../src/datasets/index.ts";
import { readDataset, readDrivingLog } from "../../src/datasets/node.ts";

const SHARED = resolve(import.meta.dirname, "../../../shared/data/udacity_sim_human_subset");

const scratch = mkdtempSync(join(tmpdir(), "apprentice-driving-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const image = (ms: number, camera = "center") => {
  const clock = new Date(Date.UTC(2019, 8, 1, 13, 59, 59) + ms).toISOString();
  return `C:\\data\\IMG\\${camera}_${clock.slice(0, 23).replace(/[^0-9]/g, "_")}.jpg`;
};
const row = (ms: number, steering: number | string, speed: number | string = 10, throttle: number | string = 1) =>
  [image(ms), image(ms, "left"), image(ms, "right"), steering, throttle, 0, speed].join(",");

let copies = 0;
function write(lines: readonly string[]): string {
  const folder = join(scratch, `log-${copies++}`);
  mkdirSync(folder);
  writeFileSync(join(folder, "driving_log.csv"), lines.join("\n"));
  return folder;
}

async function failure(lines: readonly string[]): Promise<string> {
  const folder = write(lines);
  const error = await readDataset(folder).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).not.toContain("\n");
  expect(message.startsWith(`${folder}/driving_log.csv: `)).toBe(true);
  return message.slice(folder.length + "/driving_log.csv: ".length);
}

describe("reading a driving log", () => {
  it("pairs speed and the steering before with the steering now", async () => {
    // From 13:59:59.900 into the next hour: time is read whole.
    const folder = write([row(900, 0.25, 0), row(970, -0.5, 10), row(1041, 0.125, 30.5), ""]);
    const dataset = await readDataset(folder);
    expect(dataset).toMatchObject({ task: "udacity-driving", observation: { units: ["m/s", "1"] } });
    expect(dataset.observation.names).toEqual(["vehicle.speed", "previous.steering"]);
    expect(dataset.action.names).toEqual(["steering"]);
    expect([...dataset.action.values]).toEqual([0.25, -0.5, 0.125]);
    // 1 mph = 0.44704 m/s exactly.
    expect([...dataset.observation.values]).toEqual([0, 0, Math.fround(4.4704), 0.25, Math.fround(13.63472), -0.5]);
    // Median of 70 and 71 ms.
    expect(dataset.controlRate).toBeCloseTo(1000 / 70.5, 9);
    expect(dataset.provenance.notes[0]).toContain("previous steering");
    expect(await readDrivingLog(join(folder, "driving_log.csv"))).toEqual(dataset);
    expect(await readDataset(join(folder, "driving_log.csv"))).toEqual(dataset);
  });

  it("accepts a header, spaces, blank lines, a byte order mark and Windows line ends", async () => {
    const header = "center,left,right,steering,throttle,brake,speed";
    const lines = [`\uFEFF${header}\r`, `${row(0, 0.5).replaceAll(",", ", ")}\r`, "\r", `${row(70, 1)}\r`];
    expect([...(await readDataset(write(lines))).action.values]).toEqual([0.5, 1]);
  });

  it("starts a new episode after a pause of more than a second, with a straight wheel", async () => {
    const { episodeEnds, observation } = await readDataset(
      write([row(0, 0.5), row(70, 0.5), row(1070, 0.5), row(2071, 0.5), row(2141, 0.5)]),
    );
    expect([...episodeEnds]).toEqual([3, 5]);
    expect([...observation.values].filter((_, i) => i % 2 === 1)).toEqual([0, 0.5, 0.5, 0, 0.5]);
  });
});

describe("a damaged driving log gets one line with line and column", () => {
  const good = [row(0, 0), row(70, 0.1)];

  it("nothing in it, or a single row", async () => {
    expect(await failure([])).toBe("found 0 rows, expected a recording of at least 2");
    expect(await failure([row(0, 0)])).toBe("found 1 rows, expected a recording of at least 2");
  });

  it("a line cut short, or too long", async () => {
    const cut = row(140, 0.2).slice(0, -20);
    expect(await failure([...good, cut])).toMatch(
      /^line 3: found \d columns, expected 7 \(center, left, right, steering,/,
    );
    expect(await failure([good[0], `${good[1]},1`])).toMatch(/^line 2: found 8 columns, expected 7/);
  });

  it.each([
    ["steering", row(140, "abc"), 'found "abc", expected a number from -1 to 1'],
    ["steering", row(140, 1.5), 'found "1.5", expected a number from -1 to 1'],
    ["steering", row(140, "NaN"), 'found "NaN", expected a number from -1 to 1'],
    ["steering", row(140, ""), 'found "", expected a number from -1 to 1'],
    ["speed", row(140, 0, "Infinity"), 'found "Infinity", expected a number from 0 to 200'],
    ["speed", row(140, 0, -5), 'found "-5", expected a number from 0 to 200'],
    ["throttle", row(140, 0, 1, "x"), 'found "x", expected a number from 0 to 1'],
  ])("a bad %s", async (column, line, problem) => {
    expect(await failure([...good, line])).toBe(`line 3, column ${column}: ${problem}`);
  });

  it("an image name without a time, and time that does not go on", async () => {
    expect(await failure([good[0], good[1].replace(/center_\w+/, "picture")])).toContain(
      'line 2, column center: found "C:\\data\\IMG\\picture.jpg", expected an image center_YYYY_MM_DD_hh_mm_ss_ms.jpg',
    );
    expect(await failure([row(140, 0), ...good])).toBe(
      "line 2, column center: found a time 140 ms before the line above, expected a later one",
    );
    expect(await failure([good[0], good[0]])).toContain("found a time 0 ms before the line above");
  });

  it("not CSV, not there, or a folder of that name", async () => {
    expect(await failure([good[0], `"${good[1]}`])).toMatch(/^not CSV: /);
    await expect(readDrivingLog(join(scratch, "none.csv"))).rejects.toThrow(/none\.csv: cannot be read \(ENOENT\)/);
    const folder = join(scratch, "nested");
    mkdirSync(join(folder, "driving_log.csv"), { recursive: true });
    await expect(readDataset(folder)).rejects.toThrow(/driving_log\.csv: cannot be read \(EISDIR\)/);
  });
});

describe.skipIf(!existsSync(SHARED))(`the human driving log (needs shared data, looked for at ${SHARED})`, () => {
  it("is one drive of 2,965 steps at 14.3 Hz", async () => {
    const dataset = await readDataset(SHARED);
    const { action, observation, episodeEnds, controlRate } = dataset;
    expect([...episodeEnds]).toEqual([2965]);
    expect(controlRate).toBeCloseTo(14.3, 1);
    // The folder's README: steering -0.516 to 0.582, exactly 0 in 48.9 %; speed 0 to 30.5 mph.
    const sorted = Float32Array.from(action.values).sort();
    expect(sorted[0]).toBeCloseTo(-0.516, 3);
    expect(sorted[2964]).toBeCloseTo(0.582, 3);
    expect(action.values.filter((value) => value === 0).length / 2965).toBeCloseTo(0.489, 3);
    const speeds = observation.values.filter((_, i) => i % 2 === 0).sort();
    expect(speeds[2964]).toBeCloseTo(30.5 * 0.44704, 1);
    // Held out by time: the last fifth.
    const split = splitDataset(dataset, { validationFraction: 0.2, seed: 0 });
    expect([...split.episodeEnds]).toEqual([2372, 2965]);
  });
});
