import { describe, expect, it } from "vitest";
import { boundedSpec } from "../../src/algorithms/index.ts";
import { meanOfValues, randomKey, randomStream, wilson } from "../../src/base/index.ts";
import { datasetOf } from "../../src/datasets/index.ts";
import { work } from "../../src/experiments/compounding/cell.ts";
import {
  actionErrors,
  courseOf,
  distancesFrom,
  farOf,
  observationsOf,
  type Track,
} from "../../src/experiments/compounding/course.ts";
import { compounding } from "../../src/experiments/compounding/experiment.ts";
import { inexact, slipping, wrongSide } from "../../src/experiments/compounding/labels.ts";
import { learn, record } from "../../src/experiments/compounding/learn.ts";
import { answersOf, costOf, openFor } from "../../src/experiments/compounding/measure.ts";
import { play } from "../../src/experiments/compounding/play.ts";
import { drawReport } from "../../src/experiments/compounding/report.ts";
import { pooledMeans, pooledRates } from "../../src/experiments/compounding/rows.ts";
import {
  DRIVING,
  type DrivingCell,
  LENGTHS,
  ONE_STEP,
  ROUNDS,
  SMALL_WORLDS,
  THEORY,
  type TheoryCell,
  WORLDS,
  type WorldName,
  WRONG_LABELS,
} from "../../src/experiments/compounding/settings.ts";
import {
  chainCost,
  driftCost,
  slopeOf,
  slopeOfForm,
  slopeOverSeeds,
} from "../../src/experiments/compounding/theory.ts";
import { initialise } from "../../src/nn/index.ts";
import { modelOf, type Policy } from "../../src/policies/index.ts";
import { rollout, rolloutMany } from "../../src/rollouts/index.ts";
import { coinSupervisor } from "../../src/supervisors/index.ts";
import type { Episode } from "../../src/world/index.ts";

const { signal } = new AbortController();
const context = { report() {}, signal };

describe("the closed forms (ALGORITHMS.md 11.8)", () => {
  it("of the chain without recovery, and with all of it", () => {
    const lengths = [10, 50, 100, 200, 400, 1000];
    const bc = {
      0.01: [0.5338254259, 10.89560065, 37.23720179, 114.2639878, 302.7771048, 901.004274],
      0.001: [0.05483532954, 1.254422569, 4.887354967, 18.83018065, 70.5157201, 368.3277293],
    };
    for (const [error, costs] of Object.entries(bc)) {
      const rate = Number(error);
      lengths.forEach((steps, i) => {
        const found = chainCost({ error: rate, recovery: 0 }, steps);
        expect(Math.abs(found / costs[i] - 1)).toBeLessThan(1e-9);
        expect(chainCost({ error: rate, recovery: 1 - rate }, steps)).toBeCloseTo(rate * steps, 12);
      });
    }
  });

  it("of the chain with some recovery", () => {
    const costs = {
      0.05: [14.06092106, 30.72223325, 64.05555556],
      0.2: [4.58276644, 9.344671202, 18.86848073],
      0.99: [1, 2, 4],
    };
    for (const [recovery, expected] of Object.entries(costs)) {
      [100, 200, 400].forEach((steps, i) => {
        const found = chainCost({ error: 0.01, recovery: Number(recovery) }, steps);
        expect(Math.abs(found / expected[i] - 1)).toBeLessThan(1e-9);
      });
    }
  });

  it("are the sum over steps of the probability to be off, step by step", () => {
    const [error, recovery] = [0.03, 0.2];
    let [off, cost] = [0, 0];
    for (let step = 0; step < 50; step++) {
      off = off * (1 - recovery) + (1 - off) * error;
      cost += off;
    }
    expect(chainCost({ error, recovery }, 50)).toBeCloseTo(cost, 12);
    expect(chainCost({ error: 0, recovery: 0 }, 50)).toBe(0);
  });

  it("of the drift", () => {
    const at = (correction: number) => [10, 50, 100].map((steps) => driftCost({ bias: 0.01, correction }, steps));
    const expected = { 0: [0.55, 12.75, 50.5], 1: [0.1, 0.5, 1], 0.5: [0.1800195313, 0.98, 1.98] };
    for (const [correction, costs] of Object.entries(expected)) {
      at(Number(correction)).forEach((cost, i) => {
        expect(cost).toBeCloseTo(costs[i], 9);
      });
    }
    expect(driftCost({ bias: -0.01, correction: 0 }, 10)).toBeCloseTo(0.55, 9);
  });

  it("grow by the slopes of theory: 1.945921045 from 100 to 200 steps, and 1", () => {
    const slope = (recovery: number) =>
      slopeOfForm((steps) => chainCost({ error: 0.001, recovery }, steps), [100, 200]);
    expect(slope(0)).toBeCloseTo(1.945921045, 8);
    expect(slope(0.999)).toBeCloseTo(1, 8);
  });
});

