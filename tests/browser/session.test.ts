/** The session's worker in Chromium: steps in the browser's own files, policies in WebAssembly, uploads to the real server. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../src/datasets/node.ts";
import { decodeLog } from "../../studio/src/log/read.ts";
import type { FromSession, SessionOptions, ToSession } from "../../studio/src/session/messages.ts";
import { cookieOf, openStudio } from "../server/fixture.ts";
import { policyFile } from "../studio/session-policy.ts";
import { expectReplay, PLAIN, type Tick } from "../studio/session-truth.ts";
import { openPage, type Page } from "./browser.ts";
import type { Heard } from "./pages/session.ts";

const PAGE = "/tests/browser/pages/session.ts";

/** One page and its session's worker. */
function driver(page: Page) {
  const call = <Result>(name: string, argument?: unknown) => page.call<Result>(PAGE, name, argument);
  const all: Heard[] = [];
  const take = async () => {
    const taken = await call<Heard[]>("take");
    all.push(...taken);
    return taken.map(({ message }) => message);
  };
  const of = <Kind extends FromSession["kind"]>(kind: Kind, heard: readonly FromSession[] = messages()) =>
    heard.filter((message): message is Extract<FromSession, { kind: Kind }> => message.kind === kind);
  const messages = () => all.map(({ message }) => message);
  return {
    call,
    all,
    of,
    take,
    say: (message: ToSession) => call<number>("say", message),
    async open(options: Partial<SessionOptions> = {}) {
      await call("start");
      await call("say", { kind: "open", ...PLAIN, ...options });
      if (!(await call<boolean>("wait", { kind: "opened" }))) throw new Error(JSON.stringify(await take()));
    },
    /** Waits for so many steps more, and takes what has been heard. */
    async ticks(count: number): Promise<Tick[]> {
      await call("wait", { kind: "tick", count });
      return of("tick", await take());
    },
    async until(there: () => boolean | Promise<boolean>) {
      const limit = Date.now() + 60_000;
      while (!(await there())) {
        if (Date.now() > limit) throw new Error(`waited in vain; heard ${JSON.stringify(messages().slice(-3))}`);
        await call("pause", 50);
        await take();
      }
    },
    /** What is in the browser's files, episode by episode, in the order in which they began. */
    async logged() {
      const files = await call<Record<string, Uint8Array>>("files");
      const found = Object.values(files).flatMap((bytes) => decodeLog(bytes) ?? []);
      return found.toSorted((one, other) => one.stored.steps[0]?.wallTime - other.stored.steps[0]?.wallTime);
    },
    lane() {
      const { lanes, focus } = of("tick").at(-1)!;
      return lanes[focus];
    },
  };
}

