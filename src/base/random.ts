/**
 * Counter-based random numbers from explicit keys: Threefry-2x32 with 20 rounds (Salmon et al. 2011, "Parallel random
 * numbers: as easy as 1, 2, 3"). The same key and counter give the same bits in Node, in the browser and inside a
 * tensor program (`tensor/random.ts` is the twin of this file in a graph).
 */
import { circle, logarithm } from "./elementary.ts";

/** Two 32-bit words. Keys are values: nothing is drawn from a key twice, new keys come from `split` and `foldIn`. */
export type Key = readonly [number, number];

/** Rotation distances of Threefry-2x32, in the order in which the rounds use them. */
export const THREEFRY_ROTATIONS = [13, 15, 26, 6, 17, 29, 16, 24] as const;
/** The parity constant of the Threefry key schedule. */
export const THREEFRY_PARITY = 0x1bd11bda;

/** One block: two 32-bit words from a key and a two-word counter. */
export function threefry(key: Key, counter0: number, counter1: number): [number, number] {
  const schedule = [key[0], key[1], (key[0] ^ key[1] ^ THREEFRY_PARITY) >>> 0];
  let a = (counter0 + schedule[0]) >>> 0;
  let b = (counter1 + schedule[1]) >>> 0;
  for (let round = 0; round < 20; round++) {
    const distance = THREEFRY_ROTATIONS[round & 7];
    a = (a + b) >>> 0;
    b = ((b << distance) | (b >>> (32 - distance))) >>> 0;
    b = (b ^ a) >>> 0;
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1;
      a = (a + schedule[injection % 3]) >>> 0;
      b = (b + schedule[(injection + 1) % 3] + injection) >>> 0;
    }
  }
  return [a, b];
}

/** The key of a seed: any non-negative integer below 2^53. Throws RangeError otherwise. */
export function randomKey(seed: number): Key {
  if (!Number.isSafeInteger(seed) || seed < 0) {
    throw new RangeError(`seed: found ${seed}, expected an integer from 0 to 2^53 - 1`);
  }
  return [Math.floor(seed / 2 ** 32), seed >>> 0];
}

/** A new key from a key and an integer: for what is numbered (updates, episodes, replans). */
export function foldIn(key: Key, data: number): Key {
  return threefry(key, Math.floor(data / 2 ** 32) >>> 0, data >>> 0);
}

/** `count` independent keys from one. */
export function split(key: Key, count: number): Key[] {
  return Array.from({ length: count }, (_, index) => threefry(key, 0xffffffff, index));
}

/** A stream of numbers drawn in order from one key. Its position is its whole state. */
export interface RandomStream {
  /** 32 random bits as an unsigned integer. */
  bits(): number;
  /** Uniform in [0, 1), a multiple of 2^-24: exact in float32. */
  uniform(): number;
  /** Standard normal (Box and Muller 1958). */
  normal(): number;
  /** Uniform integer in [low, high), without modulo bias. */
  integer(low: number, high: number): number;
  /** A random order of 0 … count - 1 (Fisher and Yates). */
  permutation(count: number): Int32Array<ArrayBuffer>;
  /** How many 32-bit words were drawn so far; `randomStream(key, position)` goes on from there. */
  position(): number;
}

/** The stream of `key`, started after `position` words. */
export function randomStream(key: Key, position = 0): RandomStream {
  let next = position;
  let block: [number, number] = [0, 0];
  let blockIndex = -1;
  const bits = () => {
    const index = Math.floor(next / 2);
    if (index !== blockIndex) {
      block = threefry(key, Math.floor(index / 2 ** 32), index >>> 0);
      blockIndex = index;
    }
    return block[next++ & 1];
  };
  const uniform = () => (bits() >>> 8) * 2 ** -24;
  const integer = (low: number, high: number) => {
    const range = high - low;
    if (!(range > 0 && range <= 2 ** 32)) throw new RangeError(`integer: empty or too wide range [${low}, ${high})`);
    const limit = 2 ** 32 - (2 ** 32 % range);
    let word = bits();
    while (word >= limit) word = bits();
    return low + (word % range);
  };
  return {
    bits,
    uniform,
    integer,
    normal: () => {
      const radius = Math.sqrt(-2 * logarithm(((bits() >>> 8) + 1) * 2 ** -24));
      return radius * circle(uniform())[0];
    },
    permutation: (count) => {
      const order = Int32Array.from({ length: count }, (_, index) => index);
      for (let last = count - 1; last > 0; last--) {
        const other = integer(0, last + 1);
        [order[last], order[other]] = [order[other], order[last]];
      }
      return order;
    },
    position: () => next,
  };
}
