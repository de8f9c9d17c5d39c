/** Writes a small Push-T recording as zarr version 2, the way zarr-python lays it out: plain or Blosc chunks. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import Blosc from "numcodecs/blosc";

export interface Recording {
  steps: number;
  episodeEnds: readonly number[];
  compressor: { id: "blosc"; cname: "zstd" | "lz4"; clevel: number; shuffle: 0 | 1 | 2; blocksize: number } | null;
}

/** Rows per chunk. */
export const CHUNK = 16;

/** Value of a column of an array at a step: distinct, and within the window. */
export const valueAt = (array: string, step: number, column: number): number =>
  ({ keypoint: 100, state: 200, action: 300, n_contacts: 0 })[array]! + step + column / 32;

export async function writePushT(folder: string, { steps, episodeEnds, compressor }: Recording): Promise<void> {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".zgroup"), JSON.stringify({ zarr_format: 2 }));
  for (const [array, rest] of Object.entries({ keypoint: [9, 2], state: [5], action: [2] })) {
    const size = rest.reduce((product, n) => product * n, 1);
    const values = Float32Array.from({ length: steps * size }, (_, i) =>
      valueAt(array, Math.floor(i / size), i % size),
    );
    await writeArray(join(folder, "data", array), { shape: [steps, ...rest], dtype: "<f4", values, compressor });
  }
  const ends = BigInt64Array.from(episodeEnds, BigInt);
  await writeArray(join(folder, "meta", "episode_ends"), {
    shape: [ends.length],
    dtype: "<i8",
    values: ends,
    compressor: null,
  });
}

interface ArrayParts {
  shape: number[];
  dtype: string;
  values: Float32Array | BigInt64Array;
  compressor: Recording["compressor"];
}

async function writeArray(folder: string, { shape, dtype, values, compressor }: ArrayParts): Promise<void> {
  const chunks = [CHUNK, ...shape.slice(1)];
  const metadata = { zarr_format: 2, shape, chunks, dtype, compressor, fill_value: 0, filters: null, order: "C" };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, ".zarray"), JSON.stringify(metadata));
  const rowBytes = values.byteLength / shape[0];
  for (let chunk = 0; chunk * CHUNK < shape[0]; chunk++) {
    const bytes = new Uint8Array(CHUNK * rowBytes);
    bytes.set(new Uint8Array(values.buffer).subarray(chunk * bytes.length, (chunk + 1) * bytes.length));
    const packed = compressor ? await Blosc.fromConfig(compressor).encode(bytes) : bytes;
    writeFileSync(join(folder, [chunk, ...shape.slice(1).map(() => 0)].join(".")), packed);
  }
}
