/**
 * All logs that this page answers for: those of its own episodes, and those that pages before it left behind. A page holds
 * one lock, after which its files are named; whose lock is free has gone, and its files are anybody's to adopt.
 */
import { beginLog, type EpisodeLog, recoverLog } from "./episode-log.ts";
import type { Locks, LogFile, LogFolder } from "./files.ts";

export interface JournalOptions {
  readonly folder: LogFolder;
  readonly locks: Locks;
  /** Of this page, different from that of every other: letters and digits. */
  readonly tab: string;
}

export interface Journal {
  /** Own ones and adopted ones, the oldest first. */
  readonly logs: readonly EpisodeLog[];
  /** Whether the disk refuses, and records wait in memory. */
  readonly isFull: boolean;
  /** Has files ready for so many episodes to come, from now on. Rejects where the disk gives none. */
  reserve(count: number): Promise<void>;
  /** Begins an episode in a file of its own: one that is ready, or else, as soon as it is, another one. */
  begin(id: string, start: Uint8Array): EpisodeLog;
  /** Takes over what pages that are gone have left; those that are there now, and were not before. */
  adopt(): Promise<EpisodeLog[]>;
  isAdopted(log: EpisodeLog): boolean;
  /** Removes an episode's file, once somebody else has all of it. */
  remove(log: EpisodeLog): Promise<void>;
  /** Writes what is held in memory; false where the disk still refuses. */
  retry(): boolean;
  /** Waits for the disk. Says false where it failed: what is in the files may be lost with the machine, not with the page. */
  flush(): boolean;
  /** Lets go of everything; logs that are not closed are interrupted. */
  close(): Promise<void>;
}

const LOCK = "apprentice-log-";
const EXTENSION = ".log";

/** Whether a file was left by a page that is gone, given the locks that are held. */
export const isLeftBehind = (file: string, held: ReadonlySet<string>): boolean =>
  file.endsWith(EXTENSION) && !held.has(LOCK + file.slice(0, file.indexOf(".")));

/** Throws where another page has the same name. */
export async function openJournal({ folder, locks, tab }: JournalOptions): Promise<Journal> {
  const own = await locks.take(LOCK + tab);
  if (!own) throw new Error(`log: another page is named ${tab}`);
  const releases = [own];
  const logs: EpisodeLog[] = [];
  const adopted = new Set<EpisodeLog>();
  /** Files of others that are none of ours to read. */
  const strange = new Set<string>();
  const spare: { readonly name: string; readonly file: LogFile }[] = [];
  let count = 0;
  let reserved = 0;
  let refilling: Promise<void> | null = null;
  const orphans = new Set<EpisodeLog>();
  let adopting: Promise<EpisodeLog[]> | null = null;

  const nameNext = () => `${tab}.${count++}${EXTENSION}`;
  const refill = async () => {
    while (spare.length < reserved) {
      const name = nameNext();
      spare.push({ name, file: await folder.open(name) });
    }
  };
  const ensure = (): Promise<void> => {
    refilling ??= refill().finally(() => {
      refilling = null;
    });
    return refilling;
  };
  /** For an episode that has begun without. */
  const findFile = async (log: EpisodeLog) => {
    orphans.delete(log);
    const file = await folder.open(log.file).catch(() => null);
    if (!file) orphans.add(log);
    log.attach(file);
  };

  async function adoptFile(name: string): Promise<EpisodeLog | null> {
    // A page that has just gone may still have its file open.
    const file = await folder.open(name).catch(() => null);
    if (!file) return null;
    const log = recovered(file, name);
    if (log === "foreign") strange.add(name);
    if (log === "foreign" || log === "empty") {
      file.close();
      if (log === "empty") await folder.remove(name);
      return null;
    }
    log.interrupt();
    logs.push(log);
    adopted.add(log);
    return log;
  }

  async function adoptAll(): Promise<EpisodeLog[]> {
    const mine = new Set(logs.map(({ file }) => file));
    const left = (await folder.list()).filter((name) => name.endsWith(EXTENSION) && !mine.has(name));
    const byTab = new Map<string, string[]>();
    for (const name of left) {
      if (strange.has(name)) continue;
      const other = name.slice(0, name.indexOf("."));
      byTab.set(other, [...(byTab.get(other) ?? []), name]);
    }
    byTab.delete(tab);
    const found: EpisodeLog[] = [];
    for (const [other, names] of byTab) {
      const release = await locks.take(LOCK + other);
      if (!release) continue;
      // Names of one page count up.
      const inOrder = names.toSorted((a, b) => a.length - b.length || (a < b ? -1 : 1));
      const those = await Promise.all(inOrder.map(adoptFile));
      const whole = those.filter((log) => log !== null);
      found.push(...whole);
      if (whole.length > 0) releases.push(release);
      else release();
    }
    return found;
  }

  return {
    logs,
    get isFull() {
      return logs.some(({ isRefused }) => isRefused);
    },
    reserve(wanted) {
      reserved = wanted;
      return ensure();
    },
    begin(id, start) {
      const ready = spare.shift();
      const log = beginLog(ready?.file ?? null, ready?.name ?? nameNext(), id, start);
      logs.push(log);
      if (!ready) void findFile(log);
      // Where the disk gives none, the next episode finds that out for itself.
      ensure().catch(() => {});
      return log;
    },
    adopt() {
      adopting ??= adoptAll().finally(() => {
        adopting = null;
      });
      return adopting;
    },
    isAdopted: (log) => adopted.has(log),
    async remove(log) {
      const at = logs.indexOf(log);
      if (at < 0) return;
      logs.splice(at, 1);
      adopted.delete(log);
      log.close();
      await folder.remove(log.file);
    },
    retry() {
      for (const log of orphans) void findFile(log);
      // Every log is tried: the one that is refused may be the larger one.
      return logs.map((log) => log.retry()).every(Boolean);
    },
    flush() {
      try {
        for (const log of logs) log.flush();
        return true;
      } catch {
        return false;
      }
    },
    async close() {
      reserved = 0;
      await refilling?.catch(() => {});
      for (const log of logs) {
        log.interrupt();
        try {
          log.flush();
        } catch {
          // All that can be done for it has been.
        }
        log.close();
      }
      logs.length = 0;
      for (const { name, file } of spare.splice(0)) {
        file.close();
        await folder.remove(name);
      }
      for (const release of releases) release();
    },
  };
}

function recovered(file: LogFile, name: string): ReturnType<typeof recoverLog> {
  try {
    return recoverLog(file, name);
  } catch {
    // Its checksums are right and its messages are not: no version of ours wrote it.
    return "foreign";
  }
}
