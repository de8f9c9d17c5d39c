import { describe, expect, it } from "vitest";
import {
  doubtAtTakeOver,
  ensembleDagger,
  ensembleDiscrepancy,
  hgDaggerDoubt,
  thriftyNovelty,
} from "../../src/algorithms/index.ts";
import type { EnsembleActor, PolicySpec } from "../../src/policies/index.ts";
import { momentsOf, specOf } from "./moments.ts";

/** An ensemble that plans what it is told, member by member, `[K, N, Tp, Da]`. */
function planning(spec: PolicySpec, chunks: readonly number[][]): EnsembleActor {
  return {
    name: "told",
    controller: "policy",
    horizons: spec.horizons,
    spec,
    members: chunks.length,
    planEach: async () => Float32Array.from(chunks.flat()),
    plan: () => new Float32Array(0),
    close: async () => {},
  };
}

// ALGORITHMS.md 11.9: [.1, .2], [.3, .1], [.2, .6]; variances with K [.00666…, .04666…], with K - 1 [.01, .07]
const MEMBERS = [
  [0.1, 0.2],
  [0.3, 0.1],
  [0.2, 0.6],
];
const spec = specOf({ actionSize: 2 });
const actor = planning(spec, MEMBERS);
const moment = momentsOf({ places: [0] });

describe("doubts of an ensemble", () => {
  it("have the reference's values", async () => {
    expect((await hgDaggerDoubt(actor).read(moment))[0]).toBeCloseTo(0.07071067812, 7);
    expect((await thriftyNovelty(actor).read(moment))[0]).toBeCloseTo(0.02666666667, 7);
    const [discrepancy, doubt] = await ensembleDagger(actor).read({ ...moment, expert: Float32Array.of(0, 0.5) });
    expect(doubt).toBeCloseTo(0.006666666667 + 0.04666666667, 7);
    // the mean action is [.2, .3]
    expect(discrepancy).toBeCloseTo(0.04 + 0.04, 7);
  });

  it("are of normalised actions, and of a chunk the mean over the actions that would be executed", async () => {
    const horizons = { observationHorizon: 2, predictionHorizon: 4, actionHorizon: 2 };
    const action = { scale: Float32Array.of(3), offset: Float32Array.of(7) };
    const chunks = [
      [9, 1, 2, 9],
      [0, 3, 8, 0],
    ];
    const told = planning(
      specOf({ horizons, action }),
      // a second episode beside it, in which all agree
      chunks.map((chunk) => [...chunk, 5, 5, 5, 5]),
    );
    const two = momentsOf({ places: [0, 0] });
    // steps 1 and 2: 1 and 3 differ by 2, 2 and 8 by 6; with K the variances are 1 and 9, with K - 1 twice that; scale² = 9
    expect([...(await thriftyNovelty(told).read(two))]).toEqual([9 * 5, 0]);
    expect([...(await hgDaggerDoubt(told).read(two))]).toEqual([9 * 10, 0]);
    const asked = { ...two, expert: Float32Array.of(4, Number.NaN) };
    // mean at step 1: 2, apart 2 · 3
    const both = await ensembleDagger(told).read(asked);
    expect([...both]).toEqual([36, 45, Number.NaN, 0]);
    expect([...(await ensembleDiscrepancy(told).read(asked))]).toEqual([36, Number.NaN]);
    expect([...(await ensembleDiscrepancy(told).read(two))]).toEqual([Number.NaN, Number.NaN]);
  });

  it("say what they read and whom they ask", () => {
    expect(hgDaggerDoubt(actor)).toMatchObject({ readings: ["doubt"], asksExpert: "never" });
    expect(thriftyNovelty(actor)).toMatchObject({ readings: ["novelty"], asksExpert: "never" });
    expect(ensembleDagger(actor)).toMatchObject({ readings: ["discrepancy", "doubt"], asksExpert: "always" });
    expect(ensembleDiscrepancy(actor)).toMatchObject({ readings: ["discrepancy"], asksExpert: "driving" });
    expect(() => hgDaggerDoubt(planning(spec, [[1, 2]]))).toThrow("found an ensemble of 1, expected 2 members or more");
  });
});

describe("doubtAtTakeOver", () => {
  it("is the mean of the last quarter in time order", () => {
    // ALGORITHMS.md 11.9; the largest quarter would be 0.475
    expect(doubtAtTakeOver([0.1, 0.5, 0.2, 0.3, 0.25, 0.45, 0.35, 0.4])).toBeCloseTo(0.375, 12);
    expect(doubtAtTakeOver([0.2])).toBe(0.2);
    expect(() => doubtAtTakeOver([])).toThrow("found no intervention");
  });
});
