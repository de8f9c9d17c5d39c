import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { runHere } from "./command.ts";

const DATA = resolve(import.meta.dirname, "../../../shared/data");
const PUSH_T = join(DATA, "pusht_human");
const DRIVE = join(DATA, "udacity_sim_human_subset");

const scratch = mkdtempSync(join(tmpdir(), "apprentice-real-"));
afterAll(() => rmSync(scratch, { recursive: true }));

interface Score {
  predictor: string;
  rms: number;
  natsPerDimension: number;
}

async function scores(path: string, head: string, updates: number): Promise<Record<string, Score>> {
  const args = ["--head", head, "--updates", String(updates), "--out", join(scratch, head), "--json"];
  const { code, stdout, stderr } = await runHere("train", path, ...args);
  expect(code, stderr).toBe(0);
  const { heldOut } = JSON.parse(stdout);
  return Object.fromEntries(heldOut.scores.map((score: Score) => [score.predictor, score]));
}

describe.skipIf(!existsSync(PUSH_T))(`people's Push-T episodes (needs shared data, looked for at ${PUSH_T})`, () => {
  it("300 updates of l2 beat the mean and the last action", async () => {
    const { l2, mean, "repeat last action": last } = await scores(PUSH_T, "l2", 300);
    expect(l2.rms).toBeLessThan(mean.rms);
    expect(l2.rms).toBeLessThan(last.rms);
    expect(l2.natsPerDimension).toBeGreaterThan(last.natsPerDimension);
    // The windows of the held-out tenth: of the order of the spread of targets, and of a second of motion.
    expect(mean.rms).toBeGreaterThan(80);
    expect(last.rms).toBeLessThan(60);
  });
});

describe.skipIf(!existsSync(DRIVE))(`a person's drive (needs shared data, looked for at ${DRIVE})`, () => {
  it("is learned better than its mean", async () => {
    const { gmm, mean } = await scores(DRIVE, "gmm", 600);
    expect(gmm.natsPerDimension).toBeGreaterThan(mean.natsPerDimension);
    expect(gmm.rms).toBeLessThan(mean.rms);
  });
});
