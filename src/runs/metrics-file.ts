/** metrics.jsonl on disk: one writer appends, anyone reads. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, unusable } from "../base/index.ts";
import { writeFileAtomic } from "./atomic.ts";
import { oneLine } from "./json.ts";
import { type MetricsRecord, metricsLine, parseMetrics } from "./metrics.ts";

const METRICS_FILE = "metrics.jsonl";

/**
 * The metrics of the run at `path`, in the order in which they were recorded; none where there is no file yet. Half a last
 * line is ignored. Throws InputError for any other damage.
 */
export async function readMetrics(path: string): Promise<MetricsRecord[]> {
  const file = join(path, METRICS_FILE);
  return parseMetrics(await readText(file), file);
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return "";
    throw new InputError(`${file}: cannot be read: ${oneLine(error)}`);
  }
}

export interface MetricsFile {
  /** Throws InputError where the file system refuses; half a line is cut off when the file is opened again. */
  append(record: MetricsRecord): void;
  /** Removes the records after `update`. */
  rewind(update: number): Promise<void>;
  flush(): void;
  close(): void;
}

/** The writer of the metrics of the run at `path`. The file is opened, and half a last line cut off, when it is first used. */
export function metricsFile(path: string): MetricsFile {
  const file = join(path, METRICS_FILE);
  let handle: number | null = null;
  const flush = () => {
    try {
      if (handle !== null) fsyncSync(handle);
    } catch (error) {
      throw unusable(file, "flushed to the disk", error);
    }
  };
  const close = () => {
    flush();
    if (handle !== null) closeSync(handle);
    handle = null;
  };
  return {
    append(record) {
      const line = metricsLine(record);
      try {
        handle ??= openAtLineEnd(file);
        writeFileSync(handle, line);
      } catch (error) {
        throw unusable(file, "written", error);
      }
    },
    async rewind(update) {
      close();
      const text = await readText(file);
      const lines = text.split("\n").slice(0, -1);
      const records = parseMetrics(text, file);
      const kept = lines.filter((_, index) => records[index].update <= update).map((line) => `${line}\n`);
      if (kept.join("") !== text) await writeFileAtomic(file, kept.join(""));
    },
    flush,
    close,
  };
}

/** Opens a file for appending, cut off after its last newline. */
function openAtLineEnd(file: string): number {
  const handle = openSync(file, "a+");
  const { size } = fstatSync(handle);
  const block = Buffer.alloc(65536);
  let end = size;
  while (end > 0) {
    const start = Math.max(0, end - block.length);
    const length = readSync(handle, block, 0, end - start, start);
    const newline = block.subarray(0, length).lastIndexOf("\n");
    end = newline === -1 ? start : start + newline + 1;
    if (newline !== -1) break;
  }
  if (end < size) ftruncateSync(handle, end);
  return handle;
}
