/**
 * HDF5 files with every failure noticed. h5wasm itself ignores the status of a read, and hands out whatever lay in memory;
 * the library beneath it prints its own report of pages on standard error.
 */
import { closeSync, openSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { devNull } from "node:os";
import type * as H5wasm from "h5wasm/node";
import { InputError, unusable } from "../../base/index.ts";

const SIGNATURE = "\x89HDF\r\n\x1a\n";
/** Type classes of the library, H5T_class_t. */
const [INTEGER, FLOAT] = [0, 1];

type H5Module = Awaited<typeof H5wasm.ready>;
type H5Dataset = H5wasm.Dataset;
type H5Group = H5wasm.Group;

/** The library, its classes and the compiled module beneath them. */
export interface Hdf5Library {
  readonly classes: Pick<typeof H5wasm, "Dataset" | "File" | "Group">;
  readonly module: H5Module;
}

/** Loaded by those who need it: compiling takes a tenth of a second. */
export async function loadHdf5(): Promise<Hdf5Library> {
  const classes = await import("h5wasm/node");
  return { classes, module: await classes.ready };
}

/** An array in a file: its shape, and whether its elements are plain numbers. */
export interface Hdf5Array {
  readonly shape: readonly number[];
  readonly isNumeric: boolean;
}

/** Names are paths from the root, as "data/demo_0/actions". */
export interface Hdf5File {
  /** Names within a group, in the file's order, or null where there is no such group. */
  names(group: string): string[] | null;
  /** Null where there is none of that name. */
  array(name: string): Hdf5Array | null;
  /** Row-major, as float32. Throws InputError where the array is no array of numbers, or is damaged. */
  numbers(name: string): Float32Array;
  /** The strings of an array of strings. Throws InputError. */
  strings(name: string): string[];
  /** An attribute that is one number or string; null where there is none. Throws InputError for any other. */
  attribute(object: string, name: string): number | string | null;
}

/** What `read` makes of the file at `path`, closed afterwards. Throws InputError, naming the file, where it is no whole HDF5 file. */
export async function withHdf5<T>(path: string, read: (file: Hdf5File) => T): Promise<T> {
  await checkSignature(path);
  const library = await loadHdf5();
  return silently(library, () => {
    const file = new library.classes.File(path, "r");
    if (file.file_id < 0n) throw new InputError(`${path}: cannot be opened: truncated, or damaged at its beginning`);
    try {
      return read(fileAt(library, file, path));
    } finally {
      file.close();
    }
  });
}

async function checkSignature(path: string): Promise<void> {
  const start = Buffer.alloc(SIGNATURE.length);
  try {
    const file = await open(path, "r");
    await file.read(start, 0, start.length, 0).finally(() => file.close());
  } catch (error) {
    throw unusable(path, "read", error);
  }
  if (start.toString("latin1") === SIGNATURE) return;
  const { size } = await stat(path);
  throw new InputError(`${path}: found ${size} bytes that do not begin as HDF5 does, expected an HDF5 file`);
}

function fileAt({ classes, module }: Hdf5Library, file: H5wasm.File, path: string): Hdf5File {
  const isArray = (found: unknown): found is H5Dataset => found instanceof classes.Dataset;
  const isGroup = (found: unknown): found is H5Group => found instanceof classes.Group;
  const fail = (name: string, problem: string) => new InputError(`${path}: ${name}: ${problem}`);
  /** Whatever goes wrong inside the library is the file's fault: it is asked only for what is there. */
  const guarded = <R>(name: string, run: () => R): R => {
    try {
      return run();
    } catch (error) {
      throw error instanceof InputError ? error : fail(name, "cannot be read: damaged");
    }
  };
  const find = (name: string) => guarded(name, () => file.get(`/${name}`));
  const findArray = (name: string): H5Dataset => {
    const found = find(name);
    if (isArray(found)) return found;
    throw fail(name, found === null ? "not found, expected an array" : "found a group, expected an array");
  };
  return {
    names: (group) => {
      const found = find(group);
      return isGroup(found) ? guarded(group, () => found.keys()) : null;
    },
    array: (name) => {
      const found = find(name);
      if (!isArray(found)) return null;
      const { shape, type } = guarded(name, () => found.metadata);
      return { shape: shape ?? [], isNumeric: type === INTEGER || type === FLOAT };
    },
    numbers: (name) => {
      const found = findArray(name);
      return guarded(name, () => readNumbers(module, found, (problem) => fail(name, problem)));
    },
    strings: (name) => {
      const found = findArray(name);
      const value = guarded(name, () => found.value);
      if (Array.isArray(value) && value.every((each) => typeof each === "string")) return value;
      throw fail(name, "found no strings, expected an array of them");
    },
    attribute: (object, name) => {
      const owner = find(object);
      if (!(isGroup(owner) || isArray(owner))) throw fail(object, "not found");
      const label = `${object}, attribute ${name}`;
      return guarded(label, () => readAttribute(module, owner, name, (problem) => fail(label, problem)));
    },
  };
}

function readNumbers(module: H5Module, array: H5Dataset, fail: (problem: string) => InputError): Float32Array {
  const { type, size, signed, total_size: count } = array.metadata;
  if (!(type === INTEGER || (type === FLOAT && size >= 4))) throw fail("found no numbers, expected an array of them");
  if (count === 0) return new Float32Array(0);
  return withMemory(module, count * size, (place) => {
    const status = module.get_dataset_data(array.file_id, array.path, null, null, null, BigInt(place));
    if (status < 0) throw fail("cannot be read: its data is damaged or missing");
    const bytes = module.HEAPU8.slice(place, place + count * size).buffer;
    return Float32Array.from(numbersIn(bytes, type, size, signed), Number);
  });
}

function numbersIn(bytes: ArrayBuffer, type: number, size: number, signed: boolean): Iterable<number | bigint> {
  if (type === FLOAT) return size === 8 ? new Float64Array(bytes) : new Float32Array(bytes);
  if (size === 8) return signed ? new BigInt64Array(bytes) : new BigUint64Array(bytes);
  if (size === 4) return signed ? new Int32Array(bytes) : new Uint32Array(bytes);
  if (size === 2) return signed ? new Int16Array(bytes) : new Uint16Array(bytes);
  return signed ? new Int8Array(bytes) : new Uint8Array(bytes);
}

function readAttribute(
  module: H5Module,
  { file_id: file, path, attrs }: H5Group | H5Dataset,
  name: string,
  fail: (problem: string) => InputError,
): number | string | null {
  const attribute = attrs[name];
  if (!attribute) return null;
  const { size, total_size: count, vlen } = attribute.metadata;
  withMemory(module, count * size, (place) => {
    const status = module.get_attribute_data(file, path, name, BigInt(place));
    if (status < 0) throw fail("cannot be read: damaged");
    if (vlen) module.reclaim_vlen_memory(file, path, name, BigInt(place));
  });
  const { value } = attribute;
  const [single] =
    Array.isArray(value) || ArrayBuffer.isView(value) ? (value as ArrayLike<unknown> & unknown[]) : [value];
  if (count === 1 && typeof single === "string") return single;
  if (count === 1 && (typeof single === "number" || typeof single === "bigint")) return Number(single);
  throw fail(`found ${count} values, expected one number or string`);
}

function withMemory<T>(module: H5Module, bytes: number, use: (place: number) => T): T {
  const place = module._malloc(bytes);
  if (place === 0) throw new InputError(`an array of ${bytes} bytes does not fit in memory`);
  try {
    return use(place);
  } finally {
    module._free(place);
  }
}

/**
 * Runs with the standard error of the compiled library closed; ours stays as it is. (Its other way, an error handler that
 * throws through the C code, leaves what is open in the file open for good.) Not for asynchronous work.
 */
export function silently<T>({ module }: Hdf5Library, run: () => T): T {
  const stream = (module.FS as unknown as { streams?: ({ nfd: number } | undefined)[] }).streams?.[2];
  if (!stream) return run();
  const { nfd } = stream;
  stream.nfd = openSync(devNull, "w");
  try {
    return run();
  } finally {
    closeSync(stream.nfd);
    stream.nfd = nfd;
  }
}
