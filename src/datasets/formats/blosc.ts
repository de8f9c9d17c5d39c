/**
 * Whether a Blosc chunk is whole. The decoder in `numcodecs` ignores failure and hands out whatever its memory held, so
 * chunks are judged before it sees them: sizes in the header, bounds of the blocks, and every zstd stream by itself (other
 * inner compressors: header and bounds only). Layout: c-blosc 1, README_CHUNK_FORMAT.rst.
 */
import Zstd from "numcodecs/zstd";

const HEADER = 16;
const ZSTD = 4;
/** A block is packed as one stream per byte of its numbers, unless a flag forbids it or one of these does. */
const MOST_STREAMS = 16;
const SHORTEST_STREAM = 128;

/** What is wrong with `chunk` as the Blosc form of `expected` bytes; null where it is whole. */
export async function findBloscFault(chunk: Uint8Array, expected: number): Promise<string | null> {
  if (chunk.length < HEADER) return `found ${chunk.length} bytes, expected a Blosc header of ${HEADER}`;
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const [flags, typeSize] = [chunk[2], chunk[3]];
  const [size, blockSize, stored] = [4, 8, 12].map((at) => view.getUint32(at, true));
  if (chunk[0] !== 2) return `found Blosc version ${chunk[0]}, expected 2`;
  if (stored !== chunk.length) return `found ${chunk.length} bytes, expected ${stored} (truncated or overwritten)`;
  if (size !== expected) return `holds ${size} bytes unpacked, expected ${expected}`;
  const isCopy = (flags & 2) !== 0;
  if (isCopy)
    return stored === HEADER + size ? null : `found ${stored} bytes, expected ${HEADER + size} (stored plain)`;
  if (blockSize === 0) return "found block size 0";
  const blocks = Math.ceil(size / blockSize);
  if (HEADER + 4 * blocks > stored) return `found ${stored} bytes, too few for ${blocks} blocks`;
  for (let block = 0; block < blocks; block++) {
    const isShort = block === blocks - 1 && size % blockSize !== 0;
    const bytes = isShort ? size % blockSize : blockSize;
    const isWhole =
      (flags & 0x10) !== 0 || isShort || typeSize > MOST_STREAMS || blockSize / typeSize < SHORTEST_STREAM;
    const fault = await findBlockFault(chunk, {
      start: view.getUint32(HEADER + 4 * block, true),
      streams: isWhole ? 1 : typeSize,
      bytes,
      isZstd: flags >> 5 === ZSTD,
    });
    if (fault) return `block ${block}: ${fault}`;
  }
  return null;
}

interface Block {
  start: number;
  streams: number;
  /** Unpacked. */
  bytes: number;
  isZstd: boolean;
}

async function findBlockFault(chunk: Uint8Array, { start, streams, bytes, isZstd }: Block): Promise<string | null> {
  const view = new DataView(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  const unpacked = bytes / streams;
  let next = start;
  for (let stream = 0; stream < streams; stream++) {
    if (next + 4 > chunk.length) return `starts at byte ${next} of ${chunk.length}`;
    const packed = view.getUint32(next, true);
    next += 4 + packed;
    if (packed === 0 || next > chunk.length) return `runs to byte ${next} of ${chunk.length}`;
    if (!isZstd || packed === unpacked) continue;
    const found = await zstdLength(chunk.subarray(next - packed, next));
    if (found !== unpacked)
      return found === null ? "the zstd stream is damaged" : `holds ${found} bytes, expected ${unpacked}`;
  }
  return null;
}

async function zstdLength(stream: Uint8Array): Promise<number | null> {
  try {
    return (await new Zstd().decode(stream)).length;
  } catch {
    return null;
  }
}