describe("the session's worker in Chromium", () => {
  let page: Page;
  let session: ReturnType<typeof driver>;
  beforeAll(async () => {
    page = await openPage();
  });
  beforeEach(async () => {
    await page.reopen();
    session = driver(page);
    // Each test has the files to itself.
    await session.call("clear");
  });
  afterAll(() => page?.close());

  // What was recorded in Chromium happens again in Node, to the last bit.
  it("writes every step that it simulates into the browser's files, and Node replays them exactly", async () => {
    await session.open();
    await session.say({ kind: "input", action: [0.03, 1.5] });
    await session.say({ kind: "request", request: "takeOver" });
    await session.ticks(30);
    await session.say({ kind: "request", request: "pause" });
    await session.until(() => session.lane().phase === "paused");
    const [{ stored }, ...others] = await session.logged();
    expect(others).toEqual([]);
    const numbers = session.of("tick").map(({ lanes }) => lanes[0].step);
    const steps = numbers.filter((step, i) => step > 0 && step !== numbers[i - 1]);
    expect(steps).toEqual(stored.steps.map((_, step) => step + 1));
    expect(stored.steps.at(-1)?.action).toEqual(Float32Array.of(0.03, 1.5));
    expectReplay("driving", stored);
  });

  it("takes over within a control step of the request, and stands when the page is hidden", async () => {
    await session.open({ part: "watch", policy: policyFile({ head: "diffusion" }, "driving-1") });
    await session.say({ kind: "request", request: "handBack" });
    await session.ticks(4);
    for (let turn = 0; turn < 5; turn++) {
      await session.call("pause", 13 * turn);
      const said = await session.say({ kind: "request", request: "takeOver" });
      await session.until(() => session.lane().phase === "expert");
      const after = session.all.filter(({ message }) => message.kind === "tick" && message.at > said);
      const phases = after.map(({ message }) => (message as Tick).lanes[0].phase);
      // A step that was being taken when the request came may go by; the next one is the person's.
      expect(phases.indexOf("expert")).toBeLessThanOrEqual(1);
      await session.say({ kind: "request", request: "handBack" });
      await session.until(() => session.lane().phase === "policy");
    }
    await session.say({ kind: "request", request: "takeOver" });
    await session.until(() => session.lane().phase === "expert");
    await session.say({ kind: "request", request: "pause" });
    await session.until(() => session.lane().phase === "paused");
    const { step } = session.lane();
    await session.call("pause", 300);
    await session.take();
    expect([session.lane().step, session.lane().phase]).toEqual([step, "paused"]);
    expectReplay("driving", (await session.logged())[0].stored);
  });

  it("swaps a policy without a missed step, and refuses a corrupt one", async () => {
    // A task that no policy ends early.
    const task = "push-t";
    await session.open({ task, part: "watch", policy: policyFile({ task }, "push-t-1") });
    await session.say({ kind: "request", request: "handBack" });
    await session.ticks(4);
    const bad = policyFile({ task }, "push-t-2").bytes;
    bad.fill(7, 200, 400);
    await session.say({ kind: "swap", policy: { version: "push-t-2", bytes: bad, threshold: null }, when: "now" });
    await session.until(() => session.of("problem").length > 0);
    expect(session.of("problem")[0].text).toMatch(/^The policy stays what it was: policy push-t-2: [^\n]+$/);
    await session.say({ kind: "swap", policy: policyFile({ task, head: "diffusion" }, "push-t-3"), when: "now" });
    await session.until(() => session.of("swapped").length === 2);
    await session.ticks(5);
    await session.say({ kind: "request", request: "pause" });
    await session.until(() => session.lane().phase === "paused");
    const [{ stored }] = await session.logged();
    const versions = stored.steps.map(({ policyVersion }) => policyVersion);
    const change = versions.indexOf("push-t-3");
    expect(change).toBeGreaterThan(0);
    expect(versions).toEqual(versions.map((_, step) => (step < change ? "push-t-1" : "push-t-3")));
    const numbers = session.of("tick").map(({ lanes }) => lanes[0].step);
    expect(numbers.filter((step, i) => step > 0 && step !== numbers[i - 1])).toEqual(
      versions.map((_, step) => step + 1),
    );
    expectReplay(task, stored);
  });

  it("begins new episodes from where time was turned back to, and from forks", async () => {
    await session.open({ part: "watch", policy: policyFile({ head: "gmm" }, "driving-1"), task: "driving" });
    await session.say({ kind: "request", request: "handBack" });
    await session.ticks(25);
    await session.say({ kind: "rewind", on: true });
    await session.until(() => session.of("tick").some(({ rewinding }) => rewinding));
    await session.ticks(8);
    await session.say({ kind: "rewind", on: false });
    await session.until(() => session.of("tick").at(-1)?.rewinding === false);
    const { step } = session.lane();
    await session.say({ kind: "request", request: "takeOver" });
    await session.ticks(10);
    const { snapshot, episode, seed, step: at } = session.lane();
    await session.call("kill");
    await session.open({ fork: { episode, step: at, seed, snapshot } });
    await session.say({ kind: "request", request: "takeOver" });
    await session.ticks(10);
    const [before, after, forked] = (await session.logged()).map(({ stored }) => stored);
    expect(after.info).toMatchObject({ forkedFrom: before.id, forkStep: step });
    expect(after.steps[0].observation).toEqual(before.steps[step].observation);
    expect(forked.info).toMatchObject({ forkedFrom: after.id, forkStep: at });
    for (const stored of [before, after, forked]) expectReplay("driving", stored);
  });

  it("stands when the disk is full, loses nothing, and goes on once there is room", async () => {
    await session.open();
    await session.say({ kind: "request", request: "takeOver" });
    await session.ticks(5);
    // Chromium gives a file its room a MiB at a time: the next episode's, whose first byte is yet to be written, gets none.
    await page.limitDisk(1);
    await session.say({ kind: "next", discard: false, again: false });
    await session.ticks(1);
    await session.say({ kind: "request", request: "takeOver" });
    await session.until(() => session.of("problem").length > 0);
    expect(session.of("problem")[0]).toMatchObject({ fatal: false, text: expect.stringMatching(/^The disk is full/) });
    await session.until(() => session.lane().phase === "paused");
    await session.say({ kind: "request", request: "takeOver" });
    await session.until(() => session.of("problem").length > 1);
    const { step } = session.lane();
    await page.limitDisk(null);
    await session.say({ kind: "request", request: "takeOver" });
    await session.until(() => session.lane().step >= step + 5);
    await session.say({ kind: "request", request: "pause" });
    await session.until(() => session.lane().phase === "paused");
    const logged = await session.logged();
    expect(logged.length).toBe(2);
    expect(logged[1].stored.steps.length).toBe(session.lane().step);
    for (const { stored } of logged) expectReplay("driving", stored);
  });

  it("shares the browser's files among pages, each with its own", async () => {
    const other = "/tests/browser/pages/session.ts?other";
    await session.open();
    await session.say({ kind: "request", request: "takeOver" });
    await session.ticks(4);
    await page.call(other, "start");
    await page.call(other, "say", { kind: "open", ...PLAIN, task: "push-t", operator: "Eve" });
    await page.call(other, "wait", { kind: "opened" });
    await page.call(other, "say", { kind: "request", request: "takeOver" });
    await page.call(other, "wait", { kind: "tick", count: 6 });
    await session.ticks(4);
    const logged = await session.logged();
    expect(logged.map(({ task }) => task)).toEqual(["driving", "push-t"]);
    for (const { task, stored } of logged) expectReplay(task, stored);
  });
});

