/** Changes numbers in an episode file of the store, as nothing that records would. */
import { readFileSync, writeFileSync } from "node:fs";

const CHUNK = 6;
/** Of a chunk: opcode and length (9 bytes), then start, end and size (8 bytes each), then the checksum. */
const CHECKSUM = 9 + 3 * 8;

/** Puts one float32 for another wherever it is in the steps of a file; a checksum of 0 is none. */
export function replace(file: string, from: number, to: number): number {
  const bytes = readFileSync(file);
  const wanted = Buffer.from(Float32Array.of(from).buffer);
  let count = 0;
  for (let offset = 8; offset < bytes.length - 8; ) {
    const length = 9 + Number(bytes.readBigUInt64LE(offset + 1));
    const record = bytes.subarray(offset, offset + length);
    const at = bytes[offset] === CHUNK ? record.indexOf(wanted) : -1;
    if (at >= 0) {
      record.writeFloatLE(to, at);
      record.writeUInt32LE(0, CHECKSUM);
      count++;
    }
    offset += length;
  }
  writeFileSync(file, bytes);
  return count;
}
