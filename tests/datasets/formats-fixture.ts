import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, expect } from "vitest";
import { InputError } from "../../src/base/index.ts";
import { createDataset, type Dataset, lengthOf } from "../../src/datasets/index.ts";

/** Files that Python libraries wrote, and the numbers in them (tests/golden/make_formats.py). */
export const GOLDEN = resolve(import.meta.dirname, "../golden/formats");

export interface Expected {
  readonly ends: number[];
  readonly observation: Readonly<Record<string, number[][]>>;
  readonly action: number[][];
}

export function expected(name: string): Expected {
  return JSON.parse(readFileSync(join(GOLDEN, `${name}.json`), "utf8"));
}

/** The rows of several arrays side by side. */
export function besides({ observation }: Expected, keys: readonly string[]): number[][] {
  return observation[keys[0]].map((_, row) => keys.flatMap((key) => observation[key][row]));
}

export function rowsOf(dataset: Dataset, column: "observation" | "action"): number[][] {
  const { names, values } = dataset[column];
  return Array.from({ length: lengthOf(dataset) }, (_, row) => [
    ...values.subarray(row * names.length, (row + 1) * names.length),
  ]);
}

/** A new path under a folder that is removed after the tests of the file. */
export function scratchPaths(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-formats-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return (name) => join(folder, String(count++), name);
}

/** The one line of the InputError of a reading that fails; it names the path. */
export async function failureOf(reading: Promise<unknown>, path: string): Promise<string> {
  const error = await reading.then(
    () => new Error("read without complaint"),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(InputError);
  const { message } = error as InputError;
  expect(message).not.toContain("\n");
  expect(message).toContain(path);
  return message;
}

/**
 * Three episodes with what makes an export hard: arrays whose columns lie apart, a name without a dot, names that are no
 * ASCII, a lattice, a rate that is no whole number, an episode of one step, denormal and negative zero.
 */
export function awkward(): Dataset {
  const names = ["vehicle.speed", "lidar.0", "vehicle.yaw rate", "alone", "速度.é", "lidar.1"];
  const steps = 9;
  const values = Float32Array.from({ length: steps * names.length }, (_, i) =>
    Math.fround(Math.sin(i * i) * 10 ** (i % 5)),
  );
  values.set([-0, 1e-42, 3.4e38, -1e-7]);
  return createDataset({
    task: 'prüfung "1"',
    observation: { names, units: ["m/s", "m", "rad/s", "1", "N", "m"], values },
    action: {
      names: ["steering", "gas"],
      units: ["rad", "m/s^2"],
      values: Float32Array.from({ length: steps * 2 }, (_, i) => i / 4),
      resolution: [0.25, 0.25],
    },
    episodeEnds: Int32Array.of(4, 5, 9),
    controlRate: 1000 / 70,
    provenance: { format: "made", source: "formats-fixture.ts", actors: ["left", "right"], notes: ["a note"] },
  });
}