describe("slopes", () => {
  const point = (steps: number, mean: number, half: number) => ({
    steps,
    cost: { mean, low: mean - half, high: mean + half, n: 10 },
  });

  it("are those of the least-squares line through the logarithms", () => {
    const points = [2, 4, 8, 16].map((steps) => point(steps, 3 * steps ** 1.7, 0));
    const { mean, low, high, n } = slopeOf(points);
    expect([mean, low, high]).toEqual([mean, mean, mean]);
    expect(mean).toBeCloseTo(1.7, 12);
    expect(n).toBe(40);
    expect(() => slopeOf(points.slice(1, 2))).toThrow("found 1 points");
  });

  it("have the interval that those of the points make of it", () => {
    // (log J2 - log J1) / log 2, each J known to a tenth of itself: 0.1 sqrt(2) / log 2
    const { mean, low, high } = slopeOf([point(8, 2, 0.2), point(16, 8, 0.8)]);
    expect(mean).toBeCloseTo(2, 12);
    expect(high - mean).toBeCloseTo((0.1 * Math.SQRT2) / Math.LN2, 12);
    expect(mean - low).toBeCloseTo(high - mean, 12);
  });

  it("of several trainings are a mean with the variation between them", () => {
    const slopes = [1.9, 2, 2.1].map((mean) => ({ mean, low: mean, high: mean, n: 5 }));
    expect(slopeOverSeeds(slopes)).toEqual(meanOfValues([1.9, 2, 2.1]));
  });
});

describe("labels that slip", () => {
  it("name the wrong turn as often as they say, and never move the world", async () => {
    // 100 episodes of 50 steps: 5000 labels, of which 7e-4 are wrong
    const seeds = Array.from({ length: 100 }, (_, i) => i);
    const episodes = await record({ world: "chain", lengths: [50] }, seeds, null);
    let wrong = 0;
    for (const { observation, action, label, reward, controller } of episodes) {
      expect(reward.every((value) => value === 0)).toBe(true);
      expect(new Set(controller)).toEqual(new Set(["expert"]));
      action.forEach((value, step) => {
        expect(value).toBe(observation.track[2 * step]);
        if (label?.[step] !== value) wrong += 1;
      });
    }
    // 3.5 expected; at most 12 with probability 0.9999
    expect(wrong).toBeLessThan(13);
    expect(wrong / 5000).toBeLessThan(20 * WRONG_LABELS);
  });

  it("slip by what they are told, in a stream of their own", async () => {
    const expert = () => ({ ...SMALL_WORLDS.drift.expert(), act: () => Float32Array.of(0.25) });
    const coin = () => coinSupervisor(expert(), { beta: 1, every: 1 });
    const moment = { step: 0, observation: {} } as Parameters<ReturnType<typeof coin>["answer"]>[0];
    const said = async (slip: Parameters<typeof slipping>[1], seed: number) => {
      const supervisor = slipping(coin(), slip);
      supervisor.reset(seed);
      const answers = [];
      for (let i = 0; i < 2000; i++) answers.push(await supervisor.answer(moment, false));
      return answers;
    };
    for (const answer of await said(wrongSide(1), 1)) {
      expect(answer?.label).toEqual(Float32Array.of(-0.25));
      expect(answer?.action).toEqual(Float32Array.of(0.25));
    }
    const labels = (await said(inexact(0.1, 0.02), 1)).map((answer) => answer!.label![0]);
    const { mean } = meanOfValues(labels);
    // the standard error is 0.02 / sqrt(2000) = 0.00045
    expect(Math.abs(mean - 0.35)).toBeLessThan(0.002);
    const again = (await said(inexact(0.1, 0.02), 1)).map((answer) => answer!.label![0]);
    expect(again).toEqual(labels);
    expect((await said(inexact(0.1, 0.02), 2))[0]!.label![0]).not.toBe(labels[0]);
  });
});

