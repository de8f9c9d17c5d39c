/**
 * The run directory: `recipe.json`, `metrics.jsonl`, TensorBoard's event files, `checkpoints/update-00001234.safetensors`,
 * and whatever else is written into it as a whole (`policy.onnx`, `report.html`).
 *
 * One process writes a run, any number read it. Opening changes nothing on disk; what a killed process left behind (half a
 * line of metrics, unfinished files) is ignored by readers and removed before the first thing that is written.
 */
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { InputError } from "../base/index.ts";
import { removeUnfinished, UNFINISHED, writeFileAtomic } from "./atomic.ts";
import { type Checkpoint, checkUpdate, decodeCheckpoint, encodeCheckpoint } from "./checkpoint.ts";
import { eventFile } from "./event-file.ts";
import { type Json, jsonText, oneLine } from "./json.ts";
import type { MetricsRecord } from "./metrics.ts";
import { metricsFile, readMetrics } from "./metrics-file.ts";

export { readMetrics };

const RECIPE_FILE = "recipe.json";
const CHECKPOINTS = "checkpoints";

export interface RunOptions {
  /** How many of the newest numbered checkpoints stay; 3 when left out, Infinity keeps all. */
  readonly keep?: number;
}

export interface Run {
  readonly path: string;
  /** The content of recipe.json. */
  readonly recipe: Json;
  /**
   * Adds a line to metrics.jsonl and an event to TensorBoard's file, before it returns. From then on the record outlives
   * the process; it outlives the machine from the next checkpoint or `close` on, when the files are flushed.
   */
  appendMetrics(record: MetricsRecord): void;
  /** The metrics recorded so far. */
  readMetrics(): Promise<MetricsRecord[]>;
  /**
   * Writes a checkpoint as one file, all or nothing. Numbered by its update, it takes its turn in being
   * removed when `keep` newer ones are there; under a `name` (lower-case letters, digits, hyphens) it stays until that
   * name is saved again, and is not what `latestCheckpoint` finds.
   */
  saveCheckpoint(checkpoint: Checkpoint, options?: { readonly name?: string }): Promise<void>;
  /**
   * The newest numbered checkpoint, null where there is none. One that is damaged (which needs more than a kill) is
   * reported to `onDamaged` and the one before it is taken; where all are damaged the first InputError is thrown.
   */
  latestCheckpoint(options?: { readonly onDamaged?: (error: InputError) => void }): Promise<Checkpoint | null>;
  /** A named checkpoint. Throws InputError where it is absent or damaged. */
  readCheckpoint(name: string): Promise<Checkpoint>;
  /**
   * Forgets what was recorded after `update` (metrics and numbered checkpoints), so that training which continues from there
   * records it again, once.
   */
  rewind(update: number): Promise<void>;
  /** Writes another file of the run, all or nothing. */
  writeFile(name: string, content: Uint8Array | string): Promise<void>;
  /** Flushes the metrics and closes their files; the next record opens them again. */
  close(): void;
}

/**
 * Makes a run in a new or empty folder and writes its recipe. Throws InputError for a folder that holds anything, a run
 * included, and for a path that cannot be a folder.
 */
export async function createRun(path: string, recipe: object, options: RunOptions = {}): Promise<Run> {
  const text = jsonText(recipe, "recipe", 2);
  let names: string[];
  try {
    await mkdir(path, { recursive: true });
    names = await readdir(path);
  } catch (error) {
    throw new InputError(`${path}: cannot be used as the folder of a run: ${oneLine(error)}`);
  }
  if (names.includes(RECIPE_FILE)) {
    throw new InputError(`${path}: already holds a run, expected a new or empty folder, or that the run be resumed`);
  }
  // A run that was killed before it had its recipe counts as none.
  const foreign = names.find((name) => !name.startsWith(UNFINISHED));
  if (foreign !== undefined) {
    throw new InputError(`${path}: holds ${JSON.stringify(foreign)} and is not a run, expected a new or empty folder`);
  }
  await writeFileAtomic(join(path, RECIPE_FILE), `${text}\n`);
  return runAt(path, JSON.parse(text), options);
}

