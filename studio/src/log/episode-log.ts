/** One episode in one file, written while it happens. What a call has written is in the file when it returns. */
import { type ClientMessage, decodeStart } from "apprentice";
import type { LogFile } from "./files.ts";
import { fileHeader, frame, HEADER_SIZE, KIND, type Kind, scan } from "./records.ts";

export type Annotation = Extract<ClientMessage, { kind: "annotate" }>["annotations"][number];

/** What is known of a logged episode, whoever reads it. */
export interface LoggedEpisode {
  readonly id: string;
  readonly task: string;
  /** The record of its start (Protobuf), as the server takes it. */
  readonly start: Uint8Array;
  /** Steps that are in the file. */
  readonly length: number;
  /** The record of its end, where the environment ended it. */
  readonly end: Uint8Array | null;
  /** Whether nothing but annotations will come. */
  readonly closed: boolean;
  readonly annotations: readonly Annotation[];
  /** How many of them a server has. */
  readonly acknowledged: number;
}

export interface EpisodeLog extends LoggedEpisode {
  /** Name of its file. */
  readonly file: string;
  /**
   * False where the disk refuses: the record is held in memory, and those that come after it, until `retry` can write them;
   * also while its file is not there yet, which is no refusal. What is held counts neither as a step nor as an end.
   */
  append(step: Uint8Array): boolean;
  finish(end: Uint8Array): boolean;
  /** Stops it where it is. */
  interrupt(): boolean;
  annotate(annotation: Annotation): boolean;
  /** So many of its annotations are on a server. */
  acknowledge(annotations: number): boolean;
  /** Steps that it was given: those in the file, and those that are held. */
  readonly recorded: number;
  /** Records that are held in memory, and whether that is because the disk refused. */
  readonly held: number;
  readonly isRefused: boolean;
  /** Writes what is held; false where the disk still refuses. */
  retry(): boolean;
  /** Gives it the empty file that it waits for; null where there was none to be had. */
  attach(file: LogFile | null): void;
  /** Steps from number `from` on, read back from the file: at most `count`, and `bytes` bytes unless the first is larger. */
  read(from: number, limits: { readonly count: number; readonly bytes: number }): Uint8Array[];
  /** Whether something was written since the last `flush`. */
  readonly isDirty: boolean;
  /** Waits for the disk, where something was written since. Throws where the disk fails. */
  flush(): void;
  /** Closes the file; what the disk refused is lost with it. */
  close(): void;
}

const text = new TextEncoder();
const words = new TextDecoder();

/** Begins an episode in an empty file, or in one that it is given later. Its start may be held in memory like any record. */
export function beginLog(file: LogFile | null, name: string, id: string, start: Uint8Array): EpisodeLog {
  const log = logOver(file, name, { id, start, at: 0 });
  log.write(KIND.name, text.encode(id));
  log.write(KIND.start, start);
  return log.episode;
}

/**
 * The episode that a file holds, to be gone on with; a torn record at its end is cut off, and everything after it. `empty`:
 * not even its start is there, so that nothing was recorded; `foreign`: none of our files, or a later version's.
 */
export function recoverLog(file: LogFile, name: string): EpisodeLog | "empty" | "foreign" {
  const bytes = new Uint8Array(file.size());
  const found = scan(bytes.subarray(0, file.read(bytes, 0)));
  if (found.is === "torn") return "empty";
  if (found.is === "foreign") return "foreign";
  const [first, second, ...others] = found.records;
  if (first?.kind !== KIND.name || second?.kind !== KIND.start) return "empty";
  const payload = ({ from, to }: { from: number; to: number }) => bytes.slice(from, to);
  if (found.whole < file.size()) file.truncate(found.whole);
  const log = logOver(file, name, { id: words.decode(payload(first)), start: payload(second), at: found.whole });
  for (const { kind, from, to } of others) log.note(kind, from, to, payload({ from, to }));
  return log.episode;
}

interface Writing {
  readonly episode: EpisodeLog;
  write(kind: Kind, payload: Uint8Array): boolean;
  note(kind: Kind, from: number, to: number, payload: Uint8Array): void;
}

