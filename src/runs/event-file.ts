/**
 * TensorBoard's event files of a run, for `tensorboard --logdir RUN`. Each process that records writes a file of its own,
 * named so that they sort by age, as TensorBoard reads them: a reader that follows the last file is never surprised by a
 * change in what it has read already.
 */
import { closeSync, openSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { unusable } from "../base/index.ts";
import type { MetricsRecord } from "./metrics.ts";
import { encodeEvent, frameRecord, type TensorboardEvent } from "./tensorboard.ts";

export interface EventFile {
  append(record: MetricsRecord): void;
  /** Has readers forget what they have from this step on, as soon as the next record is there. */
  restart(step: number): void;
  close(): void;
}

/** The writer of the events of the run at `path`. A file begins with the first record. */
export function eventFile(path: string): EventFile {
  let handle: number | null = null;
  let file = path;
  let restartAt: number | null = null;
  const write = (event: TensorboardEvent) => {
    const record = frameRecord(encodeEvent(event));
    try {
      if (handle === null) {
        file = nextFile(path);
        handle = openSync(file, "wx");
      }
      writeFileSync(handle, record);
    } catch (error) {
      throw unusable(file, "written", error);
    }
  };
  return {
    append({ update, ...scalars }) {
      const wallTime = Date.now() / 1000;
      if (handle === null) write({ kind: "version", wallTime });
      if (restartAt !== null) write({ kind: "restart", wallTime, step: restartAt });
      restartAt = null;
      write({ kind: "scalars", wallTime, step: update, scalars });
    },
    restart(step) {
      restartAt = step;
    },
    close() {
      if (handle !== null) closeSync(handle);
      handle = null;
    },
  };
}

/** `events.out.tfevents.SECONDS.COUNT`, after all that are there even where the clock was set back. */
function nextFile(path: string): string {
  const present = readdirSync(path)
    .map((name) => /^events\.out\.tfevents\.(\d{10})\.(\d{4})$/.exec(name))
    .flatMap((match) => (match ? [{ seconds: Number(match[1]), count: Number(match[2]) }] : []))
    .sort((a, b) => b.seconds - a.seconds || b.count - a.count);
  const now = Math.floor(Date.now() / 1000);
  const last = present[0];
  const [seconds, count] = last && last.seconds >= now ? [last.seconds, last.count + 1] : [now, 0];
  return join(path, `events.out.tfevents.${seconds}.${String(count).padStart(4, "0")}`);
}