/** A policy for a world as it is before training. */
async function untrained(world: WorldName): Promise<Policy> {
  const { make, expert, policy } = SMALL_WORLDS[world];
  const episode = await rollout(make(20), expert(), { seed: 1 });
  const dataset = datasetOf([episode], { format: "test", source: "test", notes: [] });
  const bounds = episode.spec.action;
  const spec = boundedSpec({ dataset, policy, horizons: ONE_STEP, observation: "limits", bounds });
  return { spec, parameters: initialise(modelOf(spec).parameters, randomKey(3)) };
}

describe("playing many episodes side by side", () => {
  const steps = 40;
  const seeds = [5, 6, 7, 8, 9, 10, 11];

  it.each(WORLDS)("costs and counts what as many rollouts do, one world at a time: %s", async (world) => {
    const { make, many, right, error, isOff } = SMALL_WORLDS[world];
    const planner = await openFor(await untrained(world), seeds.length);
    const episodes = await rolloutMany(() => make(steps), planner, seeds, { together: 1 });
    const costs = await play(planner, many(seeds, steps), { seeds, steps, right, driver: "policy" });
    // an episode keeps its rewards as float32
    episodes.forEach(({ reward }, i) => {
      expect(costs[i]).toBeCloseTo(
        reward.reduce((sum, value) => sum - value, 0),
        5,
      );
    });
    if (world !== "drift") expect(costs.some((cost) => cost > 0 && cost < steps)).toBe(true);

    const counted = { on: { asked: 0, errors: 0 }, off: { asked: 0, errors: 0 } };
    for (const episode of episodes) {
      const observations = observationsOf(episode);
      const size = observations.length / episode.length;
      episode.action.forEach((action, step) => {
        const count = counted[isOff(observations, step * size) ? "off" : "on"];
        count.asked += 1;
        count.errors += error(action, right(observations, step * size));
      });
    }
    const { on, off } = await answersOf(planner, "policy", { world, seeds, steps, signal });
    expect({ on: on.asked, off: off.asked }).toEqual({ on: counted.on.asked, off: counted.off.asked });
    expect(on.errors).toBeCloseTo(counted.on.errors, 3);
    expect(off.errors).toBe(counted.off.errors);
    expect(await costOf(planner, { world, seeds, steps, signal })).toEqual(meanOfValues(costs));
    await planner.close();
  });

  it("stays where the expert leads while the expert drives", async () => {
    const planner = await openFor(await untrained("chain"), seeds.length);
    const { on, off } = await answersOf(planner, "expert", { world: "chain", seeds, steps, signal });
    expect([on.asked, off.asked]).toEqual([seeds.length * steps, 0]);
    expect(on.errors).toBeGreaterThan(0);
    const { many, right } = SMALL_WORLDS.chain;
    const costs = await play(planner, many(seeds, steps), { seeds, steps, right, driver: "expert" });
    expect([...costs]).toEqual(seeds.map(() => 0));
    await planner.close();
  });

  it("refuses seeds that are not one for each episode", async () => {
    const planner = await openFor(await untrained("drift"), 2);
    const { many, right } = SMALL_WORLDS.drift;
    const options = { seeds: [1, 2, 3], steps: 4, right, driver: "policy" as const };
    await expect(play(planner, many([1, 2], 4), options)).rejects.toThrow("found 3 seeds for 2 episodes");
    await planner.close();
  });

  it("finds the slope of actions over what is seen", async () => {
    const policy = await untrained("drift");
    const planner = await openFor(policy, seeds.length);
    const { slope } = await answersOf(planner, "policy", { world: "drift", seeds, steps: 2, signal });
    const episodes = await rolloutMany(() => SMALL_WORLDS.drift.make(2), planner, seeds);
    const xs = episodes.flatMap(({ observation }) => [...observation.point]);
    const ys = episodes.flatMap(({ action }) => [...action]);
    const [mx, my] = [xs, ys].map((values) => meanOfValues(values).mean);
    const sum = (f: (x: number, y: number) => number) => xs.reduce((total, x, i) => total + f(x, ys[i]), 0);
    expect(slope).toBeCloseTo(sum((x, y) => (x - mx) * (y - my)) / sum((x) => (x - mx) ** 2), 6);
    await planner.close();
  });
});

