/**
 * Random numbers inside a program: Threefry-2x32 on uint32 tensors, the twin of `base/random.ts`. A key is a uint32
 * tensor `[2]`; the same key gives the same bits on every runtime, normals agree to 1e-6.
 */
import { type Shape, sizeOf, THREEFRY_PARITY, THREEFRY_ROTATIONS } from "../base/index.ts";
import {
  add,
  and,
  cast,
  concat,
  cos,
  log,
  mul,
  reshape,
  shiftRight,
  sin,
  slice,
  splitAxis,
  sqrt,
  xor,
} from "./operations.ts";
import type { Tensor } from "./primitive.ts";
import { constant } from "./tensor.ts";

/** One block per counter: two words from a key and a counter of two words; all four broadcast. */
function threefry(key: Tensor, counter0: Tensor, counter1: Tensor): [Tensor, Tensor] {
  const k0 = slice(key, 0, 0, 1);
  const k1 = slice(key, 0, 1, 2);
  const word = (value: number) => constant(value, [], "uint32");
  const schedule = [k0, k1, xor(xor(k0, k1), word(THREEFRY_PARITY))];
  let a = add(counter0, schedule[0]);
  let b = add(counter1, schedule[1]);
  for (let round = 0; round < 20; round++) {
    const distance = THREEFRY_ROTATIONS[round & 7];
    a = add(a, b);
    // the rotation's halves share no bit: product and sum are its left shift and its or, in half the time
    b = xor(add(mul(b, word(2 ** distance)), shiftRight(b, word(32 - distance))), a);
    if ((round & 3) === 3) {
      const injection = (round >> 2) + 1;
      a = add(a, schedule[injection % 3]);
      b = add(add(b, schedule[(injection + 1) % 3]), word(injection));
    }
  }
  return [a, b];
}

/** A new key from a key and a uint32 or int32 scalar. */
export function foldInKey(key: Tensor, data: Tensor): Tensor {
  const low = reshape(cast(data, "uint32"), [1]);
  return concat(threefry(key, constant([0], [1], "uint32"), low), 0);
}

/** Words of one stream of a key, of which numbers are made: of every block the first word, and the second, each `[n]`. */
export interface RandomWords {
  readonly first: Tensor;
  readonly second: Tensor;
}

/**
 * Independent streams of one key, of so many words each: in stream s the counters (s, 0 …). All are drawn by one chain of
 * a hundred operators, where each further key would be a chain of its own.
 */
export function randomWords(key: Tensor, counts: readonly number[]): RandomWords[] {
  const sizes = counts.map((count) => Math.ceil(count / 2));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  const streams = sizes.flatMap((size, stream) => Array<number>(size).fill(stream));
  const counters = sizes.flatMap((size) => Array.from({ length: size }, (_, index) => index));
  const one = sizes.length === 1;
  const counter0 = one ? constant(0, [], "uint32") : constant(streams, [total], "uint32");
  const words = threefry(key, counter0, constant(counters, [total], "uint32"));
  const [firsts, seconds] = words.map((word) => splitAxis(word, 0, sizes));
  return sizes.map((_, stream) => ({ first: firsts[stream], second: seconds[stream] }));
}

/** A key stands for its stream 0. */
type Source = Tensor | RandomWords;

function wordsOf(source: Source, count: number): [Tensor, Tensor] {
  const { first, second } = "primitive" in source ? randomWords(source, [count])[0] : source;
  if (first.shape[0] !== Math.ceil(count / 2)) {
    throw new Error(`random numbers: found ${first.shape[0]} blocks of words, expected ${Math.ceil(count / 2)}`);
  }
  return [first, second];
}

/** The first `size` elements of two halves laid end to end, in a shape. */
function arrange(halves: readonly Tensor[], shape: Shape): Tensor {
  return reshape(slice(concat(halves, 0), 0, 0, sizeOf(shape)), shape);
}

/** 32 random bits per element, uint32. */
export function randomBits(source: Source, shape: Shape): Tensor {
  return arrange(wordsOf(source, sizeOf(shape)), shape);
}

/** The upper 24 bits of each word as a float32 in [0, 2^24). */
function upper24(bits: Tensor): Tensor {
  return cast(shiftRight(bits, 8), "float32");
}

/** Uniform in [0, 1): multiples of 2^-24. */
export function randomUniform(source: Source, shape: Shape): Tensor {
  return mul(upper24(randomBits(source, shape)), 2 ** -24);
}

/**
 * Uniform integers 0 … count - 1, int32: ⌊u · count⌋ for the uniform u, in whole numbers, since float32 would round some
 * products up. Count at most 2^24, bias below count / 2^24.
 */
export function randomIntegers(source: Source, shape: Shape, count: number): Tensor {
  if (!(Number.isInteger(count) && count >= 1 && count <= 2 ** 24)) {
    throw new RangeError(`randomIntegers: found ${count}, expected a whole number from 1 to 2^24`);
  }
  // (2^12 h + l)(2^12 c + d) / 2^24 = hc + (hd + lc + ld / 2^12) / 2^12, every part below 2^26
  const bits = shiftRight(randomBits(source, shape), 8);
  const [h, l] = [shiftRight(bits, 12), and(bits, 0xfff)];
  const [c, d] = [count >>> 12, count & 0xfff];
  const inner = add(mul(h, d), shiftRight(mul(l, d), 12));
  if (c === 0) return cast(shiftRight(inner, 12), "int32");
  return cast(add(mul(h, c), shiftRight(add(inner, mul(l, c)), 12)), "int32");
}

/** Standard normals (Box and Muller 1958), two from each block: radius·cosines first, then radius·sines. */
export function randomNormal(source: Source, shape: Shape): Tensor {
  const [first, second] = wordsOf(source, sizeOf(shape));
  const radius = sqrt(mul(-2, log(mul(add(upper24(first), 1), 2 ** -24))));
  const angle = mul(upper24(second), 2 * Math.PI * 2 ** -24);
  return arrange([mul(radius, cos(angle)), mul(radius, sin(angle))], shape);
}
