import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { run, runHere, start } from "./command.ts";
import { smallDrivingLog } from "./recordings.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-resume-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const UPDATES = 2400;
let drive = "";
const train = (out: string) => [
  "train",
  drive,
  "--head",
  "gmm",
  "--updates",
  String(UPDATES),
  "--out",
  join(scratch, out),
];
const checkpoints = (out: string): string[] => {
  try {
    return readdirSync(join(scratch, out, "checkpoints")).filter((name) => name.startsWith("update-"));
  } catch {
    return [];
  }
};
const updatesIn = (out: string) =>
  readFileSync(join(scratch, out, "metrics.jsonl"), "utf8")
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line).update);

beforeAll(async () => {
  drive = smallDrivingLog(scratch);
  const { code, stderr } = await run(...train("whole"));
  expect(code, stderr).toBe(0);
});

function expectSame(out: string): void {
  for (const file of ["policy.onnx", "parameters.safetensors"]) {
    const [found, expected] = [out, "whole"].map((name) => readFileSync(join(scratch, name, file)));
    expect(found.equals(expected), file).toBe(true);
  }
  // every update is recorded once
  const updates = updatesIn(out);
  expect(updates).toEqual([...new Set(updates)].sort((a, b) => a - b));
  expect(updates[updates.length - 1]).toBe(UPDATES);
}

async function until(holds: () => boolean): Promise<void> {
  const limit = performance.now() + 30_000;
  while (!holds()) {
    if (performance.now() > limit) throw new Error("waited 30 s in vain");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

describe("a run that was interrupted ends as if it had not been", () => {
  it("killed (SIGKILL) at a moment of its training", async () => {
    const { process: child, outcome } = start(train("killed"));
    await until(() => checkpoints("killed").length >= 2);
    // anywhere in the stretch to the next checkpoint or beyond: another place in every run of this test
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
    child.kill("SIGKILL");
    const { code } = await outcome;
    expect(code).not.toBe(0);
    expect(checkpoints("killed").length).toBeGreaterThanOrEqual(2);
    const { code: resumed, stderr } = await run(...train("killed"), "--resume");
    expect(resumed, stderr).toBe(0);
    expectSame("killed");
  });

  it("stopped by Ctrl-C (SIGINT): a checkpoint, a line that says how to go on, exit 1", async () => {
    const { process: child, outcome } = start(train("stopped"));
    await until(() => checkpoints("stopped").length >= 1);
    child.kill("SIGINT");
    const { code, stdout, stderr } = await outcome;
    expect({ code, stdout }, stderr).toEqual({ code: 1, stdout: "" });
    const [, update] = /^apprentice: stopped at update (\d+); the same command with --resume goes on$/m.exec(stderr)!;
    expect(checkpoints("stopped")).toContain(`update-${update.padStart(8, "0")}.safetensors`);
    expect(Number(update)).toBeLessThan(UPDATES);
    const { code: resumed } = await runHere(...train("stopped"), "--resume");
    expect(resumed).toBe(0);
    expectSame("stopped");
  });

  it("with its newest checkpoint damaged: it is named, and the one before it taken", async () => {
    const { process: child, outcome } = start(train("damaged"));
    await until(() => checkpoints("damaged").length >= 2);
    child.kill("SIGKILL");
    await outcome;
    const newest = checkpoints("damaged").sort().at(-1)!;
    const path = join(scratch, "damaged", "checkpoints", newest);
    writeFileSync(path, readFileSync(path).subarray(0, 1000));
    const { code, stderr } = await runHere(...train("damaged"), "--resume");
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(new RegExp(`${newest}: .*; going on from update \\d+\n`));
    expectSame("damaged");
  });

  it("with all its checkpoints damaged: refused in one line, and left as it was", async () => {
    cpSync(join(scratch, "whole"), join(scratch, "ruined"), { recursive: true });
    for (const name of checkpoints("ruined")) writeFileSync(join(scratch, "ruined", "checkpoints", name), "gone");
    const { code, stdout, stderr } = await runHere(...train("ruined"), "--resume");
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toMatch(/^apprentice: .*update-\d+\.safetensors: .*\n$/);
    expectSame("ruined");
  });

  it("resumed after its end: the same again", async () => {
    expect((await runHere(...train("stopped"), "--resume")).code).toBe(0);
    expectSame("stopped");
  });
});
