import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { StepToRecord } from "../../src/datasets/node.ts";
import { box, type EnvironmentSpec } from "../../src/world/index.ts";

/** A new path under a folder that is removed after the tests of the file. */
export function temporaryPaths(): () => string {
  const folder = mkdtempSync(join(tmpdir(), "apprentice-store-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  let count = 0;
  return () => join(folder, `store-${count++}`);
}

/** Two observation arrays whose names are no ASCII, an action of three numbers, a side without bounds. */
export const spec: EnvironmentSpec = {
  name: "prüfung",
  observation: {
    zustand: box({ name: "x", unit: "m", low: -1, high: 1 }, { name: "y", unit: "m", low: -Infinity, high: Infinity }),
    "速度 🚗": box({ name: "v", unit: "m/s", low: 0, high: 30 }),
  },
  action: box(
    { name: "a", unit: "N", low: -1, high: 1 },
    { name: "b", unit: "rad", low: -1, high: 1 },
    { name: "c", unit: "1", low: 0, high: 1 },
  ),
  controlRate: 10,
  maxSteps: 100,
  modes: ["left", "right"],
};

/** A step whose every number tells the episode's seed and the step. */
export function plainStep(seed: number, step: number, more: Partial<StepToRecord> = {}): StepToRecord {
  return {
    observation: { zustand: Float32Array.of(seed, step), "速度 🚗": Float32Array.of(seed + step) },
    action: Float32Array.of(step, -step, seed),
    controller: step % 2 === 0 ? "expert" : "policy",
    chunkPlace: step % 8,
    reward: step / 3,
    terminated: false,
    truncated: false,
    time: step / 10,
    wallTime: 1.7e9 + step / 10,
    ...more,
  };
}
