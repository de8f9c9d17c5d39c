import type { StateName } from "./recipe.ts";

/**
 * The memory on which the update kernel works: one WebAssembly.Memory that holds, for each copy (parameters, gradients,
 * moments, …), all tensors one after another. It is allocated once and never grows, because growing would detach the
 * typed arrays that back the tensors of ONNX Runtime.
 */

/**
 * `part` is the gradient of one part of a batch, which `accumulate` adds to `gradient`; only gradient accumulation needs it.
 */
export type CopyName = "parameter" | "gradient" | "part" | StateName;

export type Arena = {
  readonly memory: WebAssembly.Memory;
  readonly copies: readonly CopyName[];
  /** Byte address of each copy; undefined for a copy the arena does not have. */
  readonly base: { readonly [K in CopyName]?: number };
  /** Views of each copy, one per tensor, in the order of `sizes`; empty for a copy the arena does not have. */
  readonly views: { readonly [K in CopyName]: readonly Float32Array<ArrayBuffer>[] };
  /** Bytes of the tensors with weight decay, which lie first in each copy, and of all tensors. Multiples of 64. */
  readonly decayBytes: number;
  readonly copyBytes: number;
};

/** Each tensor starts on a cache line and ends with zeros up to the next: the kernel needs no loop for the tail. */
const LINE = 64;

/** Bytes before the first copy: the kernel's scalars, one line for tensors with weight decay and one for the others. */
export const SCALAR_BYTES = 2 * LINE;

/** Copies start this much further apart, so that the streams of one update do not compete for the same cache sets. */
const STAGGER = 5 * LINE;

const PAGE = 65536;
const ADDRESSES = 2 ** 32;

const padded = (size: number): number => Math.ceil((size * 4) / LINE) * LINE;

/**
 * @param options.sizes number of elements of each tensor
 * @param options.decay whether weight decay applies to each tensor (default: to all)
 * @throws RangeError if the copies do not fit the 4 GiB of one WebAssembly memory
 */
export function createArena(options: {
  sizes: readonly number[];
  copies: readonly CopyName[];
  decay?: readonly boolean[];
}): Arena {
  const { sizes, copies, decay } = options;
  if (decay && decay.length !== sizes.length) {
    throw new RangeError(`decay has ${decay.length} entries for ${sizes.length} tensors`);
  }
  const offsets = new Array<number>(sizes.length);
  let copyBytes = 0;
  let decayBytes = 0;
  for (const decaying of [true, false]) {
    sizes.forEach((size, tensor) => {
      if (!Number.isInteger(size) || size < 0) throw new RangeError(`tensor ${tensor} has size ${size}`);
      if ((decay?.[tensor] ?? true) !== decaying) return;
      offsets[tensor] = copyBytes;
      copyBytes += padded(size);
    });
    if (decaying) decayBytes = copyBytes;
  }
  const base: { [K in CopyName]?: number } = {};
  let end = SCALAR_BYTES;
  for (const name of new Set(copies)) {
    base[name] = end;
    end += copyBytes + STAGGER;
  }
  if (end > ADDRESSES) {
    throw new RangeError(`${copies.length} copies need ${end} bytes, a WebAssembly memory has at most ${ADDRESSES}`);
  }
  const pages = Math.ceil(end / PAGE);
  const memory = new WebAssembly.Memory({ initial: pages, maximum: pages });
  const buffer = memory.buffer as ArrayBuffer;
  const view = (name: CopyName) => {
    const start = base[name];
    return start === undefined
      ? []
      : sizes.map((size, tensor) => new Float32Array(buffer, start + offsets[tensor], size));
  };
  const views = {
    parameter: view("parameter"),
    gradient: view("gradient"),
    part: view("part"),
    firstMoment: view("firstMoment"),
    secondMoment: view("secondMoment"),
    average: view("average"),
  };
  return { memory, copies: [...new Set(copies)], base, views, decayBytes, copyBytes };
}
