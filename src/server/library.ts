/** The datasets of the data folder, one per task: opened when they are first needed, made when the first episode comes. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import { type Annotation, type NewAnnotation, openOrCreateStore, type Store } from "../datasets/node.ts";
import { type ClientMessage, type EpisodeDetail, type EpisodeSummary, episodeDetail } from "../protocol/index.ts";
import type { EnvironmentSpec } from "../world/index.ts";
import { datasetFolder } from "./jobs/policies.ts";
import { createSummaries } from "./summaries.ts";
import { studioTask } from "./tasks.ts";

/** An annotation as a page sends it. */
type Said = Extract<ClientMessage, { kind: "annotate" }>["annotations"][number];

export interface Library {
  /** The store of a task, made where there is none. Throws InputError for another task's, or an unknown one. */
  store(task: string): Promise<Store>;
  /** Null where nothing has been recorded yet. Throws as `store` does. */
  existing(task: string): Promise<Store | null>;
  /** How many there are that are not deleted. */
  count(task: string): Promise<number>;
  list(task: string): Promise<EpisodeSummary[]>;
  /** Null where there is none. Throws InputError for a damaged one. */
  detail(task: string, id: string): Promise<EpisodeDetail | null>;
  /**
   * Adds what is not said already; whether anything was. Throws InputError for an episode that is not there and for a label
   * that does not fit its step, before anything is added, and where the disk refuses.
   */
  annotate(task: string, annotations: readonly Said[], by: string | null): Promise<boolean>;
}

export function openLibrary(data: string): Library {
  const summaries = createSummaries();
  const opened = new Map<string, Promise<Store>>();

  const open = (task: string): Promise<Store> => {
    const spec = specOf(task);
    const path = datasetFolder(data, task);
    const found = opened.get(task);
    if (found) return found;
    const opening = openOrCreateStore(path, { spec, provenance: { source: "apprentice studio", notes: [] } }).then(
      (store) => {
        checkSpec(store, spec);
        return store;
      },
    );
    opened.set(task, opening);
    // A full disk, say: it may be another time.
    opening.catch(() => opened.delete(task));
    return opening;
  };

  const library: Library = {
    store: open,
    async existing(task) {
      if (opened.has(task)) return open(task);
      const path = datasetFolder(data, specOf(task).name);
      return existsSync(join(path, "dataset.json")) ? open(task) : null;
    },
    async count(task) {
      return (await library.existing(task))?.episodeIds().length ?? 0;
    },
    async list(task) {
      const store = await library.existing(task);
      return store ? summaries.list(store) : [];
    },
    async detail(task, id) {
      const store = await library.existing(task);
      const summary = store && (await summaries.of(store, id));
      return store && summary && episodeDetail(summary, await store.readEpisode(id));
    },
    async annotate(task, annotations, by) {
      const store = await library.existing(task);
      for (const said of annotations) {
        const steps = store && (await summaries.steps(store, said.episode));
        if (store && steps !== null) checkLabel(said, steps, store.spec);
        else throw new InputError(`annotate: there is no episode ${JSON.stringify(said.episode)} of ${task} here`);
      }
      if (!store) return false;
      const fresh = unsaid(annotations, store.annotations());
      store.annotate(...fresh.map((said): NewAnnotation => ({ ...said, by })));
      return fresh.length > 0;
    },
  };
  return library;
}

function specOf(task: string): EnvironmentSpec {
  const found = studioTask(task);
  if (!found) throw new InputError(`task: found ${JSON.stringify(task)}, expected one that the studio shows`);
  return found.makeEnvironment().spec;
}

/** A store that was made by another version may be another task's by now. */
function checkSpec({ path, spec }: Store, expected: EnvironmentSpec): void {
  for (const field of ["name", "observation", "action", "controlRate"] as const) {
    const [found, wanted] = [spec, expected].map((one) => JSON.stringify(one[field]));
    if (found !== wanted) {
      throw new InputError(
        `${path}: ${field}: found ${found}, expected ${wanted} as the task has it; move it elsewhere`,
      );
    }
  }
}

function checkLabel(said: Said, steps: number, spec: EnvironmentSpec): void {
  if (said.kind !== "label") return;
  const where = `annotate: episode ${said.episode}`;
  if (said.step >= steps) throw new InputError(`${where}: step: found ${said.step}, expected one below ${steps}`);
  const { names } = spec.action;
  if (said.label.length === names.length && said.label.every((value) => Number.isFinite(Math.fround(value)))) return;
  throw new InputError(
    `${where}: label: found [${said.label}], expected ${names.length} numbers (${names.join(", ")})`,
  );
}

/** What is not the last word already: a page that was cut off says it again. */
function unsaid(annotations: readonly Said[], before: readonly Annotation[]): Said[] {
  const last = new Map(before.map((annotation) => [subject(annotation), word(annotation)]));
  return annotations.filter((said) => {
    if (last.get(subject(said)) === word(said)) return false;
    last.set(subject(said), word(said));
    return true;
  });
}

type Word = Said | Annotation;
const subject = (said: Word): string => `${said.kind} ${said.episode} ${said.kind === "label" ? said.step : ""}`;
const word = (said: Word): string =>
  JSON.stringify(said.kind === "success" ? said.success : said.kind === "deletion" ? said.deleted : said.label);
