/**
 * Episodes that come from pages. Everything may come twice, from anybody, after any cut: a step is known by its episode and
 * number, and is kept once. What a page is told to be held is in the operating system's hands.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import {
  checkInfo,
  checkStart,
  checkStep,
  decodeEnd,
  decodeStart,
  decodeStep,
  type EndRecord,
  encodeStart,
  type RecordedStep,
  type StartRecord,
} from "../datasets/index.ts";
import type { EpisodeRecording, Store } from "../datasets/node.ts";
import type { EnvironmentSpec } from "../world/index.ts";
import type { Library } from "./library.ts";

export interface Held {
  readonly steps: number;
  readonly ended: boolean;
}

export interface RecordingsOptions {
  readonly library: Library;
  /** Episodes of a task have begun or ended, or grown. */
  readonly onChange: (task: string, what: "episodes" | "steps") => void;
  /** ms after which a file that nobody adds to is closed. */
  readonly idle?: number;
}

export interface Recordings {
  /** Begins an episode, or says how much of it there is. `start` is a start record. Throws InputError. */
  begin(task: string, id: string, start: Uint8Array): Promise<Held>;
  /** Keeps step records from number `from` on. Throws InputError for a gap and for what does not fit; what came before it is kept. */
  add(task: string, id: string, from: number, steps: readonly Uint8Array[]): Promise<Held>;
  /** Ends an episode of so many steps; waits for the disk. Throws InputError. */
  end(task: string, id: string, steps: number, end: Uint8Array): Promise<Held>;
  /** Closes all files as they are. */
  close(): Promise<void>;
}

/** An episode whose file is open. */
interface Open {
  readonly recording: EpisodeRecording;
  readonly setWallTime: (seconds: number) => void;
  readonly start: Uint8Array;
  used: number;
}

/** An episode that was begun; where it has not ended its file is open. */
interface Reached {
  readonly held: Held;
  readonly file: Open | null;
}

const MOST_OPEN = 200;

