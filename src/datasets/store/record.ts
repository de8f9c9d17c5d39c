/** What the store keeps of an episode: every field of DESIGN.md section 4, and what makes a step unfit to be kept. */
import { InputError } from "../../base/index.ts";
import { type EnvironmentSpec, type Episode, episodeOf, type Info, type Step } from "../../world/index.ts";

/** A step with all that later algorithms ask about an intervention. */
export interface RecordedStep extends Step {
  /** What the policy proposed [Da]; null if it was not asked. */
  readonly proposed: Float32Array | null;
  /** The expert's label [Da]; null if there is none. */
  readonly label: Float32Array | null;
  /** The person who took part; null if nobody did. */
  readonly operator: string | null;
  readonly policyVersion: string | null;
  /** What the gate read: doubts, risks, thresholds. A threshold may be infinite. */
  readonly gate: Readonly<Record<string, number>>;
  /** Seconds since 1970, when the step was recorded. `time` is the simulation's. */
  readonly wallTime: number;
}

/** What is left out counts as null, as no readings, and as now. */
export type StepToRecord = Step & Partial<RecordedStep>;

/** What is known before the first step. */
export interface EpisodeStart {
  readonly seed: number;
  /** Names of all that may act in the episode. */
  readonly actors: readonly string[];
  /** The environment's answer to `reset`. */
  readonly info: Info;
}

/** What an episode may be named, for it names a file too. */
export const EPISODE_ID = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

/** An episode as the store holds it, annotations applied. */
export interface StoredEpisode extends EpisodeStart {
  readonly id: string;
  /** Seconds since 1970. */
  readonly wallTime: number;
  readonly steps: readonly RecordedStep[];
  /** What the environment said last; null where the recording was interrupted. */
  readonly endInfo: Info | null;
  /** The success mark, or else what the environment said last; null where nobody knows. */
  readonly success: boolean | null;
  /** Bytes after the last whole record of an interrupted recording: a torn one, which was left out. */
  readonly droppedBytes: number;
}

/**
 * The columns of a stored episode; success that nobody knows of counts as none. Throws RangeError where it has no steps.
 */
export function episodeFrom(spec: EnvironmentSpec, stored: StoredEpisode): Episode {
  const { seed, actors, info, endInfo, success, steps } = stored;
  const last = { ...(endInfo ?? info), success: success ?? false };
  const [operator, policyVersion] = [steps[0]?.operator, steps[0]?.policyVersion];
  return {
    ...episodeOf({ spec, seed, actor: actors.join(", "), info: last }, steps),
    ...(operator && { operator }),
    ...(policyVersion && { policyVersion }),
  };
}

/**
 * Throws InputError that begins with `where` (file and step) and names the field, what was found and what was expected.
 * With `anyValues` what was seen, executed and when may be NaN or infinite: verification finds all such values itself.
 */
export function checkStep(
  spec: EnvironmentSpec,
  step: RecordedStep,
  where: string,
  { anyValues = false }: { anyValues?: boolean } = {},
): void {
  for (const array of Object.keys(step.observation)) {
    if (!Object.hasOwn(spec.observation, array)) {
      const known = Object.keys(spec.observation).map(quote).join(", ");
      throw new InputError(`${where}: observation ${quote(array)}: not in the task's spaces, expected ${known}`);
    }
  }
  for (const [array, { names }] of Object.entries(spec.observation)) {
    checkValues(step.observation[array], names, `${where}: observation ${quote(array)}`, anyValues);
  }
  checkValues(step.action, spec.action.names, `${where}: action`, anyValues);
  for (const field of ["proposed", "label"] as const) {
    const values = step[field];
    if (values !== null) checkValues(values, spec.action.names, `${where}: ${field}`);
  }
  for (const field of ["reward", "time", "wallTime"] as const) {
    if (!Number.isFinite(step[field]) && !(anyValues && field === "time")) {
      throw new InputError(`${where}: ${field}: found ${step[field]}, expected a finite number`);
    }
  }
  for (const [name, value] of Object.entries(step.gate)) {
    checkText(name, `${where}: gate`);
    if (Number.isNaN(value) || typeof value !== "number") {
      throw new InputError(`${where}: gate ${quote(name)}: found ${value}, expected a number`);
    }
  }
  for (const field of ["operator", "policyVersion"] as const) {
    const text = step[field];
    if (text !== null) checkText(text, `${where}: ${field}`);
  }
  checkState(step, where);
}

function checkState({ controller, chunkPlace, terminated, truncated }: RecordedStep, where: string): void {
  if (controller !== "policy" && controller !== "expert") {
    throw new InputError(`${where}: controller: found ${quote(controller)}, expected "policy" or "expert"`);
  }
  if (!Number.isInteger(chunkPlace) || chunkPlace < 0 || chunkPlace >= 2 ** 32) {
    throw new InputError(`${where}: chunkPlace: found ${chunkPlace}, expected an integer from 0 to 2^32 - 1`);
  }
  if (terminated && truncated) {
    throw new InputError(`${where}: found both terminated and truncated, expected at most one`);
  }
}

/** Throws InputError for what a file cannot give back as it was. */
export function checkStart({ seed, actors, info }: EpisodeStart, where: string): void {
  if (!Number.isSafeInteger(seed)) throw new InputError(`${where}: seed: found ${seed}, expected an integer`);
  if (actors.length === 0) throw new InputError(`${where}: actors: found none, expected at least one name`);
  for (const actor of actors) checkText(actor, `${where}: actors`);
  checkInfo(info, `${where}: info`);
}

export function checkInfo(info: Info, where: string): void {
  if (typeof info.success !== "boolean") {
    throw new InputError(`${where}: success: found ${info.success}, expected true or false`);
  }
  for (const [name, value] of Object.entries(info)) {
    checkText(name, where);
    if (Number.isNaN(value)) throw new InputError(`${where}: ${name}: found NaN, expected a number`);
    if (typeof value === "string" && !isUnicode(value)) throw notUnicode(`${where}: ${name}`, value);
  }
}

function checkValues(
  values: Float32Array | undefined,
  names: readonly string[],
  where: string,
  anyValues = false,
): void {
  if (!(values instanceof Float32Array) || values.length !== names.length) {
    const found = values instanceof Float32Array ? `${values.length} numbers` : (values ?? "nothing");
    throw new InputError(`${where}: found ${found}, expected ${names.length} (${names.join(", ")})`);
  }
  const broken = anyValues ? -1 : values.findIndex((value) => !Number.isFinite(value));
  if (broken >= 0) {
    throw new InputError(`${where}: ${names[broken]}: found ${values[broken]}, expected a finite number`);
  }
}

function checkText(text: string, where: string): void {
  if (text === "") throw new InputError(`${where}: found an empty text, expected a name`);
  if (!isUnicode(text)) throw notUnicode(where, text);
}

const quote = (text: string): string => JSON.stringify(text);
/** Half a surrogate pair has no UTF-8 form. */
const isUnicode = (text: string): boolean => !/\p{Surrogate}/u.test(text);
const notUnicode = (where: string, text: string) =>
  new InputError(`${where}: found ${quote(text)}, expected Unicode text`);
