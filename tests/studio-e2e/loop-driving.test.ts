/** The loop of the studio in the page, by keys: demonstrate, train, watch, take over, hand back, rewind, train again. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, openStudioPage, type Press, type Shown, type Studio } from "./browser.ts";
import { driveByKeys } from "./pilot.ts";
import { apprentice, killPrograms, type Program, startProgram } from "./program.ts";
import { expectAsShown, expectForked, expectReplays, recordedOf, stripOf } from "./records.ts";
import { choose, expectAllSent, expectControl, letRun, PATIENCE, pause, trainBriefly } from "./visit.ts";

const TASK = "driving-fork";
const data = mkdtempSync(join(tmpdir(), "apprentice-e2e-"));
let program: Program;
let browser: Browser;
let studio: Studio;

beforeAll(async () => {
  [program, browser] = await Promise.all([startProgram({ data }), openBrowser()]);
  const context = await browser.newContext({ viewport: { width: 1100, height: 760 } });
  studio = await openStudioPage(context, program.address);
});
afterAll(async () => {
  await browser?.close();
  await killPrograms();
  rmSync(data, { recursive: true, force: true });
});

const press = (key: string) => studio.page.keyboard.press(key);

/** Two episodes that arrive. The keys themselves begin them; where the machine is too busy to be driven in, another one is. */
async function demonstrate(): Promise<number> {
  let [arrived, attempts] = [0, 0];
  for (; arrived < 2; attempts++) {
    expect(attempts, "attempts to demonstrate").toBeLessThan(12);
    await press("ArrowRight");
    const { ended, phase } = await driveByKeys(studio, TASK);
    expect(phase).toBe("expert");
    if (ended?.success) arrived += 1;
    await press("KeyN");
    await studio.page.getByText("Steer to begin").waitFor();
  }
  return attempts;
}

/** The policy drives, in slow motion; a key takes over, and keeps the wheel once it is let go. Returns where time was turned back to. */
async function takeOverAndRewind(): Promise<number> {
  const { page } = studio;
  await press("KeyF");
  await press("KeyH");
  await expectControl(studio, "Policy drives");
  await letRun(studio, 6);
  await page.keyboard.down("ArrowLeft");
  await expectControl(studio, "You drive");
  await page.keyboard.up("ArrowLeft");
  await letRun(studio, 4);
  await expectControl(studio, "You drive");
  await press("KeyH");
  await expectControl(studio, "Policy drives");
  await letRun(studio, 4);

  const turned = (await studio.lane())?.step ?? 0;
  await page.keyboard.down("KeyR");
  await expectControl(studio, "Rewinding");
  await expect.poll(async () => (await studio.lane())?.step, PATIENCE).toBeLessThan(turned - 8);
  await page.keyboard.up("KeyR");
  await expectControl(studio, "Paused");
  return (await studio.lane())?.step ?? -1;
}

/** A policy is trained while the one before drives, and takes its place at an episode's boundary. */
async function trainWhileDriving(policy: string): Promise<void> {
  const { page } = studio;
  await choose(studio, "Head", "l2");
  await page.getByRole("button", { name: "Train a policy" }).click();
  await press("KeyN");
  await press("KeyH");
  await page.getByText(`${policy} drives from the next episode on`).waitFor({ timeout: 2 * PATIENCE.timeout });
  await press("KeyN");
  await expect
    .poll(async () => {
      const lane = await studio.lane();
      if (lane?.phase === "paused" && lane.step === 0) await press("KeyH");
      return lane?.policyVersion === policy && lane.step > 5;
    }, PATIENCE)
    .toBe(true);
}

/** Steps of the other controller that began although the key was down: one may be under way, and one be due at that moment. */
function expectSoon(shown: readonly Shown[], { at }: Press, controller: string): void {
  const since = shown.filter((one) => one.at > at);
  const first = since.findIndex((one) => one.controller === controller && !one.rewinding);
  expect(first).toBeGreaterThanOrEqual(0);
  expect(new Set(since.slice(0, first).map(({ step }) => step)).size).toBeLessThanOrEqual(2);
}

it("is gone through by the keys, and leaves on the server's disk what the page showed", {
  timeout: 280_000,
}, async () => {
  const { page } = studio;
  await choose(studio, "Task", TASK);
  await page.getByText("Steer to begin").waitFor();
  const attempts = await demonstrate();
  await trainBriefly(studio, { head: "l2", updates: 300, policy: `${TASK}-1` });
  await page.getByRole("link", { name: "Drive" }).click();
  await page.getByRole("button", { name: "Watch and take over" }).click();
  await page.getByText("Ready").waitFor();
  const from = await takeOverAndRewind();
  await press("ArrowRight");
  const corrected = await driveByKeys(studio, TASK);
  await press("KeyF");
  await trainWhileDriving(`${TASK}-2`);
  await pause(studio);
  await expectAllSent(studio);
  const [shown, presses] = [await studio.shown(), await studio.presses()];
  await page.close();
  expect(studio.faults).toEqual([]);

  const recorded = await recordedOf(data, TASK);
  expectAsShown(shown, recorded);
  for (const one of recorded) expectReplays(TASK, one);
  const strips = recorded.map((one) => stripOf(one).map(([controller]) => controller));
  expect(strips.slice(0, attempts + 2)).toEqual([
    ...Array.from({ length: attempts }, () => ["expert"]),
    ["policy", "expert", "policy"],
    ["expert"],
  ]);
  const [watched, fork, ...later] = recorded.slice(attempts);
  expect(fork).toMatchObject({ id: corrected.episode, info: { forkedFrom: watched.id, forkStep: from } });
  expectForked(TASK, fork, recorded);
  // The old policy drives until the new one is swapped in, and never again: on a quick machine that may be no episode at all.
  const versions = later.map(({ steps }) => steps[0].policyVersion);
  expect(versions.at(-1)).toBe(`${TASK}-2`);
  expect(versions).toEqual([...versions].sort());
  expect(watched.steps[0].policyVersion).toBe(`${TASK}-1`);
  for (const { steps } of recorded) expect(new Set(steps.map(({ policyVersion }) => policyVersion)).size).toBe(1);

  const during = shown.filter(({ episode }) => episode === watched.id);
  const pressed = (code: string) => presses.filter((one) => one.code === code && one.isDown && one.at > during[0].at);
  expectSoon(during, pressed("ArrowLeft")[0], "expert");
  expectSoon(during, pressed("KeyH")[1], "policy");
  expect(program.errors()).toBe("");
});

it("leaves a dataset that the command line trains on and evaluates", { timeout: 120_000 }, async () => {
  const [dataset, run] = [join(data, TASK, "dataset"), join(data, "run")];
  await apprentice("train", dataset, "--head", "l2", "--updates", "50", "--out", run);
  const { episodes, success, perSeed } = (await apprentice("evaluate", run, "--episodes", "4")) as {
    episodes: number;
    success: { rate: number };
    perSeed: unknown[];
  };
  expect(episodes).toBe(4);
  expect(perSeed).toHaveLength(4);
  expect(success.rate).toBeGreaterThanOrEqual(0);
});
