import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { randomKey, randomStream } from "../../src/base/index.ts";
import type { StoredTensors } from "../../src/runs/index.ts";
import { openRun } from "../../src/runs/node.ts";
import { outputUntilKilled } from "../kill.ts";
import { crashTensors } from "./crash-tensors.ts";

const folder = mkdtempSync(join(tmpdir(), "apprentice-crash-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const CHILD = fileURLToPath(new URL("./crash-child.ts", import.meta.url));
const KILLS = 8;

/** Lets the child work until `milliseconds` after its first save, then kills it -9. Returns the last update it reported. */
async function workUntilKilled(path: string, milliseconds: number): Promise<number> {
  const output = await outputUntilKilled(CHILD, path, milliseconds);
  return Number(output.split("\n").at(-2));
}

/** toEqual takes seconds for a million elements. */
function expectSame(found: StoredTensors, expected: StoredTensors): void {
  expect(Object.keys(found).sort()).toEqual(Object.keys(expected).sort());
  for (const [name, { dtype, shape, data }] of Object.entries(expected)) {
    expect(found[name]).toMatchObject({ dtype, shape });
    const [a, b] = [found[name].data, data].map((each) => Buffer.from(each.buffer, each.byteOffset, each.byteLength));
    expect(a.equals(b), name).toBe(true);
  }
}

it("a run killed at any moment opens with its last complete checkpoint and whole metrics", {
  timeout: 120_000,
}, async () => {
  const path = join(folder, "run");
  const random = randomStream(randomKey(14));
  let interrupted = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    // Saves take some milliseconds: these moments fall into every part of one.
    const reported = await workUntilKilled(path, random.uniform() * 60);

    const checkpoints = readdirSync(join(path, "checkpoints"));
    interrupted += checkpoints.filter((name) => name.startsWith(".unfinished-")).length;
    const run = await openRun(path);
    const damaged: string[] = [];
    const latest = await run.latestCheckpoint({ onDamaged: (error) => damaged.push(error.message) });
    expect(damaged).toEqual([]);
    // The child reports after the save: what it reported is there, and at most one more.
    expect([reported, reported + 1]).toContain(latest?.update);
    const update = latest?.update ?? 0;
    expect(latest?.state).toEqual({ update, text: "x".repeat(1000) });
    expectSame(latest?.tensors ?? {}, crashTensors(update));
    const best = await run.readCheckpoint("best");
    expect([update - 1, update]).toContain(best.update);
    expectSame(best.tensors, crashTensors(best.update));

    const metrics = await run.readMetrics();
    expect(metrics).toEqual(metrics.map((_, index) => ({ update: index + 1, loss: 1 / (index + 1) })));
    expect([update, update + 1]).toContain(metrics.length);
  }
  console.log(`killed ${KILLS} times, ${interrupted} of them in the middle of writing a checkpoint`);
});
