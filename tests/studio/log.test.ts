import { describe, expect, it } from "vitest";
import { decodeStart, decodeStep, findTask } from "../../src/browser.ts";
import { beginLog, type EpisodeLog, recoverLog } from "../../studio/src/log/episode-log.ts";
import { decodeLog, episodesOf, readLogged } from "../../studio/src/log/read.ts";
import { crc32, HEADER_SIZE, MAGIC_SIZE } from "../../studio/src/log/records.ts";
import { memoryFolder } from "./log-files.ts";
import { recorded } from "./recorded.ts";

const ALL = { count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
const episode = await recorded("driving", { seed: 3, length: 6, id: "20261126T061530-ada-3f9k2c" });
const isLog = (log: EpisodeLog | string): log is EpisodeLog => typeof log !== "string";

/** Compared as one text: comparing arrays number by number takes seconds here. */
const bytesOf = (records: readonly Uint8Array[]) => records.map((one) => Buffer.from(one).toString("base64")).join();

/** A finished file of the episode, with a mark after its end. */
async function wholeFile() {
  const folder = memoryFolder();
  const log = beginLog(await folder.open("a.0.log"), "a.0.log", episode.id, episode.start);
  for (const step of episode.steps) expect(log.append(step)).toBe(true);
  log.finish(episode.end);
  log.annotate({ kind: "success", episode: episode.id, success: false });
  return folder.files.get("a.0.log")!;
}

/** What is found in these bytes, in a file of their own. */
async function recoverFrom(bytes: Uint8Array) {
  const folder = memoryFolder();
  folder.files.set("a.0.log", bytes.slice());
  const log = recoverLog(await folder.open("a.0.log"), "a.0.log");
  return { log, bytes: () => folder.files.get("a.0.log")! };
}

describe("a log", () => {
  it("gives back, byte for byte, what was written", async () => {
    const { log } = await recoverFrom(await wholeFile());
    if (!isLog(log)) throw new Error(log);
    expect(log.id).toBe(episode.id);
    expect(log.task).toBe("driving");
    expect(log.start).toEqual(episode.start);
    expect(log.read(0, ALL)).toEqual(episode.steps);
    expect(log.end).toEqual(episode.end);
    expect(log.closed).toBe(true);
    expect(log.annotations).toEqual([{ kind: "success", episode: episode.id, success: false }]);
  });

  it("has checksums that others compute alike", () => {
    // The check value of CRC-32/ISO-HDLC is that of the digits 1 to 9.
    expect(crc32(new TextEncoder().encode("123456789"))).toBe(0xcbf43926);
  });

  it("torn at any byte keeps every whole record before, and goes on from there", async () => {
    const whole = await wholeFile();
    // Where each step's record ends: the plain arithmetic of what was written.
    const nameAndStart = MAGIC_SIZE + HEADER_SIZE + episode.id.length + HEADER_SIZE + episode.start.length;
    const ends = episode.steps.map(
      (_, i) => nameAndStart + episode.steps.slice(0, i + 1).reduce((sum, { length }) => sum + HEADER_SIZE + length, 0),
    );
    for (let size = 0; size <= whole.length; size++) {
      const { log, bytes } = await recoverFrom(whole.subarray(0, size));
      if (!isLog(log)) {
        expect([log, size < nameAndStart]).toEqual(["empty", true]);
        continue;
      }
      const steps = ends.filter((end) => end <= size).length;
      expect(log.length).toBe(steps);
      expect(bytesOf(log.read(0, ALL))).toBe(bytesOf(episode.steps.slice(0, steps)));
      if (log.closed) continue;
      expect(log.append(episode.steps[0])).toBe(true);
      const again = await recoverFrom(bytes());
      expect(isLog(again.log) && bytesOf(again.log.read(steps, ALL))).toBe(bytesOf([episode.steps[0]]));
    }
  });

  it("drops a record with any byte changed, and what comes after it", async () => {
    const whole = await wholeFile();
    const from = MAGIC_SIZE + HEADER_SIZE + episode.id.length + HEADER_SIZE + episode.start.length;
    const to = from + HEADER_SIZE + episode.steps[0].length;
    for (let at = from; at < to; at++) {
      const changed = whole.slice();
      changed[at] ^= 0x10;
      const { log } = await recoverFrom(changed);
      expect(isLog(log) && log.length, `byte ${at}`).toBe(0);
    }
  });

  it("leaves files alone that are none of its own, and takes one of zeros for torn", async () => {
    expect((await recoverFrom(Uint8Array.from([1, 2, 3]))).log).toBe("foreign");
    expect((await recoverFrom(new Uint8Array(1000))).log).toBe("empty");
    const later = await wholeFile();
    later[MAGIC_SIZE - 1] = 2;
    expect((await recoverFrom(later)).log).toBe("foreign");
  });

  it("reads back in parts that fit", async () => {
    const { log } = await recoverFrom(await wholeFile());
    if (!isLog(log)) throw new Error(log);
    const size = episode.steps[0].length;
    expect(log.read(2, { count: 3, bytes: 1e9 })).toEqual(episode.steps.slice(2, 5));
    expect(log.read(1, { count: 9, bytes: 2 * size + 20 }).length).toBe(2);
    expect(log.read(1, { count: 9, bytes: 1 })).toEqual([episode.steps[1]]);
    expect(log.read(6, ALL)).toEqual([]);
  });

  it("takes nothing after the end but annotations", async () => {
    const { log } = await recoverFrom(await wholeFile());
    if (!isLog(log)) throw new Error(log);
    expect(() => log.append(episode.steps[0])).toThrow("after the end");
    expect(() => log.finish(episode.end)).toThrow("after the end");
    expect(log.annotate({ kind: "deletion", episode: episode.id, deleted: true })).toBe(true);
  });

  for (const refusal of ["throws", "cuts", "raves"] as const) {
    it(`loses nothing on a full disk that ${refusal}, wherever it gets full`, async () => {
      const whole = await wholeFile();
      for (let room = 0; room < whole.length; room += 7) {
        const folder = memoryFolder();
        Object.assign(folder, { room, refusal });
        const log = beginLog(await folder.open("a.0.log"), "a.0.log", episode.id, episode.start);
        const kept = episode.steps.map((step) => log.append(step));
        kept.push(log.finish(episode.end));
        log.annotate({ kind: "success", episode: episode.id, success: false });
        expect(log.isRefused).toBe(true);
        expect(log.length).toBe(kept.slice(0, episode.steps.length).filter(Boolean).length);
        expect(log.retry()).toBe(false);
        // What is in the file is whole at any time.
        const found = decodeLog(folder.files.get("a.0.log")!);
        expect(found?.stored.steps.length ?? 0).toBe(log.length);
        folder.room = Number.POSITIVE_INFINITY;
        expect(log.retry()).toBe(true);
        expect(bytesOf([folder.files.get("a.0.log")!])).toBe(bytesOf([whole]));
      }
    });
  }
});

describe("logged episodes", () => {
  it("are those of the task in the order in which they began, marks applied", async () => {
    const folder = memoryFolder();
    const other = await recorded("push-t", { seed: 4, length: 3, id: "20261126T070000-ada-b" });
    const third = await recorded("driving", { seed: 5, length: 4, id: "20261126T080000-eve-c" });
    const write = async (name: string, { id, start, steps }: typeof other) => {
      const log = beginLog(await folder.open(name), name, id, start);
      for (const step of steps) log.append(step);
      return log;
    };
    (await write("b.0.log", third)).annotate({
      kind: "label",
      episode: third.id,
      step: 1,
      label: [0.5, -1],
    });
    (await write("b.1.log", other)).finish(other.end);
    const first = await write("a.7.log", episode);
    first.finish(episode.end);
    first.annotate({ kind: "success", episode: episode.id, success: true });
    folder.files.set("notes.txt", Uint8Array.from([1]));

    const logged = await readLogged(folder, "driving");
    expect(logged.map(({ stored }) => [stored.id, stored.success, stored.endInfo !== null])).toEqual([
      [episode.id, true, true],
      [third.id, null, false],
    ]);
    expect(logged[0].stored.seed).toBe(decodeStart(episode.start).seed);
    expect(logged[1].stored.steps.map(({ label }) => [...label!])).toEqual(
      third.steps.map((step, i) => (i === 1 ? [0.5, -1] : [...decodeStep(step).label!])),
    );
    const { spec } = findTask("driving").makeEnvironment();
    const episodes = episodesOf(spec, logged);
    expect(episodes.map(({ length }) => length)).toEqual([6, 4]);
    expect(episodes[0].info.success).toBe(true);

    first.annotate({ kind: "deletion", episode: episode.id, deleted: true });
    expect(episodesOf(spec, await readLogged(folder, "driving")).map(({ seed }) => seed)).toEqual([5]);
    first.annotate({ kind: "deletion", episode: episode.id, deleted: false });
    expect(episodesOf(spec, await readLogged(folder, "driving")).length).toBe(2);
  });
});