describe("a page that is closed in the midst of an episode", () => {
  it("loses nothing: what was unsent reaches the server when it is opened again", async () => {
    const data = mkdtempSync(join(tmpdir(), "apprentice-session-"));
    let server = await openStudio({ data });
    const [address] = server.addresses;
    const cookie = await cookieOf(address);
    const page = await openPage({ behind: { address, cookie } });
    try {
      const session = driver(page);
      await session.open();
      await session.say({ kind: "request", request: "takeOver" });
      await session.until(() => session.of("log").some(({ unsent, logged }) => logged > 10 && unsent < logged));
      await server.close();
      await session.until(() => session.of("log").at(-1)?.server === "gone");
      await session.until(() => (session.of("log").at(-1)?.unsent ?? 0) >= 20);
      await page.reopen();
      const again = driver(page);
      const logged = (await again.logged()).filter(({ stored }) => stored.steps.length > 0);
      expect(logged.length).toBe(1);
      server = await openStudio({ data, port: server.port });
      // No session need be opened.
      await page.call("/studio/src/session/courier.ts", "sendLeftovers", "Ada");
      await again.until(async () => (await again.logged()).length === 0);
      await server.close();
      const store = await openStore(join(data, "driving", "dataset"));
      const [{ stored }] = logged;
      const kept = await store.readEpisode(stored.id);
      expect(kept.steps.length).toBeGreaterThan(30);
      expect(kept.steps).toEqual(stored.steps);
      expectReplay("driving", kept);
    } finally {
      await page.close();
      await server.close().catch(() => {});
      rmSync(data, { recursive: true, force: true });
    }
  });
});
