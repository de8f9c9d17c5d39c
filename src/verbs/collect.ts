/** Demonstrations by scripted experts, as a dataset on disk. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { InputError, type Rate, wilson } from "../base/index.ts";
import { openOrCreateStore, type Store, type StoredEpisode, type StoreProvenance } from "../datasets/node.ts";
import { expertOf } from "../tasks/index.ts";
import { runJobs, siblingModule } from "../workers/index.ts";
import { type Box, type EnvironmentSpec, episodeSeeds } from "../world/index.ts";
import { checkThreads } from "./evaluate-task.ts";
import { type Demonstration, type ExpertSetup, type TaskReference, taskOf } from "./rollout-work.ts";

export interface CollectRequest {
  /** Name, path of a module, or (with one worker) the task itself. */
  readonly task: TaskReference;
  /** Of several, each episode has one, drawn by its seed. */
  readonly experts: readonly string[];
  /** How many episodes the dataset is to have. */
  readonly episodes: number;
  /** Default: 0. The episodes begin with the demonstration seeds of this seed (`episodeSeeds`). */
  readonly seed?: number;
  /** Folder of the dataset: new, empty, or begun by the same request. */
  readonly out: string;
  /** Threads; default 1, this one. The dataset is the same whatever it is. */
  readonly workers?: number;
  /** Keep successes only, and go on until there are `episodes` of them. Default: false. */
  readonly successfulOnly?: boolean;
  /** After each attempt: how many episodes the dataset has. */
  readonly onProgress?: (episodes: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface Collected {
  readonly out: string;
  readonly task: string;
  /** In the dataset, and of these the ones that this call recorded. */
  readonly episodes: number;
  readonly recorded: number;
  /** Steps of all its episodes. */
  readonly steps: number;
  /** Of all that was attempted, kept or not. */
  readonly success: Rate;
  /** Episodes in the dataset by expert. */
  readonly experts: Readonly<Record<string, number>>;
}

/** How a demonstration went. */
interface Demonstrated {
  readonly success: boolean;
  readonly steps: number;
  readonly expert: string;
}

/** Attempts beyond ten times the episodes wanted, after which successes are no longer waited for. */
const PATIENCE = 100;

/**
 * Records `episodes` demonstrations into the store at `out`, each as soon as it is over. Called again after it was stopped or
 * killed at any moment, or with more episodes, it goes on: what is whole stays, what is not is recorded anew; the columns are
 * those of a run that was never stopped. The store says that the demonstrations are scripted, by whom, and of which seed.
 * Throws InputError for an unknown task or expert and for a folder that holds something else; Error where too few
 * attempts succeed.
 */
export async function collectDemonstrations(request: CollectRequest): Promise<Collected> {
  const { experts, episodes, out, successfulOnly = false, workers = 1, seed = 0, onProgress, signal } = request;
  const task = await taskOf(request.task);
  if (experts.length === 0) throw new InputError(`task "${task.name}": found no expert, expected at least one`);
  if (new Set(experts).size < experts.length) throw new InputError(`experts: found one twice in ${experts.join(",")}`);
  for (const name of experts) expertOf(task, name);
  checkThreads(request.task, workers);
  episodeSeeds("demonstrations", seed, episodes);
  const { spec } = task.makeEnvironment();
  const store = await openOrCreate(out, spec, provenanceOf(experts, seed, successfulOnly));
  const recordedBefore = await wholeEpisodes(store, episodes);

  const setup: ExpertSetup = { task: request.task, experts };
  const attempts = new Map(recordedBefore);
  const isKept = ({ success }: Demonstrated) => success || !successfulOnly;
  const most = successfulOnly ? 10 * episodes + PATIENCE : episodes;
  // Each wave attempts as many as are missing, so what is attempted does not depend on who is first.
  let next = 0;
  for (;;) {
    const kept = [...attempts].filter(([index, one]) => index < next && isKept(one)).length;
    if (kept === episodes) break;
    const wave = Array.from({ length: episodes - kept }, (_, i) => next + i);
    if (next + wave.length > most) {
      throw new Error(`${out}: ${kept} of ${next} attempts succeeded, expected ${episodes} of at most ${most}`);
    }
    next += wave.length;
    const seeds = episodeSeeds("demonstrations", seed, next);
    const open = wave.filter((index) => !attempts.has(index));
    const keep = async (demonstration: Demonstration, job: number): Promise<Demonstrated> => {
      const { length, actor, info } = demonstration;
      const demonstrated = { success: info.success, steps: length, expert: actor };
      if (isKept(demonstrated)) await store.writeEpisode({ ...demonstration, spec }, { id: idOf(open[job]) });
      return demonstrated;
    };
    const demonstrated = await runJobs<number, Demonstrated>({
      module: siblingModule(import.meta.url, "rollout-work"),
      exportName: "demonstrate",
      setup,
      jobs: open.map((index) => seeds[index]),
      workers: Math.max(1, Math.min(workers, open.length)),
      finish: keep,
      nameOf: (seed) => `${task.name}, seed ${seed}`,
      // An upper bound while it is not known which of the attempts succeed.
      onProgress: (finished) => onProgress?.(episodes - open.length + finished, episodes),
      signal,
    });
    for (const [i, one] of demonstrated.entries()) attempts.set(open[i], one);
  }
  return summary(out, task.name, [...attempts.values()], recordedBefore.size, isKept);
}

function summary(
  out: string,
  task: string,
  attempts: readonly Demonstrated[],
  recordedBefore: number,
  isKept: (one: Demonstrated) => boolean,
): Collected {
  const kept = attempts.filter(isKept);
  const experts: Record<string, number> = {};
  for (const { expert } of kept) experts[expert] = (experts[expert] ?? 0) + 1;
  return {
    out,
    task,
    episodes: kept.length,
    recorded: kept.length - recordedBefore,
    steps: kept.reduce((sum, { steps }) => sum + steps, 0),
    success: wilson(attempts.filter(({ success }) => success).length, attempts.length),
    experts,
  };
}

const idOf = (index: number): string => String(index).padStart(6, "0");

function provenanceOf(experts: readonly string[], seed: number, successfulOnly: boolean): StoreProvenance {
  const several = experts.length > 1 ? ", one per episode, drawn by its seed" : "";
  return {
    source: "apprentice collect",
    notes: [
      `scripted expert${several && "s"}: ${experts.join(", ")}${several}`,
      `seed: ${seed}`,
      `kept: ${successfulOnly ? "successes only" : "all episodes"}`,
    ],
  };
}

/** The store at `out`, made if absent. Throws InputError where what is there is not the beginning of the same one. */
async function openOrCreate(out: string, spec: EnvironmentSpec, provenance: StoreProvenance): Promise<Store> {
  const store = await openOrCreateStore(out, { spec, provenance });
  const refuse = (what: string, found: string, expected: string): never => {
    throw new InputError(`${out}: holds another dataset: ${what} is ${found}, expected ${expected}`);
  };
  if (store.spec.name !== spec.name) refuse("task", `"${store.spec.name}"`, `"${spec.name}"`);
  if (textOf(store.spec) !== textOf(spec)) {
    refuse("the task's spaces or clock", "another", `that of "${spec.name}" as it is now`);
  }
  if (store.provenance.source !== provenance.source) {
    refuse("source", `"${store.provenance.source}"`, `"${provenance.source}"`);
  }
  const other = provenance.notes.findIndex((note, i) => note !== store.provenance.notes[i]);
  if (other >= 0) refuse("its origin", `"${store.provenance.notes[other]}"`, `"${provenance.notes[other]}"`);
  return store;
}

/** All that a spec says, in one order. */
function textOf({ name, observation, action, controlRate, maxSteps, modes }: EnvironmentSpec): string {
  const plain = ({ names, units, low, high }: Box) => [names, units, low, high];
  const boxes = Object.entries(observation).map(([array, box]) => [array, plain(box)]);
  return JSON.stringify([name, boxes, plain(action), controlRate, maxSteps, modes ?? []]);
}

/** By index, what is whole in the store. What is not is removed: it is going to be recorded anew, the same to the bit. */
async function wholeEpisodes(store: Store, episodes: number): Promise<Map<number, Demonstrated>> {
  const whole = new Map<number, Demonstrated>();
  const take = ({ id, endInfo, steps, actors }: StoredEpisode) => {
    if (!/^\d{6,}$/.test(id)) throw new InputError(`${store.path}: holds episode "${id}", which was not collected`);
    if (endInfo) whole.set(Number(id), { success: endInfo.success, steps: steps.length, expert: actors.join(", ") });
  };
  for await (const episode of store.episodes()) take(episode);
  const present = new Set(store.episodeIds());
  const deleted = store.episodeIds({ deleted: true }).filter((id) => !present.has(id));
  for (const id of deleted) take(await store.readEpisode(id));
  for (const id of present) if (!whole.has(Number(id))) rmSync(join(store.path, "episodes", `${id}.mcap`));
  if (whole.size <= episodes) return whole;
  throw new InputError(`${store.path}: holds ${whole.size} episodes already, expected at most ${episodes}`);
}
