import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  aggregate,
  betaOf,
  cholesky,
  classesOf,
  disturbanceOf,
  mixturePlanner,
  type PerClass,
  STEP_CLASSES,
  smileWeights,
  weightsOf,
} from "../../src/algorithms/index.ts";
import { foldIn, randomKey } from "../../src/base/index.ts";
import { forkWorld } from "../../src/environments/index.ts";
import { type BatchActor, type Controller, type Episode, episodeOf, type Step } from "../../src/world/index.ts";

const counts = (part: Partial<PerClass>): PerClass => ({
  ...{ demonstration: 0, label: 0, intervention: 0, "pre-intervention": 0, policy: 0 },
  ...part,
});

describe("weights of classes of steps", () => {
  it("are Sirius's of ALGORITHMS.md 11.9, with the policy's clamped where demonstrations leave it nothing", () => {
    const weights = weightsOf(
      "sirius",
      counts({ demonstration: 300, policy: 550, intervention: 100, "pre-intervention": 50 }),
    );
    expect(weights.demonstration).toBeCloseTo(1, 12);
    expect(weights.policy).toBeCloseTo(0.36, 12);
    expect(weights.intervention).toBeCloseTo(5, 12);
    expect(weights["pre-intervention"]).toBeCloseTo(0.04, 12);
    const crowded = counts({ demonstration: 600, policy: 250, intervention: 100, "pre-intervention": 50 });
    const clamped = weightsOf("sirius", crowded);
    // unclamped it is -.408; without it the others sum to 600 + 500 + 2 = 1102 of 1000
    expect(clamped.policy).toBe(0);
    expect(clamped.demonstration).toBeCloseTo(1000 / 1102, 12);
    expect(clamped.intervention).toBeCloseTo(5000 / 1102, 12);
  });

  it("are IWR's: interventions 9 where they are 100 of 1000", () => {
    const weights = weightsOf("iwr", counts({ demonstration: 300, policy: 600, intervention: 100 }));
    expect(weights).toEqual(counts({ demonstration: 1, policy: 1, "pre-intervention": 1, intervention: 9, label: 9 }));
  });

  it("are never negative, and Sirius's have mean 1", () => {
    const count = fc.nat(1000);
    fc.assert(
      fc.property(fc.tuple(count, count, count, count, count), (numbers) => {
        const given = Object.fromEntries(STEP_CLASSES.map((name, i) => [name, numbers[i]])) as PerClass;
        const total = numbers.reduce((sum, value) => sum + value, 0);
        fc.pre(total > 0);
        for (const weighting of ["expert", "iwr", "sirius"] as const) {
          const weights = weightsOf(weighting, given);
          for (const name of STEP_CLASSES) expect(weights[name]).toBeGreaterThanOrEqual(0);
        }
        const sirius = weightsOf("sirius", given);
        const mean = STEP_CLASSES.reduce((sum, name) => sum + sirius[name] * given[name], 0) / total;
        expect(mean).toBeCloseTo(1, 9);
      }),
    );
  });

  it("are refused where one is negative", () => {
    expect(() => weightsOf(counts({ policy: -1 }), counts({}))).toThrow("weights: policy: found -1");
  });
});

const { spec } = forkWorld();

/** An episode of the fork: who drove each step (p policy, e expert), and where the expert gave a label (l: policy with one). */
function episode(steps: string): Episode {
  const rows = [...steps].map((mark, i): Step => {
    const controller: Controller = mark === "e" ? "expert" : "policy";
    return {
      observation: { position: Float32Array.of(i, 0) },
      action: Float32Array.of(i),
      controller,
      chunkPlace: 0,
      reward: 0,
      terminated: false,
      truncated: false,
      time: i,
      ...(mark !== "p" && { label: Float32Array.of(mark === "e" ? i : 100 + i) }),
    };
  });
  return episodeOf({ spec, seed: 0, actor: "x", info: { success: false } }, rows);
}

