import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { afterHolding, afterPress, KEY_RATES, KICK, kick, ramp } from "../../src/live/index.ts";

const wanted = fc.constantFrom(-1, 0, 1);
const position = fc.double({ min: -1, max: 1, noNaN: true });
const seconds = fc.double({ min: 0, max: 0.5, noNaN: true });

describe("steering by keys", () => {
  it("reaches full lock in 1 / hold seconds, and the middle in 1 / release", () => {
    expect(ramp(0, 1, 1 / KEY_RATES.hold)).toBeCloseTo(1, 9);
    expect(ramp(0, 1, 0.1)).toBeCloseTo(0.1 * KEY_RATES.hold, 9);
    expect(ramp(1, 0, 0.1)).toBeCloseTo(1 - 0.1 * KEY_RATES.release, 9);
    expect(ramp(1, 0, 1)).toBe(0);
  });

  it("goes fast through the middle, then slowly on", () => {
    // From -0.7 at 7 per second: 0.1 s to the middle; then 0.1 s at 2.6 per second.
    expect(ramp(-0.7, 1, 0.2)).toBeCloseTo(0.26, 9);
  });

  it("is the same in one long or two short pictures, and never overshoots", () => {
    fc.assert(
      fc.property(position, wanted, seconds, seconds, (from, to, first, second) => {
        const once = ramp(from, to, first + second);
        expect(ramp(ramp(from, to, first), to, second)).toBeCloseTo(once, 9);
        expect(Math.abs(once)).toBeLessThanOrEqual(1);
        // Never further from what is wanted than before.
        expect(Math.abs(to - once)).toBeLessThanOrEqual(Math.abs(to - from) + 1e-12);
      }),
    );
  });

  it("is felt at once when a key goes down", () => {
    expect(kick(0, 1)).toBe(KICK);
    expect(kick(0.6, 1)).toBe(0.6);
    expect(kick(0.6, -1)).toBe(-KICK);
    expect(kick(0.6, 0)).toBe(0.6);
  });

  it("moves wheel and pedals each by itself", () => {
    fc.assert(
      fc.property(position, position, wanted, wanted, seconds, (x, y, keyX, keyY, passed) => {
        const keys = { x: keyX, y: keyY };
        expect(afterPress({ x, y }, keys)).toEqual({ x: kick(x, keyX), y: kick(y, keyY) });
        expect(afterHolding({ x, y }, keys, passed)).toEqual({ x: ramp(x, keyX, passed), y: ramp(y, keyY, passed) });
      }),
    );
  });
});
