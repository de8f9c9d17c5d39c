import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { CLIENT_LIMITS } from "../../src/browser.ts";
import { waitBefore } from "../../studio/src/link/connection.ts";
import { type Link, openLink } from "../../studio/src/link/upload.ts";
import { type Journal, openJournal } from "../../studio/src/log/journal.ts";
import { keptBytes, type TestServer, testServer } from "./link-server.ts";
import { memoryFolder, memoryLocks } from "./log-files.ts";
import { type Recorded, recorded } from "./recorded.ts";

const long = await recorded("driving", { seed: 3, length: 300, id: "long" });
const short = await recorded("driving", { seed: 4, length: 12, id: "short" });

interface Setting {
  readonly server: TestServer;
  readonly journal: Journal;
  readonly link: Link;
  readonly problems: string[];
}

async function setting(
  server = testServer(),
  shared = { folder: memoryFolder(), locks: memoryLocks() },
  tab = "a",
): Promise<Setting> {
  const journal = await openJournal({ ...shared, tab });
  const problems: string[] = [];
  const link = openLink(journal, server, (text) => void problems.push(text), { operator: "ada" });
  return { server, journal, link, problems };
}

/** Records an episode, and has the link told of every step. */
function record({ journal, link }: Setting, { id, start, steps, end }: Recorded, { ended = true } = {}) {
  const log = journal.begin(id, start);
  for (const step of steps) {
    log.append(step);
    link.logged();
  }
  if (ended) log.finish(end);
  link.logged();
  return log;
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe("the link", () => {
  it("brings an episode to the server, byte for byte, in batches within the bounds", async () => {
    const all = await setting();
    await pass(50);
    expect([all.link.server, all.server.heard[0]]).toEqual(["connected", { kind: "hello", operator: "ada" }]);
    record(all, long);
    await pass(5000);
    expect(keptBytes(all.server, "long")).toEqual({ steps: long.steps, end: long.end });
    expect(all.link.counts()).toEqual({ logged: 300, unsent: 0 });
    for (const message of all.server.heard) {
      expect(JSON.stringify(message).length).toBeLessThan(CLIENT_LIMITS.bytes);
      if (message.kind === "steps") expect(message.steps.length).toBeLessThanOrEqual(CLIENT_LIMITS.steps);
    }
    // Its own log is kept as long as the page is there.
    expect(all.journal.logs.length).toBe(1);
    all.link.close();
  });

  it("does not say twenty messages a second about an episode that goes on", async () => {
    const all = await setting();
    await pass(50);
    const log = all.journal.begin(long.id, long.start);
    for (const step of long.steps.slice(0, 100)) {
      log.append(step);
      all.link.logged();
      await pass(50);
    }
    await pass(500);
    expect(all.server.kept.get("long")?.steps.length).toBe(100);
    // Five seconds at one message in 200 ms.
    expect(all.server.heard.filter(({ kind }) => kind === "steps").length).toBeLessThanOrEqual(27);
  });

  it("says again what was lost, wherever the connection breaks", async () => {
    const gaps = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(gaps, fc.boolean(), async (messages, before) => {
        const all = await setting();
        let left = [...messages];
        let count = 0;
        // The connection breaks before or after the message is taken, after so many messages each time.
        all.server.onMessage = () => {
          if (left.length === 0 || ++count < left[0]) return;
          [left, count] = [left.slice(1), 0];
          if (before) all.server.cut();
          else queueMicrotask(() => all.server.cut());
        };
        record(all, long);
        record(all, short, { ended: false }).interrupt();
        await pass(120_000);
        expect(keptBytes(all.server, "long")?.steps.length).toBe(300);
        expect(keptBytes(all.server, "long")?.end).toEqual(long.end);
        expect(keptBytes(all.server, "short")).toEqual({ steps: short.steps, end: null });
        expect(all.link.counts().unsent).toBe(0);
        expect(all.problems).toEqual([]);
        all.link.close();
      }),
      { numRuns: 25 },
    );
  });

  it("goes on after a server that was killed and started again, and tells who can be reached", async () => {
    const all = await setting();
    await pass(50);
    const log = all.journal.begin(short.id, short.start);
    log.append(short.steps[0]);
    all.link.logged();
    await pass(500);
    all.server.up = false;
    all.server.cut();
    for (const step of short.steps.slice(1)) log.append(step);
    all.link.logged();
    await pass(20_000);
    expect([all.link.server, all.link.counts()]).toEqual(["gone", { logged: 12, unsent: 11 }]);
    all.server.up = true;
    await pass(6000);
    expect([all.link.server, all.link.counts()]).toEqual(["connected", { logged: 12, unsent: 0 }]);
    expect(keptBytes(all.server, "short")?.steps).toEqual(short.steps);
  });

  it("notices a network that is silent for 30 s, and goes on when it is back", async () => {
    const all = await setting();
    await pass(50);
    const log = all.journal.begin(long.id, long.start);
    log.append(long.steps[0]);
    all.link.logged();
    await pass(500);
    all.server.silent = true;
    for (const step of long.steps.slice(1)) {
      log.append(step);
      all.link.logged();
      await pass(100);
    }
    expect([all.link.server, all.link.counts()]).toEqual(["gone", { logged: 300, unsent: 299 }]);
    all.server.silent = false;
    await pass(12_000);
    expect(all.link.server).toBe("connected");
    expect(keptBytes(all.server, "long")?.steps).toEqual(long.steps);
  });

  it("sends what pages before it have left, and removes it once the server has all of it", async () => {
    const shared = { folder: memoryFolder(), locks: memoryLocks() };
    const server = testServer();
    server.up = false;
    const before = await setting(server, shared, "a");
    await before.journal.reserve(2);
    record(before, long);
    record(before, short, { ended: false });
    await pass(1000);
    before.link.close();
    shared.folder.kill();
    shared.locks.kill();
    server.up = true;
    const after = await setting(server, shared, "b");
    await pass(5000);
    expect(keptBytes(server, "long")).toEqual({ steps: long.steps, end: long.end });
    expect(keptBytes(server, "short")).toEqual({ steps: short.steps, end: null });
    expect([after.journal.logs, [...shared.folder.files.keys()]]).toEqual([[], []]);
    expect(after.link.counts()).toEqual({ logged: 0, unsent: 0 });
  });

  it("keeps what it has adopted until the server has acknowledged the end and every mark", async () => {
    const shared = { folder: memoryFolder(), locks: memoryLocks() };
    const server = testServer();
    const before = await setting(server, shared, "a");
    await before.journal.reserve(1);
    record(before, short).annotate({ kind: "success", episode: "short", success: true });
    before.link.close();
    shared.folder.kill();
    shared.locks.kill();
    const after = await setting(server, shared, "b");
    server.refuse = (message) => (message.kind === "end" ? "not now" : null);
    await pass(60_000);
    expect(server.kept.get("short")?.steps.length).toBe(12);
    expect(after.journal.logs.length).toBe(1);
    expect(after.problems).toEqual(["The server does not take episode short, which stays in this browser: not now"]);
    server.refuse = () => null;
    server.cut();
    await pass(10_000);
    expect([after.journal.logs, server.annotations]).toEqual([
      [],
      [{ kind: "success", episode: "short", success: true }],
    ]);
  });

  it("says annotations once, though a page before it said them: others may have said otherwise since", async () => {
    const shared = { folder: memoryFolder(), locks: memoryLocks() };
    const server = testServer();
    const before = await setting(server, shared, "a");
    await before.journal.reserve(1);
    const log = record(before, short);
    log.annotate({ kind: "deletion", episode: "short", deleted: true });
    await pass(2000);
    expect(server.annotations.length).toBe(1);
    log.annotate({ kind: "success", episode: "short", success: false });
    before.link.logged();
    await pass(2000);
    expect(server.annotations.length).toBe(2);
    before.link.close();
    shared.folder.kill();
    shared.locks.kill();
    const after = await setting(server, shared, "b");
    await pass(2000);
    expect([server.annotations.length, after.journal.logs.length]).toEqual([2, 0]);
  });

  it("does not let one episode that is refused hold up the others, and tells of it once", async () => {
    const all = await setting();
    all.server.refuse = (message) => ("episode" in message && message.episode === "long" ? "another start" : null);
    record(all, long);
    record(all, short);
    await pass(3000);
    all.server.cut();
    await pass(3000);
    expect(keptBytes(all.server, "short")?.end).toEqual(short.end);
    expect(all.problems.length).toBe(1);
    expect(all.link.counts().unsent).toBe(300);
  });

  it("tries again, and tells of it once, where the server's disk is full for a while", async () => {
    const all = await setting();
    all.server.later = true;
    all.server.refuse = ({ kind }) => (kind === "steps" || kind === "annotate" ? "no space left" : null);
    record(all, short).annotate({ kind: "success", episode: "short", success: true });
    await pass(30_000);
    expect([all.link.server, all.link.counts().unsent, all.problems.length]).toEqual(["connected", 12, 1]);
    // Some tries, and not hundreds.
    expect(all.server.heard.length).toBeLessThan(30);
    all.server.refuse = ({ kind }) => (kind === "annotate" ? "no space left" : null);
    await pass(10_000);
    expect(keptBytes(all.server, "short")).toEqual({ steps: short.steps, end: short.end });
    expect(all.server.annotations).toEqual([]);
    all.server.refuse = () => null;
    await pass(10_000);
    expect(all.server.annotations).toEqual([{ kind: "success", episode: "short", success: true }]);
  });

  it("says none where there is no server, and leaves all in the log", async () => {
    const server = testServer();
    server.found = "none";
    const all = await setting(server);
    record(all, short);
    await pass(60_000);
    expect([all.link.server, all.link.counts()]).toEqual(["none", { logged: 12, unsent: 12 }]);
    expect([server.heard, server.sockets()]).toEqual([[], 0]);
  });

  it("finds a server that is not there yet", async () => {
    const server = testServer();
    server.up = false;
    const all = await setting(server);
    await pass(30_000);
    expect(all.link.server).toBe("gone");
    server.up = true;
    await pass(6000);
    expect(all.link.server).toBe("connected");
  });

  it("greets in the new name when another operator sits down", async () => {
    const all = await setting();
    await pass(50);
    all.link.hello("eve");
    await pass(50);
    expect(all.server.heard.at(-1)).toEqual({ kind: "hello", operator: "eve" });
    // A server hangs up on a greeting without a name, or with a very long one.
    for (const name of [" ", "x".repeat(1000)]) {
      all.link.hello(name);
      await pass(50);
      expect([all.link.server, all.server.heard.at(-1)?.kind]).toEqual(["connected", "hello"]);
    }
  });

  it("waits longer from one attempt to the next, up to 5 s, by half of it at random", () => {
    expect([0, 1, 2, 3, 4, 5, 20].map((attempt) => waitBefore(attempt, 1))).toEqual([
      250, 500, 1000, 2000, 4000, 5000, 5000,
    ]);
    expect(waitBefore(20, 0)).toBe(2500);
  });
});
