/** What a run records of the data it learned from: one number that changes when the data does. */
import { createHash } from "node:crypto";
import type { Column, Dataset } from "./dataset.ts";

/**
 * SHA-256, in hexadecimal, of what training sees: task, control rate, names, units, lattices, columns and episode ends; who
 * drove and what was said, where that is known.
 * Where the data was read from does not enter: a copy in another folder or format has the same digest. Node only.
 */
export function datasetDigest({ task, controlRate, observation, action, episodeEnds, control }: Dataset): string {
  const describe = ({ names, units, resolution }: Column) => ({ names, units, resolution: resolution ?? null });
  const header = { task, controlRate, observation: describe(observation), action: describe(action) };
  const hash = createHash("sha256");
  // The header's end is marked and the sizes follow from it, so that no two datasets run together to the same bytes.
  hash.update(`${JSON.stringify(header)}\n${episodeEnds.length}\n`);
  for (const values of [episodeEnds, observation.values, action.values]) hash.update(bytesOf(values));
  if (control) hash.update("control\n").update(control.expert).update(bytesOf(control.label));
  return hash.digest("hex");
}

/** The digest is of little-endian numbers, also on the one machine (s390x) whose own are not. */
function bytesOf(values: Float32Array | Int32Array): Uint8Array {
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  return LITTLE_ENDIAN ? bytes : Buffer.from(bytes).swap32();
}

const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;
