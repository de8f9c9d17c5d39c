/** What is logged in this browser, as episodes: for training in the page, and for showing them where there is no server. */
import {
  decodeEnd,
  decodeStart,
  decodeStep,
  type EnvironmentSpec,
  type Episode,
  episodeFrom,
  type StoredEpisode,
} from "apprentice";
import { type Annotation, recoverLog } from "./episode-log.ts";
import type { LogFile, LogFolder } from "./files.ts";

export interface LocalEpisode {
  /** As a store holds it, marks applied. */
  readonly stored: StoredEpisode;
  readonly deleted: boolean;
}

/**
 * The episodes of a task that are logged in this browser, whichever page records or recorded them, by their ids (which begin
 * with when they began); those that run now, as far as they are. In any thread.
 */
export async function readLogged(folder: LogFolder, task: string): Promise<LocalEpisode[]> {
  const found: LocalEpisode[] = [];
  for (const name of await folder.list()) {
    // Gone meanwhile: the server has it.
    const bytes = await folder.bytes(name).catch(() => null);
    const episode = bytes && decodeLog(bytes);
    if (episode?.task === task) found.push(episode);
  }
  return found.toSorted((one, other) => (one.stored.id < other.stored.id ? -1 : 1));
}

/** The columns of those that are not deleted and have a step. */
export function episodesOf(spec: EnvironmentSpec, logged: readonly LocalEpisode[]): Episode[] {
  return logged
    .filter(({ deleted, stored }) => !deleted && stored.steps.length > 0)
    .map(({ stored }) => episodeFrom(spec, stored));
}

/** The episode in the bytes of a log file; null where there is none. */
export function decodeLog(bytes: Uint8Array): (LocalEpisode & { readonly task: string }) | null {
  const log = recoverLog(inMemory(bytes), "");
  if (log === "empty" || log === "foreign") return null;
  const { task, seed, actors, info, wallTime } = decodeStart(log.start);
  const everything = { count: Number.POSITIVE_INFINITY, bytes: Number.POSITIVE_INFINITY };
  const steps = log.read(0, everything).map(decodeStep);
  const endInfo = log.end && decodeEnd(log.end).info;
  const marked = last(log.annotations, "success")?.success;
  return {
    task,
    deleted: last(log.annotations, "deletion")?.deleted ?? false,
    stored: {
      id: log.id,
      seed,
      actors,
      info,
      wallTime,
      steps: withLabels(steps, log.annotations),
      endInfo,
      success: marked ?? endInfo?.success ?? null,
      droppedBytes: 0,
    },
  };
}

/** Labels that came later take the place of those that were recorded. */
function withLabels(steps: StoredEpisode["steps"], annotations: readonly Annotation[]): StoredEpisode["steps"] {
  const labels = new Map<number, Float32Array>();
  for (const annotation of annotations) {
    if (annotation.kind === "label") labels.set(annotation.step, Float32Array.from(annotation.label));
  }
  return labels.size === 0 ? steps : steps.map((step, i) => ({ ...step, label: labels.get(i) ?? step.label }));
}

const last = <Wanted extends Annotation["kind"]>(annotations: readonly Annotation[], kind: Wanted) =>
  annotations.findLast((annotation): annotation is Extract<Annotation, { kind: Wanted }> => annotation.kind === kind);

/** Bytes as a file; what is cut off a copy is cut off nowhere else. */
function inMemory(bytes: Uint8Array): LogFile {
  return {
    size: () => bytes.length,
    read(into, at) {
      const found = bytes.subarray(at, at + into.length);
      into.set(found);
      return found.length;
    },
    write: () => 0,
    truncate() {},
    flush() {},
    close() {},
  };
}
