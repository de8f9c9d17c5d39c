/** Stores from stores: several merged into one, one split in two. Files are copied whole; sources stay as they are. */
import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { InputError, unusable } from "../../base/index.ts";
import { splitByEpisode } from "../split.ts";
import { createFilledStore, EPISODES, openStore, type Store } from "./store.ts";

/**
 * All episodes of the stores at `paths` that are not deleted, in their order, with their annotations, numbered anew, as
 * a new store at `out`. Throws InputError where tasks or spaces differ.
 */
export async function mergeStores(paths: readonly string[], out: string): Promise<Store> {
  if (paths.length === 0) throw new InputError(`${out}: found no datasets to merge, expected at least one`);
  const stores: Store[] = [];
  for (const path of paths) stores.push(await openStore(path));
  for (const store of stores) checkAlike(stores[0], store);
  const notes = [...new Set(stores.flatMap(({ provenance }) => provenance.notes))];
  const provenance = { source: `merged from ${paths.join(", ")}`, notes };
  const { spec, actionResolution } = stores[0];
  return createFilledStore(out, { spec, provenance, actionResolution }, async (merged) => {
    let count = 0;
    for (const store of stores) count = await copyEpisodes(store, store.episodeIds(), merged, count);
  });
}

/**
 * The store at `path` split by episode into two new ones: a random share of the episodes (at least one, at most all but
 * one) into `validation`, the others into `train`, numbered anew. Throws InputError for fewer than two episodes.
 */
export async function splitStore(
  path: string,
  options: { train: string; validation: string; validationFraction: number; seed: number },
): Promise<{ train: Store; validation: Store }> {
  const store = await openStore(path);
  const ids = store.episodeIds();
  if (ids.length < 2) throw new InputError(`${path}: found ${ids.length} episodes, expected at least 2 to split`);
  const split = splitByEpisode(
    Int32Array.from(ids, (_, i) => i + 1),
    options,
  );
  const part = async (name: "train" | "validation") => {
    const source = `${name} part of ${path} (seed ${options.seed}, fraction ${options.validationFraction})`;
    const provenance = { source, notes: store.provenance.notes };
    const { spec, actionResolution } = store;
    const chosen = Array.from(split[name], (i) => ids[i]);
    return createFilledStore(options[name], { spec, provenance, actionResolution }, (made) =>
      copyEpisodes(store, chosen, made, 0),
    );
  };
  return { train: await part("train"), validation: await part("validation") };
}

/** Returns the number after the last one given. */
async function copyEpisodes(from: Store, ids: readonly string[], to: Store, first: number): Promise<number> {
  const numbers = new Map(ids.map((id, i) => [id, String(first + i).padStart(6, "0")]));
  for (const [id, number] of numbers) {
    const file = join(to.path, EPISODES, `${number}.mcap`);
    await copyFile(join(from.path, EPISODES, `${id}.mcap`), file).catch((error) => {
      throw unusable(file, "copied", error);
    });
  }
  const annotations = from.annotations().flatMap((annotation) => {
    const episode = numbers.get(annotation.episode);
    return episode === undefined ? [] : [{ ...annotation, episode }];
  });
  to.annotate(...annotations);
  return first + ids.length;
}

function checkAlike(first: Store, other: Store): void {
  for (const field of ["name", "observation", "action", "controlRate", "actionResolution"] as const) {
    const valueIn = (store: Store) => (field === "actionResolution" ? store[field] : store.spec[field]);
    const [a, b] = [first, other].map((store) => JSON.stringify(valueIn(store)));
    if (a === b) continue;
    throw new InputError(`${other.path}: ${field}: found ${b ?? "none"}, expected ${a ?? "none"} as in ${first.path}`);
  }
}
