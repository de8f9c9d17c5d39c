/** Files that are there whole or not at all, whenever the process or the machine stops. */
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unusable } from "../base/index.ts";

/** Begins the names of files that are still being written; what has such a name is never read. */
export const UNFINISHED = ".unfinished-";

let count = 0;

/**
 * Writes `path`, replacing what is there: into a new file of the same folder (made if absent), flushed to the disk, then
 * renamed; the folder is flushed too. Until the rename the old content stands, after it the new. Throws InputError that names
 * `path` where the file system refuses (a full disk), and leaves no unfinished file then.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const folder = dirname(path);
  const unfinished = join(folder, `${UNFINISHED}${process.pid}-${count++}-${basename(path)}`);
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(unfinished, "w");
    try {
      await file.writeFile(content);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(unfinished, path);
  } catch (error) {
    await rm(unfinished, { force: true }).catch(() => {});
    throw error instanceof Error && "code" in error ? unusable(path, "written", error) : error;
  }
  await flushFolder(folder);
}

/** Makes renames in a folder last through a power cut. Windows has no such call and needs none. */
async function flushFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Removes what a killed process left unfinished. Only for the one who writes to this folder. */
export async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (name.startsWith(UNFINISHED)) await rm(join(folder, name), { force: true });
  }
}
