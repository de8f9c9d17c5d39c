/** What the page shows of episodes without their steps. Kept by the size and time of each file: listing reads only what changed. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import type { Annotation, Store, StoredEpisode } from "../datasets/node.ts";
import { type EpisodeSummary, episodeSummary } from "../protocol/index.ts";

/** Without annotations: the file's own content. */
interface Recorded {
  readonly summary: EpisodeSummary;
  readonly labelled: ReadonlySet<number>;
}

export interface Summaries {
  /** The oldest first; deleted ones too, marked. Files that cannot be read are passed over: verification names them. */
  list(store: Store): Promise<EpisodeSummary[]>;
  /** Null where there is no such episode, or no record of it is whole. Throws InputError for a damaged one. */
  of(store: Store, id: string): Promise<EpisodeSummary | null>;
  /** How many steps it has; otherwise as `of`. */
  steps(store: Store, id: string): Promise<number | null>;
}

export function createSummaries(): Summaries {
  const held = new Map<string, { version: string; recorded: Recorded | null }>();

  const recordedOf = async (store: Store, id: string): Promise<Recorded | null> => {
    const file = join(store.path, "episodes", `${id}.mcap`);
    const found = await stat(file, { bigint: true }).catch(() => null);
    if (!found) return null;
    const version = `${found.size} ${found.mtimeNs} ${found.ino}`;
    const before = held.get(file);
    if (before?.version === version) return before.recorded;
    const stored = await store.readRecording(id);
    const recorded = stored && recordedIn(store, stored);
    held.set(file, { version, recorded });
    return recorded;
  };

  return {
    async list(store) {
      const annotations = byEpisode(store.annotations());
      const found: EpisodeSummary[] = [];
      for (const id of store.episodeIds({ deleted: true })) {
        const recorded = await recordedOf(store, id).catch((error: unknown) => {
          if (error instanceof InputError) return null;
          throw error;
        });
        if (recorded) found.push(annotated(recorded, annotations.get(id) ?? []));
      }
      return found.sort((a, b) => a.started - b.started || (a.id < b.id ? -1 : 1));
    },
    async of(store, id) {
      const recorded = await recordedOf(store, id);
      return recorded && annotated(recorded, byEpisode(store.annotations()).get(id) ?? []);
    },
    steps: async (store, id) => (await recordedOf(store, id))?.summary.steps ?? null,
  };
}

function byEpisode(annotations: readonly Annotation[]): Map<string, Annotation[]> {
  const found = new Map<string, Annotation[]>();
  for (const annotation of annotations) {
    const before = found.get(annotation.episode);
    if (before) before.push(annotation);
    else found.set(annotation.episode, [annotation]);
  }
  return found;
}

function recordedIn({ spec }: Store, stored: StoredEpisode): Recorded {
  const labelled = new Set(stored.steps.flatMap(({ label }, step) => (label ? [step] : [])));
  return { summary: episodeSummary(stored, { controlRate: spec.controlRate, deleted: false }), labelled };
}

function annotated({ summary, labelled }: Recorded, annotations: readonly Annotation[]): EpisodeSummary {
  let { success, deleted } = summary;
  const labels = new Set(labelled);
  for (const annotation of annotations) {
    if (annotation.kind === "success") success = annotation.success;
    else if (annotation.kind === "deletion") deleted = annotation.deleted;
    else labels.add(annotation.step);
  }
  return { ...summary, success, deleted, labels: labels.size };
}
