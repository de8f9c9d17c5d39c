/** A file system in memory for tests of the log, whose disk can be full, slow or torn. */
import type { Locks, LogFile, LogFolder } from "../../studio/src/log/files.ts";

export interface MemoryFolder extends LogFolder {
  readonly files: Map<string, Uint8Array>;
  /** Bytes that may still be written; Infinity at first. A write that does not fit is cut there, as a full disk does. */
  room: number;
  /**
   * What becomes of a write that does not fit: it throws (as in Chromium), is cut, or nothing is written and the answer has no
   * meaning (as in Chromium's private windows).
   */
  refusal: "throws" | "cuts" | "raves";
  /** Calls of flush so far. */
  flushes: number;
  /** Who has a file open lets go of it, as when its page dies. */
  kill(): void;
}

export function memoryFolder(): MemoryFolder {
  const files = new Map<string, Uint8Array>();
  let opened = new Set<string>();
  const folder: MemoryFolder = {
    files,
    room: Number.POSITIVE_INFINITY,
    refusal: "cuts",
    flushes: 0,
    kill() {
      opened = new Set();
    },
    async list() {
      return [...files.keys()];
    },
    async open(name) {
      if (opened.has(name)) throw new Error(`${name} is open`);
      if (!files.has(name)) files.set(name, new Uint8Array(0));
      opened.add(name);
      return fileOf(name);
    },
    async bytes(name) {
      const found = files.get(name);
      if (!found) throw new Error(`${name}: not found`);
      return found.slice();
    },
    async remove(name) {
      if (opened.has(name)) throw new Error(`${name} is open`);
      files.delete(name);
    },
  };

  function fileOf(name: string): LogFile {
    const mine = opened;
    const bytes = () => {
      if (!mine.has(name)) throw new Error(`${name} is closed`);
      return files.get(name)!;
    };
    return {
      size: () => bytes().length,
      read(into, at) {
        const found = bytes().subarray(at, at + into.length);
        into.set(found);
        return found.length;
      },
      write(written, at) {
        const before = bytes();
        const growth = Math.max(0, at + written.length - before.length);
        const fits = Math.max(0, Math.min(written.length, written.length - (growth - folder.room)));
        if (fits < written.length && folder.refusal === "throws") throw new Error("QuotaExceededError");
        if (fits < written.length && folder.refusal === "raves") return 21092584440368;
        const after = new Uint8Array(Math.max(before.length, at + fits));
        after.set(before);
        after.set(written.subarray(0, fits), at);
        files.set(name, after);
        folder.room -= after.length - before.length;
        return fits;
      },
      truncate(size) {
        files.set(name, bytes().slice(0, size));
      },
      flush() {
        bytes();
        folder.flushes += 1;
      },
      close() {
        mine.delete(name);
      },
    };
  }
  return folder;
}

export interface MemoryLocks extends Locks {
  /** Takes every lock from whoever holds it, as when pages die. */
  kill(): void;
}

export function memoryLocks(): MemoryLocks {
  const held = new Set<string>();
  return {
    async take(name) {
      if (held.has(name)) return null;
      held.add(name);
      return () => held.delete(name);
    },
    kill: () => held.clear(),
  };
}
