/** What goes wrong around a page of the studio while somebody drives in it: each for real, and no step is lost by any. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext } from "playwright-core";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openBrowser, openStudioPage, type Shown, type Studio } from "./browser.ts";
import { killPrograms, type Program, startProgram } from "./program.ts";
import { expectAsShown, expectReplays, recordedOf } from "./records.ts";
import { openTunnel, type Tunnel } from "./tunnel.ts";
import { driveOn, expectAllSent, expectControl, letRun, PATIENCE, pause, trainBriefly } from "./visit.ts";

const TASK = "driving";
/** s. More than a page waits for a silent server; `APPRENTICE_CUT=30` for the whole half minute. */
const CUT = Number(process.env.APPRENTICE_CUT ?? 13);
const data = mkdtempSync(join(tmpdir(), "apprentice-e2e-"));
/** The data folder is a file system of its own where this process may mount one: it can be full. */
const isMounted =
  process.platform === "linux" && spawnSync("mount", ["-t", "tmpfs", "-o", "size=64m", "tmpfs", data]).status === 0;
let program: Program;
let browser: Browser;
let tunnel: Tunnel;
let context: BrowserContext;
let address = "";
/** What all pages showed. */
const shown: Shown[] = [];
/** The episode whose page was closed while it ran. */
let closed = "";

beforeAll(async () => {
  [program, browser] = await Promise.all([startProgram({ data }), openBrowser()]);
  tunnel = await openTunnel(program.port);
  address = program.address.replace(String(program.port), String(tunnel.port));
  context = await browser.newContext({ viewport: { width: 900, height: 700 } });
});
afterAll(async () => {
  await browser?.close();
  await tunnel?.close();
  await killPrograms();
  if (isMounted) spawnSync("umount", [data]);
  rmSync(data, { recursive: true, force: true });
});

async function open(operator: string, where = context): Promise<Studio> {
  const studio = await openStudioPage(where, address);
  const name = studio.page.getByRole("textbox", { name: /^Your name/ });
  await name.fill(operator);
  await name.press("Enter");
  await studio.page.locator("main").click({ position: { x: 2, y: 2 } });
  await studio.page.getByText("Steer to begin").waitFor();
  return studio;
}

/** Closes a page that stands, and of which the server has everything. */
async function leave(studio: Studio): Promise<void> {
  await pause(studio);
  await expectAllSent(studio);
  await close(studio);
}

async function close(studio: Studio): Promise<void> {
  shown.push(...(await studio.shown()));
  await studio.page.close();
}

const episodeOf = async (studio: Studio): Promise<string> => (await studio.lane())?.episode ?? "";
const onDisk = async (id: string): Promise<number> =>
  (await recordedOf(data, TASK)).find((one) => one.id === id)?.steps.length ?? 0;

it("a server that is killed and started again, and a cable that is pulled, cost nothing and stop nobody", {
  timeout: 200_000,
}, async () => {
  const studio = await open("Ada");
  await driveOn(studio, 20);
  await program.kill();
  await studio.page.getByText("Server unreachable").waitFor({ state: "attached" });
  await driveOn(studio, 20);
  program = await startProgram({ data, port: program.port });
  await expectAllSent(studio);
  tunnel.pull();
  for (const until = Date.now() + CUT * 1000; Date.now() < until; ) await driveOn(studio, 10);
  tunnel.plug();
  await leave(studio);
});

it("a page that is closed while the server is away leaves its steps to the next", { timeout: 120_000 }, async () => {
  const studio = await open("Ada");
  tunnel.pull();
  await driveOn(studio, 25);
  const episode = await episodeOf(studio);
  await close(studio);
  closed = episode;
  tunnel.plug();
  expect(await onDisk(episode)).toBe(0);
  const next = await open("Ada");
  const steps = shown.filter((one) => one.episode === episode).map(({ step }) => step);
  await expect.poll(() => onDisk(episode), PATIENCE).toBeGreaterThanOrEqual(Math.max(...steps));
  await leave(next);
});

