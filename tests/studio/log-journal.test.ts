import { describe, expect, it } from "vitest";
import { openJournal } from "../../studio/src/log/journal.ts";
import { memoryFolder, memoryLocks } from "./log-files.ts";
import { recorded } from "./recorded.ts";

const one = await recorded("driving", { seed: 3, length: 4, id: "one" });
const two = await recorded("driving", { seed: 4, length: 5, id: "two" });
const ALL = { count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const soon = () => new Promise((resolve) => setTimeout(resolve, 1));

/** A browser: what its pages share. */
const browser = () => ({ folder: memoryFolder(), locks: memoryLocks() });
const ids = (journal: { readonly logs: readonly { readonly id: string }[] }) => journal.logs.map(({ id }) => id);

describe("a page's journal", () => {
  it("has an episode in a file of its own from its first step on", async () => {
    const shared = browser();
    const journal = await openJournal({ ...shared, tab: "a" });
    await journal.reserve(2);
    expect([...shared.folder.files.keys()]).toEqual(["a.0.log", "a.1.log"]);
    const log = journal.begin(one.id, one.start);
    expect(log.append(one.steps[0])).toBe(true);
    expect([log.held, log.length, log.file]).toEqual([0, 1, "a.0.log"]);
    await soon();
    expect([...shared.folder.files.keys()]).toEqual(["a.0.log", "a.1.log", "a.2.log"]);
    await journal.close();
    expect([...shared.folder.files.keys()]).toEqual(["a.0.log"]);
  });

  it("holds steps in memory until a file is there, and loses none", async () => {
    const journal = await openJournal({ ...browser(), tab: "a" });
    const log = journal.begin(one.id, one.start);
    expect(one.steps.map((step) => log.append(step))).toEqual([true, true, true, true]);
    expect([log.length, log.held, journal.isFull]).toEqual([0, 6, false]);
    await soon();
    expect([log.length, log.held]).toEqual([4, 0]);
    expect(log.read(0, ALL)).toEqual(one.steps);
  });

  it("holds them also where the disk gives no file, says so, and goes on once it does", async () => {
    const shared = browser();
    const journal = await openJournal({ ...shared, tab: "a" });
    const { open } = shared.folder;
    shared.folder.open = () => Promise.reject(new Error("QuotaExceededError"));
    await expect(journal.reserve(1)).rejects.toThrow("Quota");
    const log = journal.begin(one.id, one.start);
    await soon();
    expect([log.append(one.steps[0]), journal.isFull, journal.retry()]).toEqual([false, true, false]);
    await soon();
    shared.folder.open = open;
    journal.retry();
    await soon();
    expect([journal.isFull, log.length, log.held]).toEqual([false, 1, 0]);
  });

  it("goes on after a full disk once there is room", async () => {
    const shared = browser();
    const journal = await openJournal({ ...shared, tab: "a" });
    await journal.reserve(1);
    const log = journal.begin(one.id, one.start);
    shared.folder.room = one.steps[0].length;
    expect(log.append(one.steps[0])).toBe(false);
    expect([journal.isFull, journal.retry()]).toEqual([true, false]);
    shared.folder.room = 1e6;
    expect([journal.retry(), journal.isFull]).toEqual([true, false]);
    expect(log.read(0, ALL)).toEqual([one.steps[0]]);
  });

  it("adopts what pages that are gone have left, closed where they died, and nothing of those that live", async () => {
    const shared = browser();
    const first = await openJournal({ ...shared, tab: "a" });
    await first.reserve(3);
    const whole = first.begin(one.id, one.start);
    for (const step of one.steps) whole.append(step);
    whole.finish(one.end);
    first.begin(two.id, two.start).append(two.steps[0]);
    const second = await openJournal({ ...shared, tab: "b" });
    expect(await second.adopt()).toEqual([]);
    // The page dies in the midst of a write.
    shared.folder.kill();
    shared.locks.kill();
    const file = shared.folder.files.get("a.1.log")!;
    shared.folder.files.set("a.1.log", Uint8Array.from([...file, 1, 2, 3]));
    const third = await openJournal({ ...shared, tab: "c" });
    expect((await third.adopt()).map(({ id, length, closed }) => [id, length, closed])).toEqual([
      ["one", 4, true],
      ["two", 1, true],
    ]);
    expect(third.logs.every((log) => third.isAdopted(log))).toBe(true);
    expect(third.logs[0].end).toEqual(one.end);
    expect(third.logs[1].end).toBe(null);
    // Files that nobody began an episode in are gone; nobody else adopts what the third has.
    expect([...shared.folder.files.keys()]).toEqual(["a.0.log", "a.1.log"]);
    const fourth = await openJournal({ ...shared, tab: "d" });
    expect(await fourth.adopt()).toEqual([]);
    await third.remove(third.logs[0]);
    expect([ids(third), [...shared.folder.files.keys()]]).toEqual([["two"], ["a.1.log"]]);
    await third.close();
    expect((await fourth.adopt()).map(({ id }) => id)).toEqual(["two"]);
  });

  it("leaves files alone that it cannot read", async () => {
    const shared = browser();
    shared.folder.files.set("z.0.log", Uint8Array.from([9, 9, 9]));
    const journal = await openJournal({ ...shared, tab: "a" });
    expect(await journal.adopt()).toEqual([]);
    expect(await journal.adopt()).toEqual([]);
    expect(shared.folder.files.has("z.0.log")).toBe(true);
  });

  it("is one page's alone", async () => {
    const shared = browser();
    await openJournal({ ...shared, tab: "a" });
    await expect(openJournal({ ...shared, tab: "a" })).rejects.toThrow("another page is named a");
  });

  it("waits for the disk where something was written", async () => {
    const shared = browser();
    const journal = await openJournal({ ...shared, tab: "a" });
    await journal.reserve(1);
    const log = journal.begin(one.id, one.start);
    expect([journal.flush(), journal.flush(), shared.folder.flushes]).toEqual([true, true, 1]);
    log.append(one.steps[0]);
    expect([journal.flush(), shared.folder.flushes]).toEqual([true, 2]);
  });
});