function logOver(given: LogFile | null, name: string, begun: { id: string; start: Uint8Array; at: number }): Writing {
  const { id, start } = begun;
  const { task } = decodeStart(start);
  let file = given;
  let isRefused = false;
  let acknowledged = 0;
  let at = begun.at;
  /** Where each step's payload begins and ends. */
  const steps: { readonly from: number; readonly to: number }[] = [];
  const annotations: Annotation[] = [];
  let end: Uint8Array | null = null;
  let closed = false;
  let isDirty = false;
  let held: { readonly kind: Kind; readonly payload: Uint8Array }[] = [];
  /** Whether a record that closes it was taken, written or held. */
  let isClosing = false;

  const note = (kind: Kind, from: number, to: number, payload: Uint8Array) => {
    if (kind === KIND.step) steps.push({ from, to });
    else if (kind === KIND.end) end = payload;
    else if (kind === KIND.annotation) annotations.push(JSON.parse(words.decode(payload)));
    else if (kind === KIND.acknowledgement) acknowledged = new DataView(payload.buffer).getUint32(0, true);
    if (kind === KIND.end || kind === KIND.interruption) closed = isClosing = true;
  };
  /** All of it or nothing: a part that was written is written over by the next attempt, or cut off when the log is recovered. */
  const put = (bytes: Uint8Array): boolean => {
    if (!file) return false;
    try {
      // Chromium's private windows answer a number without meaning, and a large one, where there is no room.
      isRefused = file.write(bytes, at) !== bytes.length;
    } catch {
      isRefused = true;
    }
    if (isRefused) return false;
    at += bytes.length;
    isDirty = true;
    return true;
  };
  const store = (kind: Kind, payload: Uint8Array): boolean => {
    if (at === 0 && !put(fileHeader())) return false;
    const from = at + HEADER_SIZE;
    if (!put(frame(kind, payload))) return false;
    note(kind, from, at, payload);
    return true;
  };
  const retry = (): boolean => {
    while (held.length > 0 && store(held[0].kind, held[0].payload)) held = held.slice(1);
    return !isRefused;
  };
  const write = (kind: Kind, payload: Uint8Array): boolean => {
    if (kind < KIND.annotation && isClosing) throw new Error(`log of ${id}: a record after the end`);
    if (kind === KIND.end || kind === KIND.interruption) isClosing = true;
    held.push({ kind, payload });
    return retry();
  };

  const episode: EpisodeLog = {
    file: name,
    id,
    task,
    start,
    annotations,
    get length() {
      return steps.length;
    },
    get end() {
      return end;
    },
    get closed() {
      return closed;
    },
    get acknowledged() {
      return acknowledged;
    },
    get recorded() {
      return steps.length + held.filter(({ kind }) => kind === KIND.step).length;
    },
    get held() {
      return held.length;
    },
    get isDirty() {
      return isDirty;
    },
    get isRefused() {
      return isRefused;
    },
    append: (step) => write(KIND.step, step),
    finish: (record) => write(KIND.end, record),
    interrupt: () => isClosing || write(KIND.interruption, new Uint8Array(0)),
    annotate: (annotation) => write(KIND.annotation, text.encode(JSON.stringify(annotation))),
    acknowledge(count) {
      const payload = new Uint8Array(4);
      new DataView(payload.buffer).setUint32(0, count, true);
      return write(KIND.acknowledgement, payload);
    },
    retry,
    attach(found) {
      file = found;
      isRefused = !found;
      retry();
    },
    read(from, limits) {
      const found: Uint8Array[] = [];
      let size = 0;
      for (let step = from; step < steps.length && found.length < limits.count; step++) {
        const place = steps[step];
        size += place.to - place.from;
        if (found.length > 0 && size > limits.bytes) break;
        const bytes = new Uint8Array(place.to - place.from);
        file?.read(bytes, place.from);
        found.push(bytes);
      }
      return found;
    },
    flush() {
      if (!isDirty) return;
      file?.flush();
      isDirty = false;
    },
    close() {
      file?.close();
      file = null;
      isDirty = false;
    },
  };
  return { episode, write, note };
}