/** A cell in seconds: too small to show anything. */
const SMALL: TheoryCell = {
  kind: "theory",
  world: "chain",
  method: "bc",
  seeds: [4],
  lengths: [4, 8],
  episodes: 60,
  measured: 20,
  demonstrations: 8,
  updates: 30,
};

describe("learning in the small worlds", () => {
  it("is by the expert's states, or by the policy's own after the first round, with as many labels", async () => {
    const seen: Episode[][] = [];
    const planner = await openFor(await untrained("chain"), 4);
    for (const driver of [null, planner]) seen.push(await record(SMALL, [1, 2, 3, 4], driver));
    await planner.close();
    const [shown, own] = seen;
    for (const episode of seen.flat()) {
      expect(episode.length).toBe(8);
      expect(episode.label?.some(Number.isNaN)).toBe(false);
    }
    expect(shown.every(({ controller }) => controller.every((who) => who === "expert"))).toBe(true);
    expect(own.every(({ controller }) => controller.every((who) => who === "policy"))).toBe(true);
    expect(own.some(({ observation }) => observation.track.some((value, i) => i % 2 === 1 && value === 1))).toBe(true);
    expect(THEORY.demonstrations % ROUNDS).toBe(0);
  });

  it("ends with the same policy each time, and stops when it is told", async () => {
    const cell = { ...SMALL, method: "dagger" as const };
    expect(await learn(cell, 4, signal)).toEqual(await learn(cell, 4, signal));
    const stopped = AbortSignal.abort(new Error("no longer wanted"));
    await expect(learn(SMALL, 4, stopped)).rejects.toThrow("no longer wanted");
  });
});

describe("a cell of compounding", () => {
  it.each([
    ["chain", "bc"],
    ["cliff", "dagger"],
    ["drift", "bc-undecayed"],
  ] as const)("is its policies, their costs and their slopes: %s, %s", async (world, method) => {
    const rows = await work().run({ ...SMALL, world, method, seeds: [4, 5] }, context);
    const kinds = ["policy", "cost", "cost", "slope"];
    expect(rows.map(({ kind }) => kind)).toEqual([...kinds, ...kinds, "slope"]);
    expect(rows.map(({ seed }) => seed)).toEqual([4, 4, 4, 4, 5, 5, 5, 5, "all"]);
    for (const row of rows) expect(row).toMatchObject({ world, method });
    expect(rows[0].labels).toBe(8 * 8);
    expect(rows[1].cost).toMatchObject({ n: 60 });
    const { mean, low, high } = rows[2].closedForm as { mean: number; low: number; high: number };
    expect(low <= mean && mean <= high).toBe(true);
    expect(low < high).toBe(world !== "drift");
    expect(
      drawReport(
        rows.map((row) => ({ cell: "test", ...row })),
        { command: "test" },
      ),
    ).toContain("Slope of log J");
  });

  it("of driving is two policies and the expert, second by second", async () => {
    const cell: DrivingCell = {
      kind: "driving",
      seed: 4,
      episodes: 4,
      seconds: 3,
      demonstrations: 1,
      rounds: 2,
      labels: 30,
      updates: 20,
    };
    const rows = await work().run(cell, context);
    const of = (kind: string, method: string) => rows.filter((row) => row.kind === kind && row.method === method);
    for (const method of ["bc", "dagger"]) {
      const [{ success, expertSteps, ownError, expertStatesError }] = of("drive", method);
      expect(success).toMatchObject({ n: 4 });
      expect(expertSteps).toBeGreaterThanOrEqual(of("drive", "dagger")[0].expertSteps as number);
      for (const error of [ownError, expertStatesError]) expect((error as { mean: number }).mean).toBeGreaterThan(0);
    }
    for (const method of ["bc", "dagger", "expert"]) {
      const course = of("course", method);
      expect(course.map(({ second }) => second)).toEqual([0, 1, 2]);
      expect(course[0].running).toMatchObject({ rate: 1, n: 4 });
      expect(course[0].distance).not.toBeNull();
    }
    expect(
      drawReport(
        rows.map((row) => ({ cell: "test", ...row })),
        { command: "test" },
      ),
    ).toContain("action error");
  });

  it("asks what the issue asks: a factor of 16, 100,000 episodes a point, few errors in the longest", () => {
    expect(Math.max(...LENGTHS) / Math.min(...LENGTHS)).toBeGreaterThanOrEqual(16);
    expect(THEORY.episodes).toBeGreaterThanOrEqual(100_000);
    expect(WRONG_LABELS * Math.max(...LENGTHS)).toBeLessThan(0.3);
    expect(DRIVING.episodes).toBeGreaterThanOrEqual(500);
    expect(compounding.name).toBe("compounding");
    expect(drawReport([], { command: "test" })).toContain("Compounding errors");
  });
});

