/** Reading whole arrays from zarr version 2, and refusing damaged ones: zarrita itself fills gaps with zeros in silence. */
import { get, open, root } from "zarrita";
import { z } from "zod";
import { InputError } from "../../base/index.ts";
import { findBloscFault } from "./blosc.ts";

/** Bytes by key ("/data/action/.zarray"); undefined where there are none. Files on disk, or a map in a test. */
export interface ByteStore {
  get(key: `/${string}`): Promise<Uint8Array | undefined>;
}

/** Type names of zarr version 2, with bytes per number. */
const TYPES = { "<f4": 4, "<i8": 8 } as const;

const METADATA = z.object({
  zarr_format: z.literal(2),
  shape: z.array(z.int().positive()),
  chunks: z.array(z.int().positive()),
  dtype: z.string(),
  compressor: z.object({ id: z.string() }).nullable(),
  filters: z.null().optional(),
  order: z.literal("C"),
  dimension_separator: z.enum([".", "/"]).default("."),
});
type Metadata = z.infer<typeof METADATA>;

export interface ArrayRequest {
  store: ByteStore;
  /** How messages name the store: its folder. */
  label: string;
  /** Within the store, as "data/action". */
  path: string;
  type: keyof typeof TYPES;
  /** The first dimension is free; these follow it. */
  rest: readonly number[];
}

/** The numbers of one array, row-major. Throws InputError, naming the array, unless every chunk is there and whole. */
export async function readZarrArray(
  request: ArrayRequest,
): Promise<{ rows: number; values: Float32Array | BigInt64Array }> {
  const { store, label, path, type, rest } = request;
  const fail = (problem: string) => new InputError(`${label}: array ${path}: ${problem}`);
  const metadata = await readMetadata(request, fail);
  const { shape, dtype } = metadata;
  if (dtype !== type) throw fail(`found dtype ${dtype}, expected ${type}`);
  if (shape.length !== rest.length + 1 || rest.some((size, i) => shape[i + 1] !== size)) {
    throw fail(`found shape [${shape.join(", ")}], expected [${["steps", ...rest].join(", ")}]`);
  }
  await checkChunks(request, metadata, fail);
  try {
    const array = await open.v2(root(store).resolve(path), { kind: "array", attrs: false });
    const { data } = await get(array);
    if (data instanceof Float32Array || data instanceof BigInt64Array) return { rows: shape[0], values: data };
    throw fail(`found dtype ${array.dtype}, expected ${type}`);
  } catch (error) {
    throw error instanceof InputError ? error : fail(`cannot be read: ${causeOf(error)}`);
  }
}

async function readMetadata({ store, path }: ArrayRequest, fail: (problem: string) => InputError): Promise<Metadata> {
  const bytes = await store.get(`/${path}/.zarray`);
  if (!bytes) throw fail("found no .zarray, expected a zarr version 2 array");
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    throw fail(".zarray is not JSON");
  }
  const { data, error } = METADATA.safeParse(json);
  if (data && data.chunks.length === data.shape.length) return data;
  if (data) throw fail(`.zarray: found chunks [${data.chunks}] for shape [${data.shape}]`);
  const [issue] = error.issues;
  throw fail(`.zarray: ${issue.path.join(".") || "content"}: ${issue.message}`);
}

async function checkChunks(
  { store, path, type }: ArrayRequest,
  { shape, chunks, compressor, dimension_separator: separator }: Metadata,
  fail: (problem: string) => InputError,
): Promise<void> {
  const bytes = chunks.reduce((product, size) => product * size, TYPES[type]);
  const grid = shape.map((size, i) => Math.ceil(size / chunks[i]));
  for (const place of places(grid)) {
    const key = place.join(separator);
    const chunk = await store.get(`/${path}/${key}`);
    const fault = !chunk ? "missing" : await findFault(chunk, bytes, compressor?.id);
    if (fault) throw fail(`chunk ${key}: ${fault}`);
  }
}

async function findFault(chunk: Uint8Array, bytes: number, compressor: string | undefined): Promise<string | null> {
  if (compressor === "blosc") return findBloscFault(chunk, bytes);
  const isRaw = compressor === undefined;
  return isRaw && chunk.length !== bytes ? `found ${chunk.length} bytes, expected ${bytes}` : null;
}

/** Every index of a grid, the last dimension fastest. One at a time: metadata may claim any number of chunks. */
function* places([size, ...rest]: readonly number[]): Generator<number[]> {
  if (size === undefined) yield [];
  for (let i = 0; i < size; i++) {
    for (const place of places(rest)) yield [i, ...place];
  }
}

function causeOf(error: unknown): string {
  const { message, cause } = error instanceof Error ? error : new Error(String(error));
  return cause instanceof Error ? `${message} (${cause.message})` : message;
}