/** Opens a run for reading and writing. Throws InputError where there is none or its recipe cannot be read. */
export async function openRun(path: string, options: RunOptions = {}): Promise<Run> {
  const recipePath = join(path, RECIPE_FILE);
  let text: string;
  try {
    text = await readFile(recipePath, "utf8");
  } catch (error) {
    const absent = ["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "");
    if (absent) throw new InputError(`${path}: not a run, expected a folder with ${RECIPE_FILE}`);
    throw new InputError(`${recipePath}: cannot be read: ${oneLine(error)}`);
  }
  let recipe: Json;
  try {
    recipe = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${recipePath}: not valid JSON: ${oneLine(error)}`);
  }
  if (typeof recipe !== "object" || recipe === null || Array.isArray(recipe)) {
    throw new InputError(`${recipePath}: not a JSON object, expected a recipe`);
  }
  return runAt(path, recipe, options);
}

function runAt(path: string, recipe: Json, { keep = 3 }: RunOptions): Run {
  if (!(keep >= 1)) throw new RangeError(`keep: found ${keep}, expected at least 1`);
  const folder = join(path, CHECKPOINTS);
  const metrics = metricsFile(path);
  const events = eventFile(path);
  let tidy = false;

  return {
    path,
    recipe,
    appendMetrics(record) {
      metrics.append(record);
      events.append(record);
    },
    readMetrics: () => readMetrics(path),
    async saveCheckpoint(checkpoint, { name } = {}) {
      const file = join(folder, name === undefined ? numberedFile(checkpoint.update) : namedFile(name));
      const bytes = encodeCheckpoint(checkpoint);
      metrics.flush();
      if (!tidy) {
        await mkdir(folder, { recursive: true });
        await removeUnfinished(folder);
        tidy = true;
      }
      await writeFileAtomic(file, bytes);
      const old = (await listNumbered(folder)).slice(keep);
      for (const update of old) await rm(join(folder, numberedFile(update)), { force: true });
    },
    async latestCheckpoint({ onDamaged } = {}) {
      const damaged: InputError[] = [];
      for (const update of await listNumbered(folder)) {
        try {
          return await readNumbered(folder, update);
        } catch (error) {
          if (!(error instanceof InputError)) throw error;
          damaged.push(error);
          onDamaged?.(error);
        }
      }
      if (damaged.length > 0) throw damaged[0];
      return null;
    },
    readCheckpoint: (name) => readCheckpointFile(join(folder, namedFile(name))),
    async rewind(update) {
      checkUpdate(update);
      const newer = (await listNumbered(folder)).filter((each) => each > update);
      for (const each of newer) await rm(join(folder, numberedFile(each)), { force: true });
      await metrics.rewind(update);
      events.restart(update + 1);
    },
    writeFile: (name, content) => writeFileAtomic(join(path, name), content),
    close() {
      metrics.close();
      events.close();
    },
  };
}

const numberedFile = (update: number): string => `update-${String(update).padStart(8, "0")}.safetensors`;

function namedFile(name: string): string {
  if (!/^[a-z0-9][a-z0-9-]*$/.test(name) || /^update-\d+$/.test(name)) {
    throw new RangeError(`checkpoint name: found "${name}", expected lower-case letters, digits and hyphens`);
  }
  return `${name}.safetensors`;
}

/** The updates of the numbered checkpoints, newest first. */
async function listNumbered(folder: string): Promise<number[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  return names
    .map((name) => Number(/^update-(\d{8,})\.safetensors$/.exec(name)?.[1] ?? Number.NaN))
    .filter((update) => Number.isSafeInteger(update))
    .sort((a, b) => b - a);
}

async function readNumbered(folder: string, update: number): Promise<Checkpoint> {
  const file = join(folder, numberedFile(update));
  const checkpoint = await readCheckpointFile(file);
  if (checkpoint.update !== update) {
    throw new InputError(`${file}: holds the checkpoint of update ${checkpoint.update}, expected ${update}`);
  }
  return checkpoint;
}

async function readCheckpointFile(file: string): Promise<Checkpoint> {
  const bytes = await readFile(file).catch((error: unknown) => {
    throw new InputError(`${file}: the checkpoint cannot be read: ${oneLine(error)}`);
  });
  return decodeCheckpoint(bytes, file);
}
