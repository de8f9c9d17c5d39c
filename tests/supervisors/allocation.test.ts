import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  createAllocation,
  criteriaPriority,
  type FleetNeed,
  type FleetPlace,
  type Priority,
  randomPriority,
  thriftyPriority,
} from "../../src/supervisors/index.ts";

/** Uncertainty by policy; "x" for one that failed, "r" for one that is being put right. */
type Sketch = number | "x" | "r";

const placeOf = (sketch: Sketch): FleetPlace =>
  typeof sketch === "number"
    ? { failed: false, resetting: false, readings: { u: sketch } }
    : { failed: true, resetting: sketch === "r", readings: {} };

const U = { reading: "u", threshold: 0.5 };
const CU = criteriaPriority("CU", { uncertainty: U });

/** Which operator is by which policy, tick by tick: "0-1" is operator 0 by the first, nobody by the second, 1 by the third. */
function allocated(
  options: { policies: number; operators: number; leastStay?: number; priority?: Priority; seed?: number },
  ticks: readonly (readonly Sketch[])[],
): string[] {
  const allocation = createAllocation({ leastStay: 3, priority: CU, seed: 0, ...options });
  return ticks.map((places) =>
    allocation
      .next(places.map(placeOf))
      .map((one) => one ?? "-")
      .join(""),
  );
}

describe("the allocation of operators", () => {
  it("goes by urgency, stays for the least time, and leaves for who needs it more: worked out by hand", () => {
    expect(
      allocated({ policies: 4, operators: 2 }, [
        [0, 0.9, 0.8, 0.7], // the two most urgent; operator 0 goes to the first of them
        [1, 0, 0, 0], // both stay: one tick of three
        [1, 0, 0, 0],
        [1, 0, 0, 0.6], // both may go
        [0, 0.9, 0, 0.9], // stay
        [0, 0.9, 0, 0.9],
        [0, 0.9, 0, 0.9], // 1 is where it is needed and stays, 0 goes on
        [0.9, 0, 0, 0], // 1 has stayed for longer than it must, 0 has not
        [0, 0, 0, 0],
        [0, 0, 0, 0], // 0 has been there for three ticks: nobody needs it
        [0, 0, 0, 0],
      ]),
    ).toEqual(["-01-", "-01-", "-01-", "0--1", "0--1", "0--1", "-0-1", "10--", "10--", "1---", "----"]);
  });

  it("puts failures before doubts, and stays until one is put right", () => {
    expect(
      allocated({ policies: 3, operators: 1, leastStay: 1 }, [
        [0.6, 0.9, "x"],
        [0.6, 0.9, "r"], // longer than the least stay, for it has begun
        [0.6, 0.9, "r"],
        [0.6, 0.9, 0],
        [0.6, 0, 0],
      ]),
    ).toEqual(["--0", "--0", "--0", "-0-", "0--"]);
  });

  it("puts right one after another, though chance might have it elsewhere in every tick", () => {
    const allocation = createAllocation({ policies: 2, operators: 1, leastStay: 1, priority: CU, seed: 5 });
    const where = allocation.next([placeOf("x"), placeOf("x")]).indexOf(0);
    for (let tick = 0; tick < 20; tick++) {
      const places = [0, 1].map((policy) => placeOf(policy === where ? "r" : "x"));
      expect(allocation.next(places).indexOf(0)).toBe(where);
    }
  });

  it("leaves a policy that failed under its hands where it has stayed long enough and others come first", () => {
    const priority = criteriaPriority("UC", { uncertainty: U });
    expect(
      allocated({ policies: 2, operators: 1, leastStay: 2, priority }, [
        [0.6, 0],
        ["x", 0.9], // it must stay for a second tick
        ["x", 0.9],
      ]),
    ).toEqual(["0-", "0-", "-0"]);
  });

  it("decides between equals by chance, the same under the same seed", () => {
    const ticks = Array.from({ length: 400 }, () => [1, 1, 1, 0.2]);
    const chosen = (seed: number) => allocated({ policies: 4, operators: 1, leastStay: 1, seed }, ticks);
    expect(chosen(1)).toEqual(chosen(1));
    expect(chosen(1)).not.toEqual(chosen(2));
    // Each of three equals a third of the time: 133 of 400, standard deviation 9.4.
    for (let policy = 0; policy < 3; policy++) {
      const count = chosen(1).filter((one) => one[policy] === "0").length;
      expect(Math.abs(count - 400 / 3)).toBeLessThan(40);
    }
    expect(chosen(1).some((one) => one[3] === "0")).toBe(false);
  });

  it("never has one operator in two places, nor lets one go before its time, nor leaves one idle who is needed", () => {
    const sketch = fc.oneof(fc.constantFrom(0, 0.6, 0.7, 0.8), fc.constant("x" as const));
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }).chain((policies) =>
          fc.record({
            policies: fc.constant(policies),
            operators: fc.integer({ min: 0, max: 4 }),
            leastStay: fc.integer({ min: 1, max: 4 }),
            ticks: fc.array(fc.array(sketch, { minLength: policies, maxLength: policies }), { maxLength: 20 }),
          }),
        ),
        ({ policies, operators, leastStay, ticks }) => {
          const rows = allocated({ policies, operators, leastStay }, ticks);
          rows.forEach((row, tick) => {
            const there = [...row].filter((one) => one !== "-");
            expect(new Set(there).size).toBe(there.length);
            const needed = ticks[tick].filter((one) => one !== 0).length;
            if (there.length < operators) {
              // Whoever needs somebody has somebody.
              const left = ticks[tick].filter((one, policy) => one !== 0 && row[policy] === "-");
              expect(left).toEqual([]);
            }
            expect(there.length).toBeLessThanOrEqual(operators);
            if (tick === 0) expect(there.length).toBe(Math.min(needed, operators));
          });
          for (let operator = 0; operator < operators; operator++) {
            const where = rows.map((row) => row.indexOf(String(operator)));
            where.forEach((place, tick) => {
              const came = place >= 0 && where[tick - 1] !== place;
              if (!came) return;
              const stay = where.slice(tick, tick + leastStay);
              expect(new Set(stay)).toEqual(new Set([place]));
            });
          }
        },
      ),
    );
  });

  it("refuses what is no count", () => {
    const options = { policies: 2, operators: 1, leastStay: 1, priority: CU, seed: 0 };
    expect(() => createAllocation({ ...options, policies: 0 })).toThrow("fleet: policies: found 0");
    expect(() => createAllocation({ ...options, operators: -1 })).toThrow("fleet: operators: found -1");
    expect(() => createAllocation({ ...options, leastStay: 0 })).toThrow("fleet: leastStay: found 0");
    expect(() => createAllocation(options).next([placeOf(0)])).toThrow("fleet: found 1 places, expected 2");
  });
});