it("the world stands while nobody looks: another tab, a hidden one", { timeout: 120_000 }, async () => {
  const studio = await open("Ada");
  await driveOn(studio, 8);
  // Without this the automation makes every page believe that it has the focus.
  const session = await context.newCDPSession(studio.page);
  await session.send("Emulation.setFocusEmulationEnabled", { enabled: false });
  const other = await context.newPage();
  await other.bringToFront();
  await expectControl(studio, "Paused");
  const at = await studio.lane();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  expect((await studio.lane())?.step).toBe(at?.step);
  await other.close();
  await studio.page.bringToFront();
  await session.send("Emulation.setFocusEmulationEnabled", { enabled: true });
  // Still nobody: who comes back says so.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect((await studio.lane())?.step).toBe(at?.step);
  await driveOn(studio, 8);
  // A browser without a screen hides no tab: it is told what one with a screen would be.
  await studio.page.evaluate(() => {
    Object.defineProperty(document, "hidden", { value: true, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  });
  await expectControl(studio, "Paused");
  expect((await studio.lane())?.episode).toBe(at?.episode);
  await leave(studio);
});

it("two people record into one dataset at once", { timeout: 120_000 }, async () => {
  const others = await browser.newContext({ viewport: { width: 900, height: 700 } });
  const [ada, grace] = [await open("Ada"), await open("Grace", others)];
  await Promise.all([ada, grace].map((one) => driveOn(one, 30)));
  const episodes = await Promise.all([ada, grace].map(episodeOf));
  for (const one of [ada, grace]) {
    await leave(one);
  }
  await others.close();
  const recorded = await recordedOf(data, TASK);
  const operators = episodes.map((id) => recorded.find((one) => one.id === id)?.steps.map(({ operator }) => operator));
  expect(new Set(operators[0])).toEqual(new Set(["Ada"]));
  expect(new Set(operators[1])).toEqual(new Set(["Grace"]));
});

const skipped = isMounted ? "" : " [skipped: this process may not mount a file system]";
it.skipIf(!isMounted)(
  `a server whose disk is full keeps nobody from driving, and gets it all later${skipped}`,
  async () => {
    const studio = await open("Ada");
    const filling = join(data, "filling");
    const { bavail, bsize } = statfsSync(data);
    writeFileSync(filling, Buffer.alloc(bavail * bsize));
    await driveOn(studio, 30);
    const episode = await episodeOf(studio);
    const logs = (await studio.told()).filter((one) => one.kind === "log");
    expect(logs.at(-1)?.unsent).toBeGreaterThan(0);
    rmSync(filling);
    await leave(studio);
    expect(await onDisk(episode)).toBeGreaterThan(0);
  },
);

it("a policy file that is damaged drives nobody, and says so", { timeout: 180_000 }, async () => {
  const studio = await open("Ada");
  await trainBriefly(studio, { head: "l2", updates: 20, policy: `${TASK}-1` });
  const file = join(data, TASK, "policies", `${TASK}-1`, "policy.onnx");
  const whole = readFileSync(file);
  writeFileSync(file, whole.subarray(0, whole.length / 2));
  await studio.page.getByRole("link", { name: "Drive" }).click();
  await studio.page.getByRole("button", { name: "Watch and take over" }).click();
  await studio.page.getByText("The policy cannot be had").waitFor();
  writeFileSync(file, whole);
  await studio.page.getByRole("button", { name: "Try again" }).click();
  await studio.page.getByText("Ready").waitFor();
  await studio.page.keyboard.press("KeyH");
  await expectControl(studio, "Policy drives");
  await letRun(studio, 5);
  await leave(studio);
});

it("after all that the server has every step that was shown, once, and each episode replays", async () => {
  await program.close();
  const recorded = await recordedOf(data, TASK);
  expectAsShown(shown, recorded, { cutOff: [closed] });
  for (const one of recorded) expectReplays(TASK, one);
});
