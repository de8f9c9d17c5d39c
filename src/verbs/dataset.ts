/** Datasets as a whole: what is in one, what is wrong with it, and making one of another. */
import { existsSync } from "node:fs";
import { InputError } from "../base/index.ts";
import {
  type Check,
  type Column,
  type Dataset,
  lengthOf,
  rowsOf,
  type Verification,
  verifyRecorded,
} from "../datasets/index.ts";
import {
  datasetDigest,
  importToStore,
  mergeStores,
  readDataset,
  readRecorded,
  splitStore,
  writeLeRobot,
  writeRobomimic,
} from "../datasets/node.ts";

/** A column over all steps. */
export interface ColumnInfo {
  readonly name: string;
  readonly unit: string;
  readonly min: number;
  readonly max: number;
  readonly mean: number;
  /** With n - 1. */
  readonly std: number;
}

export interface DatasetInfo {
  readonly path: string;
  readonly format: string;
  readonly task: string;
  readonly episodes: number;
  readonly steps: number;
  /** Of the episodes, in steps. */
  readonly lengths: { readonly min: number; readonly median: number; readonly max: number };
  /** Hz. */
  readonly controlRate: number;
  /** Of all episodes together, at the control rate. */
  readonly seconds: number;
  readonly observation: readonly ColumnInfo[];
  readonly action: readonly ColumnInfo[];
  readonly actors: readonly string[];
  readonly source: string;
  readonly notes: readonly string[];
  /** `datasetDigest`: what a run records. */
  readonly digest: string;
}

/** What is in the dataset at `path`. Throws InputError where there is none that can be read. */
export async function datasetInfo({ path }: { path: string }): Promise<DatasetInfo> {
  return describeDataset(path, await readDataset(path));
}

function describeDataset(path: string, dataset: Dataset): DatasetInfo {
  const { task, observation, action, episodeEnds, controlRate, provenance } = dataset;
  const lengths = Array.from(episodeEnds, (_, episode) => rowsOf(episodeEnds, [episode]).length).sort((a, b) => a - b);
  const middle = (lengths[(lengths.length - 1) >> 1] + lengths[lengths.length >> 1]) / 2;
  const steps = lengthOf(dataset);
  return {
    ...{ path, format: provenance.format, task, episodes: lengths.length, steps, controlRate },
    lengths: { min: lengths[0], median: middle, max: lengths[lengths.length - 1] },
    seconds: steps / controlRate,
    observation: describeColumns(observation, steps),
    action: describeColumns(action, steps),
    ...{ actors: provenance.actors, source: provenance.source, notes: provenance.notes },
    digest: datasetDigest(dataset),
  };
}

function describeColumns({ names, units, values }: Column, steps: number): ColumnInfo[] {
  return names.map((name, column) => {
    let [sum, min, max] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    for (let i = column; i < values.length; i += names.length) {
      sum += values[i];
      if (values[i] < min) min = values[i];
      if (values[i] > max) max = values[i];
    }
    const mean = sum / steps;
    let squares = 0;
    for (let i = column; i < values.length; i += names.length) squares += (values[i] - mean) ** 2;
    return { name, unit: units[column], min, max, mean, std: Math.sqrt(squares / Math.max(1, steps - 1)) };
  });
}

export interface VerifyRequest {
  readonly path: string;
  /** Actions compared from each step on when contradictions are sought; 1, the single action, where left out. */
  readonly chunk?: number;
  /** Chooses the steps around which contradictions are sought; 0 where left out. */
  readonly seed?: number;
  /** Only these checks; all where left out. */
  readonly only?: readonly Check[];
}

/**
 * What is wrong with the dataset at `path`: findings with file, episode, step and value, and an estimate of how many modes
 * its actions have (docs/dataset-verify.md). Throws InputError where there is nothing to verify.
 */
export async function verifyDataset({ path, ...options }: VerifyRequest): Promise<Verification> {
  return verifyRecorded(await readRecorded(path), options);
}

/** What a new dataset holds. */
export interface Made {
  readonly out: string;
  readonly format: string;
  readonly episodes: number;
  readonly steps: number;
  readonly digest: string;
}

export interface ImportRequest {
  readonly path: string;
  /** A new or empty folder. */
  readonly out: string;
  readonly onProgress?: (recorded: number, of: number) => void;
}

/** Any dataset of another format as a store of ours. Throws InputError. */
export async function importDataset({ path, out, onProgress }: ImportRequest): Promise<Made> {
  const dataset = await readDataset(path);
  if (dataset.provenance.format === STORE) {
    throw new InputError(`dataset ${path}: is a store already, expected another format (merge copies stores)`);
  }
  // Read again as recorded for what columns do not hold: time stamps and bounds.
  const { time, actionBounds } = await readRecorded(path);
  await importToStore({ ...dataset, time, actionBounds }, out, onProgress);
  return made(out);
}

const STORE = "apprentice store";

export const EXPORT_FORMATS = ["robomimic", "lerobot"] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportRequest {
  readonly path: string;
  /** A path that does not exist yet: a file (robomimic) or a folder (LeRobot). */
  readonly out: string;
  readonly format: ExportFormat;
}

const WRITERS: Readonly<Record<ExportFormat, (dataset: Dataset, out: string) => Promise<void>>> = {
  robomimic: writeRobomimic,
  lerobot: (dataset, out) => writeLeRobot(dataset, out),
};

/** Any dataset that can be read in a format of the Python world; what is written is read again. Throws InputError. */
export async function exportDataset({ path, out, format }: ExportRequest): Promise<Made> {
  if (format === "robomimic" && !/\.(hdf5|h5)$/i.test(out)) {
    throw new InputError(`${out}: expected a file ending in .hdf5 or .h5 for robomimic`);
  }
  await WRITERS[format](await readDataset(path), out);
  return made(out);
}

/** All episodes of several stores of ours as a new one. Throws InputError where tasks or spaces differ. */
export async function mergeDatasets({ paths, out }: { paths: readonly string[]; out: string }): Promise<Made> {
  const store = await mergeStores(paths, out);
  return made(store.path);
}

export interface SplitRequest {
  readonly path: string;
  readonly train: string;
  readonly validation: string;
  /** Share of the episodes that are held out, between 0 and 1. */
  readonly validationFraction: number;
  readonly seed: number;
}

/** A store of ours as two new ones, whole episodes each. Throws InputError for fewer than two episodes. */
export async function splitDatasetOnDisk(request: SplitRequest): Promise<{ train: Made; validation: Made }> {
  const { train, validation } = request;
  for (const out of [train, validation]) {
    if (existsSync(out)) throw new InputError(`${out}: is already there, expected a new folder for a dataset`);
  }
  const { path, ...options } = request;
  await splitStore(path, options);
  return { train: await made(train), validation: await made(validation) };
}

async function made(out: string): Promise<Made> {
  const dataset = await readDataset(out);
  const { episodeEnds, provenance } = dataset;
  const digest = datasetDigest(dataset);
  return { out, format: provenance.format, episodes: episodeEnds.length, steps: lengthOf(dataset), digest };
}
