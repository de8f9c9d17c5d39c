/**
 * A checkpoint is one safetensors file, so that one rename puts it in place as a whole: the tensors as they are, the rest
 * as JSON in its metadata. Any safetensors reader can open it.
 */
import { InputError } from "../base/index.ts";
import { type Json, jsonText, oneLine } from "./json.ts";
import { readSafetensors, type StoredTensors, writeSafetensors } from "./safetensors.ts";

/** Enough to continue bit for bit. `state` holds what is no tensor: counters, random positions, the chosen path. */
export interface Checkpoint {
  /** Updates made so far. */
  readonly update: number;
  readonly tensors: StoredTensors;
  readonly state: Json;
}

const FORMAT = "apprentice-checkpoint-1";

/** The bytes of a checkpoint's file. Throws Error where JSON cannot hold the state. */
export function encodeCheckpoint({ update, tensors, state }: Checkpoint): Uint8Array<ArrayBuffer> {
  checkUpdate(update);
  return writeSafetensors(tensors, {
    format: FORMAT,
    update: String(update),
    state: jsonText(state, "checkpoint state"),
  });
}

/** The checkpoint in a file's bytes, of which its tensors are views. Throws InputError that begins with `where`. */
export function decodeCheckpoint(bytes: Uint8Array, where: string): Checkpoint {
  const { tensors, metadata } = readSafetensors(bytes, where);
  if (metadata.format !== FORMAT) {
    const found = metadata.format === undefined ? "none" : JSON.stringify(metadata.format);
    throw new InputError(`${where}: not a checkpoint of ours: metadata "format" is ${found}, expected "${FORMAT}"`);
  }
  const update = Number(metadata.update);
  if (!/^\d+$/.test(metadata.update ?? "") || !Number.isSafeInteger(update)) {
    throw new InputError(`${where}: metadata "update" is ${JSON.stringify(metadata.update)}, expected a whole number`);
  }
  try {
    return { update, tensors, state: JSON.parse(metadata.state) };
  } catch (error) {
    throw new InputError(`${where}: metadata "state" is not valid JSON: ${oneLine(error)}`);
  }
}

export function checkUpdate(update: number): void {
  if (!Number.isSafeInteger(update) || update < 0) {
    throw new RangeError(`update: found ${update}, expected a whole number from 0 up`);
  }
}
