/** tasks, the door to people's own: a task by name or from a module of theirs, TypeScript or JavaScript. Node only. */
import { stat } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { isMainThread } from "node:worker_threads";
import { InputError } from "../base/index.ts";
import type { Box, Environment } from "../world/index.ts";
import { findTask } from "./registry.ts";
import type { Task } from "./task.ts";

const TYPESCRIPT = [".ts", ".mts"];
const JAVASCRIPT = [".js", ".mjs"];

/** Whether a task is meant by the path of its module rather than by its name. */
export function isModulePath(reference: string): boolean {
  return /[/\\]/.test(reference) || [...TYPESCRIPT, ...JAVASCRIPT].includes(extname(reference));
}

/**
 * The task that `reference` means: one of the house by its name, or the default export of a module by its path (.ts, .mts,
 * .js, .mjs, relative to the working folder). Throws InputError for an unknown name, a module that cannot be loaded, and a
 * default export that is no task, which is found out by making an environment once.
 */
export async function loadTask(reference: string): Promise<Task> {
  if (!isModulePath(reference)) return findTask(reference);
  const path = resolve(reference);
  const kind = await stat(path).catch(() => null);
  if (!kind?.isFile()) throw new InputError(`task ${reference}: not found, expected a module whose default is a task`);
  const extension = extname(path);
  if (![...TYPESCRIPT, ...JAVASCRIPT].includes(extension)) {
    throw new InputError(`task ${reference}: found "${extension}", expected .ts, .mts, .js or .mjs`);
  }
  const url = pathToFileURL(path).href;
  let loaded: { default?: unknown };
  try {
    if (TYPESCRIPT.includes(extension)) await readTypeScript();
    loaded = await import(/* @vite-ignore */ url);
  } catch (error) {
    throw new InputError(`task ${reference}: cannot be loaded: ${firstLine(error)}`);
  }
  return checkTask(defaultOf(loaded), reference);
}

let reading: Promise<void> | null = null;

/**
 * Has this thread read TypeScript from now on, where it does not already: as a new Node does, and tsx, under which our own
 * source runs. (tsImport would load all that the module imports a second time, `apprentice` and its libraries included.)
 */
function readTypeScript(): Promise<void> {
  reading ??= startReading();
  return reading;
}

async function startReading(): Promise<void> {
  const isSource = new URL(import.meta.url).pathname.endsWith(".ts");
  // What tsx does to the process, it does to its first thread only.
  const underTsx = isMainThread && process.execArgv.some((argument) => /\btsx\b/.test(argument));
  if (isSource || underTsx || ("typescript" in process.features && process.features.typescript)) return;
  // Without `"type": "module"` beside it, a module is required in the end. Loaded here: few tasks need it, all threads start.
  for (const { register } of await Promise.all([import("tsx/cjs/api"), import("tsx/esm/api")])) register();
}

/** Where the folder's package.json does not say `"type": "module"`, the default export comes wrapped in another. */
function defaultOf(loaded: { default?: unknown }): unknown {
  const found = loaded.default;
  const wrapped = typeof found === "object" && found !== null && "default" in found && !("makeEnvironment" in found);
  return wrapped ? found.default : found;
}

function checkTask(found: unknown, reference: string): Task {
  const refuse = (what: string): never => {
    throw new InputError(`task ${reference}: ${what}`);
  };
  if (typeof found !== "object" || found === null) {
    return refuse(`found ${found === undefined ? "no default export" : show(found)}, expected a task as the default`);
  }
  const { name, description, makeEnvironment, experts } = found as { [field in keyof Task]?: unknown };
  if (typeof name !== "string" || !/^[a-z0-9][a-z0-9-]*$/.test(name)) {
    refuse(`name: found ${show(name)}, expected lower-case letters, digits and "-"`);
  }
  if (typeof description !== "string") refuse(`description: found ${show(description)}, expected a line of text`);
  if (typeof makeEnvironment !== "function") {
    refuse(`makeEnvironment: found ${show(makeEnvironment)}, expected a function`);
  }
  if (typeof experts !== "object" || experts === null || Array.isArray(experts)) {
    refuse(`experts: found ${show(experts)}, expected a record of functions`);
  }
  for (const [expert, make] of Object.entries(experts as object)) {
    if (typeof make !== "function") refuse(`experts.${expert}: found ${show(make)}, expected a function`);
  }
  const task = found as Task;
  let environment: Partial<Environment> | null;
  try {
    environment = task.makeEnvironment();
  } catch (error) {
    return refuse(`makeEnvironment throws: ${firstLine(error)}`);
  }
  const problem = findInEnvironment(environment, task.name);
  return problem === null ? task : refuse(`makeEnvironment(): ${problem}`);
}

/** What is wrong with an environment of the task `name`, in words; null where nothing is. */
function findInEnvironment(environment: Partial<Environment> | null, name: string): string | null {
  if (typeof environment !== "object" || environment === null) return `found ${show(environment)}, expected an object`;
  for (const method of ["reset", "step"] as const) {
    if (typeof environment[method] !== "function")
      return `${method}: found ${show(environment[method])}, expected a function`;
  }
  const { spec } = environment;
  if (typeof spec !== "object" || spec === null) return `spec: found ${show(spec)}, expected an object`;
  if (spec.name !== name) return `spec.name: found ${show(spec.name)}, expected the task's, "${name}"`;
  if (!(spec.controlRate > 0 && Number.isFinite(spec.controlRate))) {
    return `spec.controlRate: found ${show(spec.controlRate)}, expected steps per second`;
  }
  if (!(Number.isInteger(spec.maxSteps) && spec.maxSteps > 0)) {
    return `spec.maxSteps: found ${show(spec.maxSteps)}, expected a whole number from 1`;
  }
  if (typeof spec.observation !== "object" || spec.observation === null || Object.keys(spec.observation).length === 0) {
    return `spec.observation: found ${show(spec.observation)}, expected a record of boxes`;
  }
  const boxes = { "spec.action": spec.action, ...prefixedBoxes(spec.observation) };
  for (const [where, box] of Object.entries(boxes)) {
    const problem = findInBox(box);
    if (problem !== null) return `${where}: ${problem}`;
  }
  return null;
}

const prefixedBoxes = (boxes: Readonly<Record<string, Box>>) =>
  Object.fromEntries(Object.entries(boxes).map(([array, box]) => [`spec.observation.${array}`, box]));

function findInBox(box: Partial<Box> | undefined): string | null {
  const size = Array.isArray(box?.names) ? box.names.length : 0;
  if (!box || size === 0) return "found no box, expected one of at least one dimension, as box() makes it";
  for (const field of ["names", "units", "low", "high"] as const) {
    const values: unknown = box[field];
    if (!Array.isArray(values) || values.length !== size) {
      return `${field}: found ${Array.isArray(values) ? values.length : show(values)}, expected ${size} values`;
    }
  }
  return null;
}

const firstLine = (error: unknown): string =>
  (error instanceof Error ? `${error.name}: ${error.message}` : String(error)).split("\n")[0];

function show(value: unknown): string {
  if (value === undefined || value === null) return "nothing";
  return typeof value === "function" ? "a function" : (JSON.stringify(value) ?? typeof value);
}
