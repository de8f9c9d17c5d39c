/**
 * What was said of episodes and no server has heard yet. It outlives the page: a server that is there the next time is told;
 * where there is never one, the page reads it beside its log.
 */
import type { StoredEpisode } from "apprentice";
import type { Annotation } from "../log/episode-log.ts";
import type { LocalEpisode } from "../log/read.ts";

/** The part of localStorage that is needed. */
export type Storing = Pick<Storage, "getItem" | "setItem" | "removeItem">;

export interface PendingAnnotations {
  tasks(): string[];
  of(task: string): readonly Annotation[];
  /** What was said before of the same is replaced: the last word counts. */
  add(task: string, annotations: readonly Annotation[]): void;
  /** Keeps only those. */
  keep(task: string, annotations: readonly Annotation[]): void;
}

const NAME = "apprentice.annotations";

export function pendingAnnotations(storage: Storing): PendingAnnotations {
  const pending = read(storage);
  const write = () => {
    try {
      if (pending.size === 0) storage.removeItem(NAME);
      else storage.setItem(NAME, JSON.stringify(Object.fromEntries(pending)));
    } catch {
      // A browser that keeps nothing forgets it with the page.
    }
  };
  return {
    tasks: () => [...pending.keys()],
    of: (task) => pending.get(task) ?? [],
    add(task, annotations) {
      const about = new Map((pending.get(task) ?? []).map((one) => [subjectOf(one), one]));
      for (const one of annotations) about.set(subjectOf(one), one);
      pending.set(task, [...about.values()]);
      write();
    },
    keep(task, annotations) {
      if (annotations.length === (pending.get(task)?.length ?? 0)) return;
      if (annotations.length === 0) pending.delete(task);
      else pending.set(task, [...annotations]);
      write();
    },
  };
}

const subjectOf = (one: Annotation): string =>
  `${one.kind} ${one.episode}${one.kind === "label" ? ` ${one.step}` : ""}`;

/** Nothing where what is kept is damaged. */
function read(storage: Storing): Map<string, Annotation[]> {
  try {
    return new Map(Object.entries(JSON.parse(storage.getItem(NAME) ?? "{}") as Record<string, Annotation[]>));
  } catch {
    return new Map();
  }
}

/** The episode as it is after annotations; labels for steps that it does not have are passed over. */
export function withAnnotations({ stored, deleted }: LocalEpisode, annotations: readonly Annotation[]): LocalEpisode {
  let { success, steps } = stored;
  for (const one of annotations) {
    if (one.episode !== stored.id) continue;
    if (one.kind === "deletion") deleted = one.deleted;
    else if (one.kind === "success") success = one.success;
    else steps = labelled(steps, one.step, Float32Array.from(one.label));
  }
  return { stored: { ...stored, success, steps }, deleted };
}

const labelled = (steps: StoredEpisode["steps"], at: number, label: Float32Array): StoredEpisode["steps"] =>
  steps.map((step, i) => (i === at ? { ...step, label } : step));
