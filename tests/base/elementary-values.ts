/** 100,000 results of base/elementary as one number: equal where every bit is equal. Runs in Node and in the browser. */
import { circle, logarithm } from "../../src/base/index.ts";
import { fingerprint } from "./fingerprint.ts";

/** Arguments from 1e-300 to 1e300 and around 1; and of the circle from 0 to 1. */
export const ARGUMENTS = Array.from({ length: 33_333 }, (_, index) => {
  const part = (index + 0.5) / 33_333;
  const mantissa = 1 + ((index * 0.618033988749895) % 1);
  const exponent = index % 3 === 0 ? 0 : Math.floor(part * 1990) - 995;
  return { positive: mantissa * 2 ** exponent, turn: part };
});

export function hashOfResults(): number {
  return fingerprint(ARGUMENTS.flatMap(({ positive, turn }) => [logarithm(positive), ...circle(turn)]));
}

/** What Node 20 on x86-64 computed in November 2026; every other engine must compute the same. */
export const HASH_OF_RESULTS = 1513705084;
