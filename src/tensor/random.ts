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
  or,
  reshape,
  shiftLeft,
  shiftRight,
  sin,
  slice,
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
    b = xor(or(shiftLeft(b, word(distance)), shiftRight(b, word(32 - distance))), a);
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

/**
 * A key has 2^32 independent streams, by the first word of the counter; the default is 0. A further stream costs nothing,
 * a further key a hundred operators.
 */
interface StreamOption {
  readonly stream?: number;
}

/** Blocks for `words` words: both words of the counters (stream, 0 … ⌈words/2⌉ - 1). */
function blocks(key: Tensor, words: number, { stream = 0 }: StreamOption): [Tensor, Tensor] {
  const counters = Uint32Array.from({ length: Math.ceil(words / 2) }, (_, index) => index);
  return threefry(key, constant(stream, [], "uint32"), constant(counters, [counters.length], "uint32"));
}

/** The first `size` elements of two halves laid end to end, in a shape. */
function arrange(halves: readonly Tensor[], shape: Shape): Tensor {
  return reshape(slice(concat(halves, 0), 0, 0, sizeOf(shape)), shape);
}

/** 32 random bits per element, uint32. */
export function randomBits(key: Tensor, shape: Shape, options: StreamOption = {}): Tensor {
  return arrange(blocks(key, sizeOf(shape), options), shape);
}

/** The upper 24 bits of each word as a float32 in [0, 2^24). */
function upper24(bits: Tensor): Tensor {
  return cast(shiftRight(bits, 8), "float32");
}

/** Uniform in [0, 1): multiples of 2^-24. */
export function randomUniform(key: Tensor, shape: Shape, options: StreamOption = {}): Tensor {
  return mul(upper24(randomBits(key, shape, options)), 2 ** -24);
}

/**
 * Uniform integers 0 … count - 1, int32: ⌊u · count⌋ for the uniform u, in whole numbers, since float32 would round some
 * products up. Count at most 2^24, bias below count / 2^24.
 */
export function randomIntegers(key: Tensor, shape: Shape, count: number, options: StreamOption = {}): Tensor {
  if (!(Number.isInteger(count) && count >= 1 && count <= 2 ** 24)) {
    throw new RangeError(`randomIntegers: found ${count}, expected a whole number from 1 to 2^24`);
  }
  // (2^12 h + l)(2^12 c + d) / 2^24 = hc + (hd + lc + ld / 2^12) / 2^12, every part below 2^26
  const bits = shiftRight(randomBits(key, shape, options), 8);
  const [h, l] = [shiftRight(bits, 12), and(bits, 0xfff)];
  const [c, d] = [count >>> 12, count & 0xfff];
  const inner = add(mul(h, d), shiftRight(mul(l, d), 12));
  if (c === 0) return cast(shiftRight(inner, 12), "int32");
  return cast(add(mul(h, c), shiftRight(add(inner, mul(l, c)), 12)), "int32");
}

/** Standard normals (Box and Muller 1958), two from each block: radius·cosines first, then radius·sines. */
export function randomNormal(key: Tensor, shape: Shape, options: StreamOption = {}): Tensor {
  const [first, second] = blocks(key, sizeOf(shape), options);
  const radius = sqrt(mul(-2, log(mul(add(upper24(first), 1), 2 ** -24))));
  const angle = mul(upper24(second), 2 * Math.PI * 2 ** -24);
  return arrange([mul(radius, cos(angle)), mul(radius, sin(angle))], shape);
}