const needOf = (sketch: Partial<FleetNeed>): FleetNeed => ({
  ...{ failed: false, resetting: false, held: false, readings: {} },
  ...sketch,
});

/** The policies that need somebody, most urgent first, where no two are equal. */
function order(priority: Priority, needs: readonly Partial<FleetNeed>[], tick = 0): number[] {
  const urgencies = priority(needs.map(needOf), tick);
  const ranked = urgencies.flatMap((urgency, policy) => (urgency ? [{ urgency, policy }] : []));
  ranked.sort((a, b) => {
    const i = a.urgency.findIndex((value, k) => value !== b.urgency[k]);
    return i < 0 ? 0 : b.urgency[i] - a.urgency[i];
  });
  return ranked.map(({ policy }) => policy);
}

describe("priorities", () => {
  const risk = { reading: "r", threshold: 0.5 };
  const needs = [
    { readings: { u: 0.6, r: 0.9 } },
    { failed: true },
    { readings: { u: 0.8, r: 0 } },
    { readings: { u: 0.1, r: 0.7 } },
    { readings: { u: 0.5, r: 0.5 } }, // at the thresholds, not above
    { readings: { u: 0.4, r: 0.9 } },
  ];

  it.each([
    ["CUR", [1, 2, 0, 5, 3]],
    ["UC", [2, 0, 1]],
    ["U", [2, 0]],
    ["RUC", [0, 5, 3, 2, 1]],
    ["C", [1]],
  ])("by %s", (letters, expected) => {
    expect(order(criteriaPriority(letters, { uncertainty: U, risk }), needs)).toEqual(expected);
  });

  it("lets those that failed wait in the warm-up, and those that are in doubt as well come last", () => {
    const priority = criteriaPriority("CUR", { uncertainty: U, risk, warmUp: 10 });
    const both = [...needs, { failed: true, readings: { u: 0.9 } }];
    expect(order(priority, both, 9)).toEqual([2, 0, 5, 3, 6]);
    expect(order(priority, both, 10)).toEqual([6, 1, 2, 0, 5, 3]);
  });

  it("refuses letters without a criterion", () => {
    expect(() => criteriaPriority("CUR", { uncertainty: U })).toThrow('priority "CUR": expected one or more of C, U');
    expect(() => criteriaPriority("")).toThrow("expected one or more of C");
  });

  it("Fleet-ThriftyDAgger: standard scores among all that was ever read", () => {
    const priority = thriftyPriority({ risk: "r", novelty: "u", alpha: 0.25, threshold: 0.5 });
    const first = [{ readings: { r: 0, u: 0 } }, { readings: { r: 1, u: 4 } }, { failed: true }].map(needOf);
    // Risks 0, 1: mean 0.5, deviation 0.5; novelties 0, 4: 2 and 2. Scores -1 and 1 each, over a deviation 1e-4 greater.
    const [low, high, failed] = priority(first, 0);
    expect(low).toBeNull();
    expect(high![0]).toBeCloseTo(0.25 * (0.5 / 0.5001) + 0.75 * (2 / 2.0001), 12);
    expect(high![1]).toBe(0);
    expect(failed).toEqual([0, 1]);
    // Now risks 0, 1, 1, 2 and novelties 0, 4, 0, 4: means 1 and 2, deviations sqrt(1/2) and 2.
    const [third, fourth] = priority([{ readings: { r: 1, u: 0 } }, { readings: { r: 2, u: 4 } }].map(needOf), 1);
    expect(third).toBeNull();
    expect(fourth![0]).toBeCloseTo(0.25 * (1 / (Math.SQRT1_2 + 1e-4)) + 0.75 * (2 / 2.0001), 12);
  });

  it("random: as many as are to be busy on average, whoever stays among them", () => {
    const priority = randomPriority({ seed: 3, busy: 2.5 });
    const counts = Array.from({ length: 2000 }, (_, tick) => {
      const chosen = priority(
        Array.from({ length: 6 }, (_, i) => needOf({ held: i === 0 })),
        tick,
      );
      expect(chosen[0]).toBeNull();
      return chosen.filter((one) => one !== null).length;
    });
    expect(new Set(counts)).toEqual(new Set([1, 2]));
    // 2.5 less the one who stays; standard error 0.5 / sqrt(2000) = 0.011.
    expect(Math.abs(counts.reduce((sum, count) => sum + count, 0) / 2000 - 1.5)).toBeLessThan(0.05);
  });
});
