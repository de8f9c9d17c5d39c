/** The browser's own file system, as the log's folder, and its locks. In a dedicated worker only: elsewhere no file can be written so. */
import type { Locks, LogFolder } from "./files.ts";

/** What TypeScript's library knows only where it takes a project for a worker's. */
interface WorkerFileHandle extends FileSystemFileHandle {
  createSyncAccessHandle(): Promise<{
    getSize(): number;
    read(into: Uint8Array, options: { at: number }): number;
    write(bytes: Uint8Array, options: { at: number }): number;
    truncate(size: number): void;
    flush(): void;
    close(): void;
  }>;
}

const ATTEMPTS = 50;
const FOLDER = "apprentice-log";

/** Rejects where the browser has none, or gives none to this page (private windows of some). */
export async function openFolder(name = FOLDER): Promise<LogFolder> {
  const root = await navigator.storage.getDirectory();
  const folder = await root.getDirectoryHandle(name, { create: true });
  return {
    async list() {
      const names: string[] = [];
      for await (const name of folder.keys()) names.push(name);
      return names;
    },
    async open(file) {
      const handle = (await folder.getFileHandle(file, { create: true })) as WorkerFileHandle;
      const access = await handle.createSyncAccessHandle();
      return {
        size: () => access.getSize(),
        read: (into, at) => access.read(into, { at }),
        write: (bytes, at) => access.write(bytes, { at }),
        truncate: (size) => access.truncate(size),
        flush: () => access.flush(),
        close: () => access.close(),
      };
    },
    async bytes(file) {
      const handle = await folder.getFileHandle(file);
      for (let attempt = 1; ; attempt++) {
        try {
          return new Uint8Array(await (await handle.getFile()).arrayBuffer());
        } catch (error) {
          // What is written to between the two calls cannot be read any more: it is looked at anew.
          if (!(error instanceof DOMException && error.name === "NotReadableError") || attempt === ATTEMPTS)
            throw error;
          await new Promise((resolve) => setTimeout(resolve, attempt));
        }
      }
    },
    remove: (file) => folder.removeEntry(file),
  };
}

/** Web Locks: held until released, or until the worker is gone. */
export const webLocks: Locks = {
  take: (name) =>
    new Promise((resolve, reject) => {
      navigator.locks
        .request(name, { ifAvailable: true }, (lock) => {
          if (!lock) return resolve(null);
          return new Promise<void>((release) => resolve(release));
        })
        .catch(reject);
    }),
};
