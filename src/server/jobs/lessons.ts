/** What a policy learns from: what was recorded in the studio, and where it belongs to it, the server's own demonstrations. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expertStepsIn } from "../../algorithms/index.ts";
import { InputError } from "../../base/index.ts";
import { episodeFrom, openStore, type Store, type StoredEpisode } from "../../datasets/node.ts";
import type { Controller, Episode } from "../../world/index.ts";
import type { Order } from "./messages.ts";
import { DEMONSTRATIONS, datasetFolder, listPolicies, policyFolder } from "./policies.ts";

export interface Lessons {
  readonly episodes: readonly Episode[];
  /** Ids of what was recorded. */
  readonly recorded: readonly string[];
  /** How many of the episodes are scripted. */
  readonly scripted: number;
  /** The stores that they are in, with the steps of each that an expert drove or labelled. */
  readonly sources: readonly Source[];
}

interface Source {
  readonly path: string;
  readonly expertSteps: number;
}

type TrainOrder = Extract<Order, { kind: "train" }>;

/**
 * The recorded episodes that an order names. Scripted demonstrations count as `scripted` of the order says; where it says
 * nothing, by DAgger's rule that corrections are learned together with what the corrected policy had learned from: where the
 * episodes correct a policy that learned from them, or hold no demonstration, and as long as they hold fewer demonstrations
 * than there are scripted ones. Throws an InputError where there is nothing to imitate, and for a damaged episode.
 */
export async function lessonsFor(data: string, order: TrainOrder): Promise<Lessons> {
  const { task } = order;
  const { stored, store } = await recordedEpisodes(data, order);
  const own = store ? stored.map((one) => episodeFrom(store.spec, one)) : [];
  const demonstrated = own.filter(({ controller }) => controller.every((who) => who === "expert")).length;
  const first = firstDemonstrations(data, task);
  const scripted = first === null ? [] : await demonstrationsIn(first);
  const descended = scripted.length > 0 && correctsScripted(data, task, stored);
  const usual = (descended || demonstrated === 0) && demonstrated < scripted.length;
  const added = (order.scripted ?? usual) ? scripted : [];
  const episodes = [...added, ...own];
  const sources = [sourceOf(first ?? "", added), sourceOf(datasetFolder(data, task), own)].filter(
    ({ expertSteps }) => expertSteps > 0,
  );
  if (sources.length === 0) {
    const found = episodes.length === 0 ? "no episode" : "no step that an expert drove or labelled";
    throw new InputError(`${task}: found ${found}, expected at least one demonstration or correction to learn from`);
  }
  return { episodes, recorded: stored.map(({ id }) => id), scripted: added.length, sources };
}

export const sourceOf = (path: string, episodes: readonly Episode[]): Source => ({
  path,
  expertSteps: expertStepsIn(episodes),
});

async function recordedEpisodes(
  data: string,
  { task, episodes: wanted, operators }: TrainOrder,
): Promise<{ store: Store | null; stored: StoredEpisode[] }> {
  const folder = datasetFolder(data, task);
  if (!existsSync(join(folder, "dataset.json"))) return { store: null, stored: [] };
  const store = await openStore(folder);
  const stored: StoredEpisode[] = [];
  const isWanted = ({ id, steps }: StoredEpisode) =>
    steps.length > 0 &&
    (!wanted || wanted.includes(id)) &&
    (!operators || steps.some(({ operator }) => operator !== null && operators.includes(operator)));
  for await (const one of store.episodes()) if (isWanted(one)) stored.push(one);
  return { store, stored };
}

/** The store of the scripted demonstrations of the task's first policy; null where it has no such policy. */
function firstDemonstrations(data: string, task: string): string | null {
  const first = listPolicies(data, task).find(({ origin }) => origin === "scripted");
  return first ? join(policyFolder(data, task, first.id), DEMONSTRATIONS) : null;
}

export async function demonstrationsIn(folder: string): Promise<Episode[]> {
  if (!existsSync(folder)) return [];
  const store = await openStore(folder);
  const episodes: Episode[] = [];
  for await (const one of store.episodes()) episodes.push(episodeFrom(store.spec, one));
  return episodes;
}

/** Whether an expert took part in what a policy drove that had learned from scripted demonstrations. */
function correctsScripted(data: string, task: string, stored: readonly StoredEpisode[]): boolean {
  const descended = new Set(listPolicies(data, task).flatMap(({ id, learned }) => (learned.scripted > 0 ? [id] : [])));
  const took = (steps: StoredEpisode["steps"], who: Controller) => steps.some(({ controller }) => controller === who);
  return stored.some(
    ({ steps }) =>
      steps.some(({ policyVersion }) => policyVersion !== null && descended.has(policyVersion)) &&
      took(steps, "policy") &&
      (took(steps, "expert") || steps.some(({ label }) => label !== null)),
  );
}
