/**
 * safetensors: named tensors in one file (github.com/huggingface/safetensors, README "Format"). Eight bytes with the length of
 * the header (little-endian), the header as JSON, padded with spaces to a multiple of eight bytes, then the tensors one
 * after another, row-major and little-endian as typed arrays are on every machine that runs JavaScript engines today.
 *
 * We write as the official library does: tensors from the widest to the narrowest dtype (`ORDER`), then by name in the
 * order of code points, so that each lies where a typed array can view it. Metadata, whose order it leaves to chance, we
 * write by name. So the bytes depend on the content alone, not on the order of the records.
 */
import { InputError, type Shape, showShape, sizeOf } from "../base/index.ts";
import { isUnicode, parseHeader } from "./header.ts";

/** How each dtype lies in memory: float16 and bfloat16 as their bits, bool as bytes 0 and 1. */
export type StoredArrays = {
  bool: Uint8Array;
  uint8: Uint8Array;
  int8: Int8Array;
  int16: Int16Array;
  uint16: Uint16Array;
  float16: Uint16Array;
  bfloat16: Uint16Array;
  int32: Int32Array;
  uint32: Uint32Array;
  float32: Float32Array;
  float64: Float64Array;
  int64: BigInt64Array;
  uint64: BigUint64Array;
};
export type StoredDType = keyof StoredArrays;
export type StoredArray = StoredArrays[StoredDType];

/** A tensor of any shape `[…]` as a file holds it: `data` row-major, of the array that `StoredArrays` names. */
export interface StoredTensor {
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly data: StoredArray;
}
export type StoredTensors = Readonly<Record<string, StoredTensor>>;

export interface SafetensorsFile {
  tensors: Record<string, StoredTensor>;
  metadata: Record<string, string>;
}

/** Name in the file and array of each dtype, in the order of the official library's enumeration. */
const DTYPES = {
  bool: { code: "BOOL", array: Uint8Array },
  uint8: { code: "U8", array: Uint8Array },
  int8: { code: "I8", array: Int8Array },
  int16: { code: "I16", array: Int16Array },
  uint16: { code: "U16", array: Uint16Array },
  float16: { code: "F16", array: Uint16Array },
  bfloat16: { code: "BF16", array: Uint16Array },
  int32: { code: "I32", array: Int32Array },
  uint32: { code: "U32", array: Uint32Array },
  float32: { code: "F32", array: Float32Array },
  float64: { code: "F64", array: Float64Array },
  int64: { code: "I64", array: BigInt64Array },
  uint64: { code: "U64", array: BigUint64Array },
} as const satisfies { [D in StoredDType]: { code: string; array: new (size: number) => StoredArrays[D] } };

/** The dtypes as they follow one another in a file. */
const ORDER = (Object.keys(DTYPES) as StoredDType[]).reverse();
const BY_CODE = new Map(ORDER.map((dtype) => [DTYPES[dtype].code as string, dtype]));

/** Longer headers are refused by the official library too. */
const LONGEST_HEADER = 100_000_000;
const METADATA = "__metadata__";

/** Less than, by code points: the order of the UTF-8 bytes, which differs from that of JavaScript's strings. */
function byCodePoint(left: string, right: string): number {
  const [a, b] = [[...left], [...right]];
  const differing = a.findIndex((character, index) => character !== b[index]);
  if (differing === -1) return a.length - b.length;
  return (a[differing].codePointAt(0) ?? 0) - (b[differing]?.codePointAt(0) ?? -1);
}

/**
 * The file that holds `tensors` and `metadata`. The same content gives the same bytes. Throws Error where data, dtype and
 * shape do not fit together, or a name cannot stand in a file.
 */
