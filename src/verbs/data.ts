/** What a run learns from: the datasets of its recipe as one, and which episodes are held out. */
import { resolve } from "node:path";
import { expertRows } from "../algorithms/index.ts";
import { InputError } from "../base/index.ts";
import {
  combineDatasets,
  type Dataset,
  lengthOf,
  rowsOf,
  type Split,
  selectObservation,
  splitByRows,
  splitDataset,
  windowsOf,
} from "../datasets/index.ts";
import { datasetDigest, readDataset } from "../datasets/node.ts";
import type { CloningRecipe } from "../recipes/index.ts";
import type { Horizons } from "../world/index.ts";

/** A dataset that is learned from, and how often it is drawn from beside the others. */
export interface DataChoice {
  readonly path: string;
  readonly weight: number;
  /** What it has to be; null or left out: whatever is there. */
  readonly digest?: string | null;
}

export interface ReadData {
  /** All of them as one, with every observation column. */
  readonly dataset: Dataset;
  readonly datasets: CloningRecipe["datasets"];
}

/** Reads the datasets, each with its digest. Throws an InputError where one is not what the digest says, or of another task. */
export async function readData(choices: readonly DataChoice[]): Promise<ReadData> {
  if (choices.length === 0) throw new InputError("found no dataset to learn from, expected at least one");
  const parts: { dataset: Dataset; weight: number }[] = [];
  const datasets: CloningRecipe["datasets"][number][] = [];
  for (const { path, weight, digest } of choices) {
    const dataset = await readDataset(path);
    const found = datasetDigest(dataset);
    if (digest && digest !== found) {
      throw new InputError(
        `dataset ${path}: its content has the digest ${found.slice(0, 12)}…, expected ${digest.slice(0, 12)}… as in the recipe`,
      );
    }
    parts.push({ dataset, weight });
    datasets.push({ path: resolve(path), weight, digest: found });
  }
  const [first, ...others] = datasets;
  return { dataset: combineDatasets(parts), datasets: [first, ...others] };
}

/** The data of a recipe, with the observation columns that it chose. Throws an InputError as `readData`, and for another task. */
export async function readRecipeData(recipe: CloningRecipe): Promise<ReadData> {
  const { dataset, datasets } = await readData(recipe.datasets);
  if (dataset.task !== recipe.task) {
    throw new InputError(
      `dataset ${datasets[0].path}: found task "${dataset.task}", expected "${recipe.task}" as in the recipe`,
    );
  }
  return { dataset: selectObservation(dataset, recipe.observation), datasets };
}

/**
 * The split of a recipe: where a policy drove some of the steps, held out is a share of what an expert did or said. Throws an
 * InputError where a part has no episode as long as a chunk, or nothing of an expert.
 */
export function splitOf({ validationFraction, splitSeed, horizons }: CloningRecipe, dataset: Dataset): Split {
  const where = `dataset ${dataset.provenance.source}`;
  const steps = lengthOf(dataset);
  if (steps < 2) throw new InputError(`${where}: found ${steps} steps, expected enough to train and to hold out`);
  const options = { validationFraction, seed: splitSeed };
  const isExpert = expertRows(dataset);
  if (isExpert) return splitByExpert(dataset, isExpert, { ...options, horizons, where });
  const split = splitDataset(dataset, options);
  const { predictionHorizon } = horizons;
  const parts = { "learn from": split.train, "hold out": split.validation };
  for (const [purpose, episodes] of Object.entries(parts)) {
    const longest = Math.max(...Array.from(episodes, (episode) => rowsOf(split.episodeEnds, [episode]).length));
    if (longest >= predictionHorizon) continue;
    throw new InputError(
      `${where}: the longest episode to ${purpose} has ${longest} steps, expected ${predictionHorizon} or more`,
    );
  }
  return split;
}

interface ExpertSplit {
  readonly validationFraction: number;
  readonly seed: number;
  readonly horizons: Horizons;
  readonly where: string;
}

function splitByExpert(
  { episodeEnds }: Dataset,
  isExpert: Uint8Array,
  { horizons, where, ...options }: ExpertSplit,
): Split {
  /** The rows at which a chunk of an expert's is planned, in some of the episodes. */
  const planned = (ends: Int32Array, episodes?: ArrayLike<number>): Int32Array => {
    const { count, observation } = windowsOf(ends, horizons, episodes);
    const { observationHorizon: To } = horizons;
    const rows = Int32Array.from({ length: count }, (_, window) => observation[(window + 1) * To - 1]);
    return rows.filter((row) => isExpert[row] === 1);
  };
  const rows = planned(episodeEnds);
  if (rows.length < 2) {
    throw new InputError(
      `${where}: found ${rows.length} steps to imitate that an expert drove or labelled, expected enough to train and to hold out`,
    );
  }
  const split = splitByRows(episodeEnds, rows, options);
  for (const [purpose, episodes] of Object.entries({ "learn from": split.train, "hold out": split.validation })) {
    if (planned(split.episodeEnds, episodes).length > 0) continue;
    throw new InputError(
      `${where}: found no step to ${purpose} that an expert drove or labelled, expected at least one`,
    );
  }
  return split;
}
