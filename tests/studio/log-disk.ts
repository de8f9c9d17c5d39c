/** A folder of the disk as the log's, as near to the browser's own files as Node has it. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { LogFolder } from "../../studio/src/log/files.ts";

export const diskFolder = (path: string): LogFolder => ({
  list: () => readdir(path),
  async open(name) {
    // Reads and writes; made where there is none.
    const file = openSync(join(path, name), "as+");
    closeSync(file);
    const handle = openSync(join(path, name), "r+");
    return {
      size: () => fstatSync(handle).size,
      read: (into, at) => readSync(handle, into, 0, into.length, at),
      write: (bytes, at) => writeSync(handle, bytes, 0, bytes.length, at),
      truncate: (size) => ftruncateSync(handle, size),
      flush: () => fsyncSync(handle),
      close: () => closeSync(handle),
    };
  },
  bytes: async (name) => new Uint8Array(await readFile(join(path, name))),
  remove: (name) => rm(join(path, name)),
});