export function writeSafetensors(
  tensors: StoredTensors,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array<ArrayBuffer> {
  for (const [name, tensor] of Object.entries(tensors)) checkStorable(name, tensor);
  const named = Object.entries(tensors).sort(
    ([nameA, a], [nameB, b]) => ORDER.indexOf(a.dtype) - ORDER.indexOf(b.dtype) || byCodePoint(nameA, nameB),
  );
  let offset = 0;
  // Put together by hand: a record would move names like "10" to the front.
  const fields = named.map(([name, { dtype, shape, data }]) => {
    const begin = offset;
    offset += data.byteLength;
    const info = { dtype: DTYPES[dtype].code, shape, data_offsets: [begin, offset] };
    return `${JSON.stringify(name)}:${JSON.stringify(info)}`;
  });
  const notes = Object.entries(metadata).sort(([a], [b]) => byCodePoint(a, b));
  if (notes.length > 0) {
    const bad = notes.flat().find((text) => !isUnicode(text));
    if (bad !== undefined) throw new Error(`safetensors: metadata ${JSON.stringify(bad)} is not Unicode text`);
    const texts = notes.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`);
    fields.unshift(`"${METADATA}":{${texts.join(",")}}`);
  }
  const header = new TextEncoder().encode(`{${fields.join(",")}}`);
  const length = Math.ceil(header.length / 8) * 8;
  if (length > LONGEST_HEADER) {
    throw new RangeError(`safetensors: the header would be ${length} bytes, at most ${LONGEST_HEADER} are allowed`);
  }
  const bytes = new Uint8Array(8 + length + offset);
  new DataView(bytes.buffer).setUint32(0, length, true);
  bytes.fill(0x20, 8, 8 + length).set(header, 8);
  let position = 8 + length;
  for (const [, { data }] of named) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), position);
    position += data.byteLength;
  }
  return bytes;
}

function checkStorable(name: string, { dtype, shape, data }: StoredTensor): void {
  const what = `safetensors: tensor ${JSON.stringify(name)}`;
  if (name === METADATA || !isUnicode(name)) throw new Error(`${what}: the format does not allow this name`);
  const array = DTYPES[dtype]?.array.name;
  if (array === undefined) throw new Error(`${what}: unknown dtype ${dtype}, expected one of ${ORDER.join(", ")}`);
  // By tag, not instanceof, so that arrays from other realms are welcome.
  if (data[Symbol.toStringTag] !== array) {
    throw new Error(`${what}: found a ${data[Symbol.toStringTag]}, ${dtype} is held by a ${array}`);
  }
  if (!shape.every((length) => Number.isSafeInteger(length) && length >= 0) || sizeOf(shape) !== data.length) {
    throw new Error(`${what}: ${data.length} elements do not fill the shape ${showShape(shape)}`);
  }
  if (dtype === "bool") checkBooleans(data as Uint8Array, (problem) => new Error(`${what}: ${problem}`));
}

function checkBooleans(data: Uint8Array, refusal: (problem: string) => Error): void {
  const index = data.findIndex((byte) => byte > 1);
  if (index !== -1) throw refusal(`bool element ${index} is the byte ${data[index]}, expected 0 or 1`);
}

/** What the header says of one tensor. Offsets count bytes from the end of the header. */
interface Entry {
  readonly name: string;
  readonly dtype: StoredDType;
  readonly shape: Shape;
  readonly begin: number;
  readonly end: number;
}

/**
 * The tensors and metadata of a file. The arrays are views of `bytes` where alignment allows it (always, for our files in
 * a buffer of their own) and copies elsewhere. Throws InputError that begins with `where` (the file's name) for everything
 * that the format does not allow, and for bool bytes other than 0 and 1. The format has no checksum: a changed byte
 * inside a tensor goes unseen.
 */
export function readSafetensors(bytes: Uint8Array, where: string): SafetensorsFile {
  if (bytes.length < 8) {
    throw new InputError(`${where}: ${bytes.length} bytes are too few for a safetensors file, expected at least 8`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const length = view.getUint32(0, true) + view.getUint32(4, true) * 2 ** 32;
  if (length > LONGEST_HEADER) {
    throw new InputError(`${where}: the header would be ${length} bytes, at most ${LONGEST_HEADER} are allowed`);
  }
  if (8 + length > bytes.length) {
    throw new InputError(`${where}: the header would end at byte ${8 + length}, the file has ${bytes.length}`);
  }
  const fields = parseHeader(bytes.subarray(8, 8 + length), where);
  const payload = bytes.subarray(8 + length);
  const entries = fields
    .filter(([name]) => name !== METADATA)
    .map(([name, info]) => readEntry(name, info, payload.length, where));
  checkCover(entries, payload.length, where);
  const metadata = readMetadata(fields.find(([name]) => name === METADATA)?.[1], where);
  // fromEntries also holds a tensor named "__proto__", which an assignment would lose.
  const tensors = Object.fromEntries(entries.map((entry) => [entry.name, readTensor(entry, payload, where)]));
  return { tensors, metadata };
}

const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function readEntry(name: string, info: unknown, available: number, where: string): Entry {
  const refuse = (problem: string) => new InputError(`${where}: tensor ${JSON.stringify(name)}: ${problem}`);
  if (!isRecord(info)) throw refuse(`found ${brief(info)}, expected dtype, shape and data_offsets`);
  const { dtype: code, shape, data_offsets: offsets } = info;
  const dtype = typeof code === "string" ? BY_CODE.get(code) : undefined;
  if (dtype === undefined)
    throw refuse(`unknown dtype ${brief(code)}, expected one of ${[...BY_CODE.keys()].join(", ")}`);
  if (!Array.isArray(shape) || !shape.every(isCount)) {
    throw refuse(`found the shape ${brief(shape)}, expected a list of whole numbers from 0 to 2^53 - 1`);
  }
  if (!Array.isArray(offsets) || offsets.length !== 2 || !offsets.every(isCount)) {
    throw refuse(`found the data_offsets ${brief(offsets)}, expected two whole numbers from 0 to 2^53 - 1`);
  }
  const [begin, end] = offsets as [number, number];
  if (begin > end) throw refuse(`begins at byte ${begin} and ends before it, at ${end}`);
  if (end > available) throw refuse(`ends at byte ${end} of the data, the file has only ${available}`);
  const needed = byteLength(shape, dtype);
  if (needed === null) throw refuse(`the shape ${brief(shape)} has more bytes than can be counted`);
  if (end - begin !== needed) {
    throw refuse(`${end - begin} bytes lie at [${begin}, ${end}], ${code} of shape ${brief(shape)} needs ${needed}`);
  }
  return { name, dtype, shape, begin, end };
}

/** Null where any partial product leaves the integers that a double counts exactly. */
function byteLength(shape: Shape, dtype: StoredDType): number | null {
  let product: number = DTYPES[dtype].array.BYTES_PER_ELEMENT;
  for (const length of shape) {
    product *= length;
    if (!Number.isSafeInteger(product)) return null;
  }
  return product;
}

/** The tensors must lie one after another from the first byte to the last. */
function checkCover(entries: readonly Entry[], available: number, where: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin !== covered) {
      const problem = begin < covered ? "overlaps the tensor before it" : "leaves a hole before it";
      const expected = `begins at byte ${begin}, expected ${covered}`;
      throw new InputError(`${where}: tensor ${JSON.stringify(name)} ${problem}: ${expected}`);
    }
    covered = end;
  }
  if (covered !== available) {
    throw new InputError(`${where}: ${available} bytes of data, the tensors end at byte ${covered}`);
  }
}

function readMetadata(value: unknown, where: string): Record<string, string> {
  if (value === undefined) return {};
  if (!isRecord(value)) throw new InputError(`${where}: ${METADATA} is ${brief(value)}, expected strings by name`);
  const wrong = Object.entries(value).find(([, text]) => typeof text !== "string");
  if (wrong) {
    throw new InputError(`${where}: ${METADATA} ${JSON.stringify(wrong[0])} is ${brief(wrong[1])}, expected a string`);
  }
  return value as Record<string, string>;
}

function readTensor({ name, dtype, shape, begin, end }: Entry, payload: Uint8Array, where: string): StoredTensor {
  const { array } = DTYPES[dtype];
  const aligned = (payload.byteOffset + begin) % array.BYTES_PER_ELEMENT === 0;
  const bytes = aligned ? payload.subarray(begin, end) : payload.slice(begin, end);
  const data = new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.length / array.BYTES_PER_ELEMENT);
  if (dtype === "bool") {
    checkBooleans(data as Uint8Array, (problem) => {
      return new InputError(`${where}: tensor ${JSON.stringify(name)}: ${problem}`);
    });
  }
  return { dtype, shape, data };
}

/** A value as it stands in a one-line message. */
function brief(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 80 ? `${text.slice(0, 80)}…` : text;
}

/** The data of the tensor `name`; throws InputError where it is absent or not of this dtype and shape. */
export function expectTensor<D extends StoredDType>(
  tensors: StoredTensors,
  name: string,
  { dtype, shape }: { readonly dtype: D; readonly shape: Shape },
  where: string,
): StoredArrays[D] {
  const expected = `expected ${dtype} ${showShape(shape)}`;
  if (!Object.hasOwn(tensors, name)) {
    throw new InputError(`${where}: there is no tensor ${JSON.stringify(name)}, ${expected}`);
  }
  const found = tensors[name];
  if (found.dtype !== dtype || showShape(found.shape) !== showShape(shape)) {
    const description = `${found.dtype} ${showShape(found.shape)}`;
    throw new InputError(`${where}: tensor ${JSON.stringify(name)} is ${description}, ${expected}`);
  }
  return found.data as StoredArrays[D];
}