describe("aggregate", () => {
  it("tells demonstrations, labels, interventions and what came before them apart", () => {
    expect(classesOf(episode("eee"))).toEqual(["demonstration", "demonstration", "demonstration"]);
    expect(classesOf(episode("ppplpee"), 2)).toEqual([
      ...["policy", "policy", "policy", "label", "pre-intervention", "intervention", "intervention"],
    ]);
  });

  it("imitates the label where there is one, never the policy's own action, and no chunk across a hand-back", () => {
    const { dataset, supervision, counts } = aggregate([episode("eee"), episode("plleepe")], { weighting: "expert" });
    expect([...dataset.action.values]).toEqual([0, 1, 2, 0, 101, 102, 3, 4, 5, 6]);
    expect([...supervision.weights]).toEqual([1, 1, 1, 0, 1, 1, 1, 1, 0, 1]);
    expect(counts).toMatchObject({ demonstration: 3, label: 2, intervention: 3 });
    const [d0, d1, d2, p, l1, l2, e1, e2, back, again] = supervision.stretches;
    expect([d1, d2]).toEqual([d0, d0]);
    // labels of visited states are each a chunk of their own; an intervention is one as long as it lasts
    expect(new Set([d0, p, l1, l2, e1, back, again]).size).toBe(7);
    expect(e2).toBe(e1);
  });

  it("leaves out the first steps of an intervention when told to", () => {
    const { supervision } = aggregate([episode("ppeeepee")], { weighting: "expert", lag: 2 });
    expect([...supervision.weights]).toEqual([0, 0, 0, 0, 1, 0, 0, 0]);
  });
});

describe("schedules and mixtures", () => {
  it("are those of ALGORITHMS.md 11.8", () => {
    const linear = Array.from({ length: 16 }, (_, i) => betaOf({ kind: "linear", rounds: 15 }, i + 1));
    expect(linear.slice(0, 3)).toEqual([1, 14 / 15, 13 / 15]);
    expect(linear[14]).toBeCloseTo(0.06666666667, 10);
    expect(linear[15]).toBe(0);
    expect([1, 2, 3].map((round) => betaOf({ kind: "exponential", p: 0.9 }, round))).toEqual([1, 0.9, 0.9 ** 2]);
    expect([1, 2].map((round) => betaOf({ kind: "first" }, round))).toEqual([1, 0]);
    const { expert, policies } = smileWeights(0.2, 3);
    expect(expert).toBeCloseTo(0.512, 12);
    policies.forEach((weight, i) => {
      expect(weight).toBeCloseTo([0.2, 0.16, 0.128][i], 12);
    });
  });

  it("draws policies by their weights, the same for the same key", async () => {
    const constant = (value: number): BatchActor => ({
      name: String(value),
      controller: "policy",
      horizons: { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 },
      plan: (histories, keys) => new Float32Array(keys.length).map((_, row) => value + histories[row]),
    });
    const mixture = mixturePlanner([constant(0), constant(1000)], [3, 1]);
    const keys = Array.from({ length: 4000 }, (_, i) => foldIn(randomKey(1), i));
    const histories = Float32Array.from(keys, (_, i) => i / 8);
    const chunks = await mixture.plan(histories, keys);
    const second = [...chunks].filter((value, i) => value === 1000 + histories[i]).length;
    const first = [...chunks].filter((value, i) => value === histories[i]).length;
    expect(first + second).toBe(4000);
    // 1000 expected, standard deviation 27
    expect(Math.abs(second - 1000)).toBeLessThan(130);
    expect(await mixture.plan(histories.slice(7, 8), keys.slice(7, 8))).toEqual(chunks.slice(7, 8));
  });
});

describe("DART's disturbance", () => {
  it("is the mean outer product of the residuals, scaled to the error asked for", () => {
    const residuals = [Float32Array.of(1, 0, 0, 2), Float32Array.of(1, 1)];
    expect(disturbanceOf(residuals, 2)).toEqual([
      [(0.5 + 1) / 2, 0.5],
      [0.5, (2 + 1) / 2],
    ]);
    const scaled = disturbanceOf(residuals, 2, { error: 45, steps: 10 });
    expect(10 * (scaled[0][0] + scaled[1][1])).toBeCloseTo(45, 9);
  });

  it("has a root that multiplies back to it, where a column has no variance too", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -3, max: 3, noNaN: true }), { minLength: 9, maxLength: 9 }), (values) => {
        const rows = [0, 1, 2].map((i) => values.slice(3 * i, 3 * i + 3));
        const matrix = rows.map((a) => rows.map((b) => a.reduce((sum, value, k) => sum + value * b[k], 0)));
        const lower = cholesky(matrix);
        matrix.forEach((row, i) => {
          row.forEach((value, j) => {
            const product = lower[i].reduce((sum, l, k) => sum + l * lower[j][k], 0);
            expect(product).toBeCloseTo(value, 4);
          });
        });
      }),
    );
    expect(
      cholesky([
        [0, 0],
        [0, 4],
      ]),
    ).toEqual([
      [0, 0],
      [0, 2],
    ]);
  });
});
