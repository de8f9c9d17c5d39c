/** Exports that are there whole or not at all. */
import { mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { InputError, unusable } from "../../base/index.ts";

/** A disk with less than this is full, bytes. */
const ALMOST_NOTHING = 2 ** 20;

let count = 0;

/**
 * Has `write` make a file or folder beside `path`, flushes it to the disk and gives it its name. Throws InputError where
 * `path` is taken, or what the file system refuses; nothing unfinished is left then.
 */
export async function finish(path: string, write: (unfinished: string) => Promise<void>): Promise<void> {
  const target = resolve(path);
  await refuseTaken(target, path);
  const unfinished = join(dirname(target), `.unfinished-${process.pid}-${count++}-${basename(target)}`);
  try {
    await mkdir(dirname(target), { recursive: true });
    await write(unfinished);
    await flush(unfinished);
    await refuseTaken(target, path);
    await rename(unfinished, target);
  } catch (error) {
    await rm(unfinished, { recursive: true, force: true }).catch(() => {});
    // What does not come from the file system is a fault of ours.
    throw error instanceof Error && "code" in error ? unusable(path, "written", error) : error;
  }
}

async function refuseTaken(target: string, path: string): Promise<void> {
  const found = await stat(target).catch(() => null);
  if (found) throw new InputError(`${path}: is already there, expected a new path for an export`);
}

/** An InputError for bytes that did not arrive, where the library that wrote them does not say why. */
export async function unwritten(path: string, problem: string): Promise<InputError> {
  const disk = await statfs(dirname(resolve(path))).catch(() => null);
  const isFull = disk !== null && disk.bavail * disk.bsize < ALMOST_NOTHING;
  return new InputError(`${path}: cannot be written (${isFull ? "ENOSPC: the disk is full" : problem})`);
}

async function flush(path: string): Promise<void> {
  if ((await stat(path)).isDirectory()) {
    for (const name of await readdir(path)) await flush(join(path, name));
    return;
  }
  const file = await open(path, "r+");
  await file.sync().finally(() => file.close());
}