describe("the course of episodes", () => {
  it("measures the distance to the nearest of every fourth demonstrated row, in their deviations", async () => {
    const episodes: Episode[] = [];
    for (const seed of [1, 2])
      episodes.push(await rollout(SMALL_WORLDS.chain.make(30), SMALL_WORLDS.chain.expert(), { seed }));
    const dataset = datasetOf(episodes, { format: "test", source: "test", notes: [] });
    const random = randomStream(randomKey(1));
    const values = dataset.observation.values.map((_, i) => (i % 2 ? 5 + 3 * random.normal() : random.normal()));
    const data = { ...dataset, observation: { ...dataset.observation, values } };
    const asked = Float32Array.from({ length: 20 }, () => 4 * random.normal());
    const columns = [0, 1].map((column) => values.filter((_, i) => i % 2 === column));
    const deviations = columns.map((column) => {
      const { mean } = meanOfValues(column);
      return Math.sqrt(column.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (column.length - 1));
    });
    const expected = Array.from({ length: 10 }, (_, row) => {
      const candidates = [];
      for (let other = 0; other < 60; other += 4) {
        const [a, b] = [0, 1].map((i) => (asked[2 * row + i] - values[2 * other + i]) / deviations[i]);
        candidates.push(Math.sqrt((a * a + b * b) / 2));
      }
      return Math.min(...candidates);
    });
    distancesFrom(data)(asked).forEach((distance, row) => {
      expect(distance).toBeCloseTo(expected[row], 4);
    });
  });

  it("measures actions in half ranges, on average over the dimensions", () => {
    const space = { names: ["a", "b"], units: ["1", "1"], low: [-1, 0], high: [1, 10] };
    const errors = actionErrors(space, Float32Array.of(0.5, 2, 0, 0), Float32Array.of(0, 4.5, 0, 0));
    // 0.5 of 1 and 2.5 of 5
    expect([...errors]).toEqual([0.5, 0]);
  });

  it("counts who is on the way, who has failed and who is far off, second by second", () => {
    const track = (success: boolean, length: number, distance: number): Track => ({
      success,
      errors: new Float32Array(length).fill(distance / 10),
      distances: new Float32Array(Math.ceil(length / 2)).fill(distance),
      every: 2,
    });
    // at 4 steps a second: one fails after 1.5 s, one arrives after 2 s, one is far off all along
    const tracks = [track(false, 6, 1), track(true, 8, 1), track(true, 12, 3)];
    const course = courseOf(tracks, { rate: 4, seconds: 3, far: 2 });
    expect(course.map(({ running }) => running)).toEqual([wilson(3, 3), wilson(3, 3), wilson(1, 3)]);
    expect(course.map(({ failed }) => failed)).toEqual([wilson(0, 3), wilson(1, 3), wilson(1, 3)]);
    // of those that have not arrived: in the last second the failed one and the far one
    expect(course.map(({ off }) => off)).toEqual([wilson(1, 3), wilson(2, 3), wilson(2, 2)]);
    expect(course.map(({ distance }) => distance?.mean)).toEqual([5 / 3, 5 / 3, 3]);
    expect(course[0].error?.mean).toBeCloseTo(0.5 / 3, 6);
    expect(farOf(tracks)).toBe(3);
  });

  it("is pooled over trainings by their episodes", () => {
    const a = { mean: 1, low: 0.7, high: 1.3, n: 100 };
    const b = { mean: 2, low: 1.6, high: 2.4, n: 300 };
    const pooled = pooledMeans([a, null, b])!;
    expect(pooled.mean).toBeCloseTo(1.75, 12);
    // hypot(0.3 / 4, 0.4 · 3 / 4)
    expect(pooled.high - pooled.mean).toBeCloseTo(Math.hypot(0.075, 0.3), 12);
    expect(pooledMeans([null])).toBeNull();
    expect(pooledRates([wilson(1, 10), null, wilson(5, 20)])).toEqual(wilson(6, 30));
    expect(pooledRates([])).toBeNull();
  });
});
