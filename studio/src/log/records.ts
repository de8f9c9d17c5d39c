/**
 * The bytes of a log file: a magic, then records one after another, each with its length, kind and checksum before it.
 * Payloads are the episode store's own Protobuf messages, the same bytes that go to the server.
 */

/** Kinds by number; numbers are never used again for something else. */
export const KIND = {
  /** Its id, UTF-8: the first record of every file, and then its start. */
  name: 1,
  start: 2,
  step: 3,
  /** The environment ended it: nothing comes after but annotations. */
  end: 4,
  /** It was stopped where it is: no end will come. */
  interruption: 5,
  /** What became known besides, as JSON (an annotation of `protocol`). */
  annotation: 6,
  /** How many of its annotations a server has, uint32: they are not said again, after others may have said otherwise. */
  acknowledgement: 7,
} as const;
export type Kind = (typeof KIND)[keyof typeof KIND];

const MAGIC = Uint8Array.from([0x41, 0x50, 0x4c, 0x4f, 0x47, 0, 0, 1]); // "APLOG", version 1
export const MAGIC_SIZE = MAGIC.length;
/** Length (uint32), checksum (uint32, of kind and payload), kind (uint8); little-endian. */
export const HEADER_SIZE = 9;
/** A length beyond it is no length, but a torn record. */
const LARGEST = 1 << 20;

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 (ISO 3309, as zip and PNG have it) of the bytes from `from` on, below `to`. */
export function crc32(bytes: Uint8Array, from = 0, to = bytes.length): number {
  let value = 0xffffffff;
  for (let i = from; i < to; i++) value = TABLE[(value ^ bytes[i]) & 0xff] ^ (value >>> 8);
  return ~value >>> 0;
}

/** The bytes before the first record. */
export const fileHeader = (): Uint8Array => MAGIC.slice();

export function frame(kind: Kind, payload: Uint8Array): Uint8Array {
  if (payload.length > LARGEST) throw new RangeError(`record: ${payload.length} bytes, expected at most ${LARGEST}`);
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, payload.length, true);
  bytes[8] = kind;
  bytes.set(payload, HEADER_SIZE);
  view.setUint32(4, crc32(bytes, 8), true);
  return bytes;
}

/** Where the payload of a record lies in its file. */
export interface Found {
  readonly kind: Kind;
  readonly from: number;
  readonly to: number;
}

/** - `foreign`: another version's, or none of ours: to be left alone. - `torn`: so short that not even the magic is whole. */
export type Scan =
  | { readonly is: "log"; readonly records: readonly Found[]; readonly whole: number }
  | { readonly is: "torn" }
  | { readonly is: "foreign" };

/** The whole records of a file, up to the first that is not; `whole` bytes of it belong to them. */
export function scan(bytes: Uint8Array): Scan {
  const begins = MAGIC.subarray(0, Math.min(bytes.length, MAGIC_SIZE));
  // A disk that lost power may have given the file its length and left it zero.
  if (bytes.every((byte) => byte === 0)) return { is: "torn" };
  if (begins.some((byte, i) => byte !== bytes[i])) return { is: "foreign" };
  if (bytes.length < MAGIC_SIZE) return { is: "torn" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: Found[] = [];
  let whole = MAGIC_SIZE;
  while (whole + HEADER_SIZE <= bytes.length) {
    const from = whole + HEADER_SIZE;
    const to = from + view.getUint32(whole, true);
    if (to > bytes.length || to - from > LARGEST) break;
    if (view.getUint32(whole + 4, true) !== crc32(bytes, whole + 8, to)) break;
    records.push({ kind: bytes[whole + 8] as Kind, from, to });
    whole = to;
  }
  return { is: "log", records, whole };
}