export function createRecordings({ library, onChange, idle = 60_000 }: RecordingsOptions): Recordings {
  const open = new Map<string, Open>();
  const turns = new Map<string, Promise<unknown>>();
  let closed = false;

  /** Of one episode one thing at a time, whoever asks. */
  const inTurn = <T>(task: string, id: string, work: (key: string) => Promise<T>): Promise<T> => {
    const key = `${task}/${id}`;
    if (closed) return Promise.reject(new InputError("the server is closing"));
    const turn = (turns.get(key) ?? Promise.resolve()).catch(() => {}).then(() => work(key));
    turns.set(key, turn);
    turn
      .catch(() => {})
      .finally(() => {
        if (turns.get(key) === turn) turns.delete(key);
      });
    return turn;
  };

  const release = async (key: string): Promise<void> => {
    const found = open.get(key);
    open.delete(key);
    await found?.recording.abandon().catch(() => {});
  };
  const releaseIdle = async (): Promise<void> => {
    const now = Date.now();
    const byUse = [...open].sort(([, a], [, b]) => a.used - b.used);
    const idlers = byUse.filter(
      ([key, { used }], i) => !turns.has(key) && (now - used > idle || byUse.length - i > MOST_OPEN),
    );
    // Somebody may have come back to one while another was closed.
    for (const [key] of idlers) if (!turns.has(key)) await release(key);
  };
  const timer = setInterval(releaseIdle, Math.min(idle, 10_000)).unref();

  /** Opens a new file, or goes on with one that was interrupted. */
  const openFile = async (key: string, store: Store, id: string, start: StartRecord): Promise<Open> => {
    if (open.size >= MOST_OPEN) await releaseIdle();
    let wallTime = start.wallTime;
    const { seed, actors, info } = start;
    const options = { id, seed, actors, info, clock: () => wallTime };
    const recording = hasFile(store, id) ? await store.reopenEpisode(options) : await store.startEpisode(options);
    const opened = {
      recording,
      start: encodeStart({ ...start, task: store.spec.name }),
      setWallTime: (seconds: number) => {
        wallTime = seconds;
      },
      used: Date.now(),
    };
    open.set(key, opened);
    return opened;
  };

  const reach = async (key: string, task: string, id: string): Promise<Reached> => {
    const found = open.get(key);
    if (found) {
      found.used = Date.now();
      return { held: heldBy(found), file: found };
    }
    const store = await library.existing(task);
    const stored = store && hasFile(store, id) ? await store.readRecording(id) : null;
    if (!store || !stored) throw new InputError(`episode ${id}: not begun here, expected its start first`);
    if (stored.endInfo) return { held: { steps: stored.steps.length, ended: true }, file: null };
    const file = await openFile(key, store, id, { ...stored, task });
    return { held: heldBy(file), file };
  };

  return {
    begin: (task, id, bytes) =>
      inTurn(task, id, async (key) => {
        const store = await library.store(task);
        const start = decoded("start", () => decodeStart(bytes));
        const where = `episode ${id}: start`;
        if (start.task !== store.spec.name) {
          throw new InputError(`${where}: task: found ${JSON.stringify(start.task)}, expected "${store.spec.name}"`);
        }
        checkStart(start, where);
        checkMoment(start.wallTime, `${where}: wallTime`);
        const known = open.get(key);
        const stored = !known && hasFile(store, id) ? await store.readRecording(id) : null;
        const before = known?.start ?? (stored && encodeStart({ ...stored, task: store.spec.name }));
        if (before && Buffer.compare(before, encodeStart(start)) !== 0) {
          throw new InputError(`${where}: another episode has this id, expected the start that it began with`);
        }
        if (known) return heldBy(known);
        if (stored) return { steps: stored.steps.length, ended: stored.endInfo !== null };
        const opened = await openFile(key, store, id, start);
        onChange(task, "episodes");
        return heldBy(opened);
      }),
    add: (task, id, from, records) =>
      inTurn(task, id, async (key) => {
        const { held, file } = await reach(key, task, id);
        const length = held.steps;
        if (from > length) {
          throw new InputError(`episode ${id}: steps: found step ${from}, expected step ${length}: it is the next`);
        }
        const fresh = records.slice(length - from);
        if (fresh.length === 0) return held;
        if (!file) {
          throw new InputError(
            `episode ${id}: steps: found step ${length}, expected none: it ended after ${length} steps`,
          );
        }
        const { spec } = await library.store(task);
        const { recording } = file;
        try {
          for (const record of fresh) {
            const step = checked(record, spec, `episode ${id}: step ${recording.length}`);
            // What the disk has of it after a failure is found out when it is asked for again.
            await recording.append(step).catch((error) => release(key).then(() => Promise.reject(error)));
          }
        } finally {
          onChange(task, "steps");
        }
        return heldBy(file);
      }),
    end: (task, id, steps, bytes) =>
      inTurn(task, id, async (key) => {
        const { held, file } = await reach(key, task, id);
        const where = `episode ${id}: end`;
        if (steps !== held.steps)
          throw new InputError(`${where}: found ${steps} steps, expected ${held.steps}: so many are here`);
        if (!file) return held;
        const end = decoded("end", () => decodeEnd(bytes));
        checkEnd(end, steps, where);
        file.setWallTime(end.wallTime);
        open.delete(key);
        try {
          await file.recording.finish(end.info);
        } catch (error) {
          await file.recording.abandon().catch(() => {});
          throw error;
        }
        onChange(task, "episodes");
        return { steps, ended: true };
      }),
    async close() {
      closed = true;
      clearInterval(timer);
      await Promise.allSettled(turns.values());
      for (const key of open.keys()) await release(key);
    },
  };
}

const heldBy = ({ recording }: Open): Held => ({ steps: recording.length, ended: false });

const hasFile = (store: Store, id: string): boolean => existsSync(join(store.path, "episodes", `${id}.mcap`));

/** A record that decodes; what the decoder throws at garbage is no fault of ours. */
function decoded<T>(what: string, decode: () => T): T {
  try {
    return decode();
  } catch (error) {
    throw new InputError(`${what}: found no record (${error instanceof Error ? error.message : error})`);
  }
}

/** Checked here too, so that a step that does not fit costs nobody's file. */
function checked(record: Uint8Array, spec: EnvironmentSpec, where: string): RecordedStep {
  const step = decoded(where, () => decodeStep(record));
  checkStep(spec, step, where);
  for (const field of ["time", "wallTime"] as const) checkMoment(step[field], `${where}: ${field}`);
  return step;
}

function checkEnd({ steps, info, wallTime }: EndRecord, expected: number, where: string): void {
  if (steps !== expected) throw new InputError(`${where}: steps: found ${steps}, expected ${expected}`);
  checkMoment(wallTime, `${where}: wallTime`);
  checkInfo(info, `${where}: info`);
}

/** Files hold moments in whole nanoseconds. */
function checkMoment(seconds: number, where: string): void {
  if (seconds >= 0 && seconds < 9e9) return;
  throw new InputError(`${where}: found ${seconds}, expected seconds from 0 to 9e9`);
}
