/** The loop of the studio in the page, by the mouse, in Push-T. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, openStudioPage, type Studio } from "./browser.ts";
import { pushByMouse } from "./pilot.ts";
import { killPrograms, type Program, startProgram } from "./program.ts";
import { expectAsShown, expectForked, expectReplays, recordedOf, stripOf } from "./records.ts";
import { choose, expectAllSent, expectControl, letRun, PATIENCE, pause, trainBriefly } from "./visit.ts";

const TASK = "push-t";
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

it("is gone through by the mouse, and leaves on the server's disk what the page showed", {
  timeout: 240_000,
}, async () => {
  const { page } = studio;
  await choose(studio, "Task", TASK);
  await page.getByText("Point to begin").waitFor();
  const demonstrated = await pushByMouse(studio);
  expect(demonstrated.ended).not.toBeNull();
  await trainBriefly(studio, { head: "l2", updates: 100, policy: `${TASK}-1` });

  await page.getByRole("link", { name: "Drive" }).click();
  await page.getByRole("button", { name: "Watch and take over" }).click();
  await page.getByText("Ready").waitFor();
  await page.keyboard.press("KeyH");
  await expectControl(studio, "Policy drives");
  await letRun(studio, 8);
  // A press on the table takes over; without the button the disc still goes where the mouse is.
  const taken = await pushByMouse(studio, { until: ({ controller, step }) => controller === "expert" && step >= 20 });
  expect(taken.phase).toBe("expert");
  await page.keyboard.press("KeyH");
  await expectControl(studio, "Policy drives");
  await letRun(studio, 8);

  const turned = await studio.lane();
  await page.keyboard.down("KeyR");
  await expect.poll(async () => (await studio.lane())?.step, PATIENCE).toBeLessThan((turned?.step ?? 0) - 10);
  await page.keyboard.up("KeyR");
  await expectControl(studio, "Paused");
  const from = await studio.lane();
  await pushByMouse(studio, { until: ({ episode, step }) => episode !== from?.episode && step >= 15 });
  await pause(studio);
  await expectAllSent(studio);
  const corrected = await studio.lane();
  await page.getByRole("button", { name: "Train a policy" }).waitFor();

  await trainBriefly(studio, { head: "l2", updates: 100, policy: `${TASK}-2` });
  await page.getByRole("link", { name: "Drive" }).click();
  await page.getByRole("button", { name: "Watch and take over" }).click();
  await page.getByText("Ready").waitFor();
  await page.keyboard.press("KeyH");
  await letRun(studio, 5);
  await pause(studio);
  await expectAllSent(studio);
  const shown = await studio.shown();
  await page.close();
  expect(studio.faults).toEqual([]);

  const recorded = await recordedOf(data, TASK);
  expectAsShown(shown, recorded);
  for (const one of recorded) expectReplays(TASK, one);
  expect(recorded.map((one) => stripOf(one).map(([controller]) => controller))).toEqual([
    ["expert"],
    ["policy", "expert", "policy"],
    ["expert"],
    ["policy"],
  ]);
  const [, watched, fork, last] = recorded;
  expect(fork.info).toMatchObject({ forkedFrom: watched.id, forkStep: from?.step });
  expectForked(TASK, fork, recorded);
  expect(fork.id).toBe(corrected?.episode);
  expect([watched, last].map(({ steps }) => new Set(steps.map(({ policyVersion }) => policyVersion)))).toEqual([
    new Set([`${TASK}-1`]),
    new Set([`${TASK}-2`]),
  ]);
  expect(program.errors()).toBe("");
});
