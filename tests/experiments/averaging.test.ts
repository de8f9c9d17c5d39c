import { describe, expect, it } from "vitest";
import { policySpec } from "../../src/algorithms/index.ts";
import { wilson } from "../../src/base/index.ts";
import { splitDataset } from "../../src/datasets/index.ts";
import { drivingWorld, VEHICLE } from "../../src/environments/index.ts";
import { evaluate } from "../../src/evaluation/index.ts";
import {
  clone,
  demonstrate,
  type FinishedCell,
  lessonWork,
  stepOfObstacle,
  work,
} from "../../src/experiments/averaging/cell.ts";
import { pooled } from "../../src/experiments/averaging/experiment.ts";
import { type Cell, METHODS, settingsOf } from "../../src/experiments/averaging/settings.ts";
import { drivingExpert } from "../../src/experts/index.ts";
import { exportPolicy, modelOf, openPolicy, type PolicySpec } from "../../src/policies/index.ts";
import { rollout } from "../../src/rollouts/index.ts";
import { nodeRuntime } from "../../src/runtime/node.ts";
import { episodeSeeds } from "../../src/world/index.ts";

/** A cell in seconds: too small to show anything. */
const SMALL: Cell = {
  style: "mixed",
  scene: "urgent",
  method: "l2",
  seed: 4,
  demonstrations: 10,
  episodes: 6,
  evaluationSeed: 9,
  thoroughness: 0.01,
};
const context = (reports: unknown[] = []) => ({
  report: (value: unknown) => reports.push(value),
  signal: new AbortController().signal,
});

describe("the settings of averaging", () => {
  it("are the same for all methods in all but head, network and updates", () => {
    const [first, ...others] = METHODS.map((method) => {
      const { policy, updates, ...shared } = settingsOf({ ...SMALL, method });
      expect(updates).toBeGreaterThan(0);
      return shared;
    });
    // 0.4 s of 20 Hz are planned, 0.2 s driven
    expect(first.horizons).toEqual({ observationHorizon: 1, predictionHorizon: 8, actionHorizon: 4 });
    expect(first.seed).toBe(4);
    for (const other of others) expect(other).toEqual(first);
  });

  it("train each method with its share of the updates", () => {
    for (const method of METHODS) {
      const { updates } = settingsOf({ ...SMALL, method, thoroughness: 1 });
      expect(settingsOf({ ...SMALL, method, thoroughness: undefined }).updates).toBe(updates);
      expect(settingsOf({ ...SMALL, method, thoroughness: 0.01 }).updates).toBe(updates / 100);
    }
  });

  it("make l2-wide 16 times as large between its hidden layers, and nothing else of it", async () => {
    const dataset = await demonstrate(SMALL);
    const specOf = (method: Cell["method"]): PolicySpec => {
      const settings = settingsOf({ ...SMALL, method });
      return policySpec({ ...settings, dataset, split: splitDataset(dataset, { validationFraction: 0.1, seed: 0 }) });
    };
    // of each layer's weight [inputs, outputs] or the other way around: hidden-to-hidden is the one whose sides are equal
    const between = (method: Cell["method"]) => {
      const weights = Object.entries(modelOf(specOf(method)).parameters).filter(([name]) => name.endsWith("weight"));
      return weights.map(([, { shape }]) => shape).filter(([a, b]) => a === b);
    };
    expect(between("l2")).toEqual([[256, 256]]);
    expect(between("l2-wide")).toEqual([[1024, 1024]]);
    expect(specOf("l2-wide").recipe.head).toEqual(specOf("l2").recipe.head);
  });
});

describe("the demonstrations of averaging", () => {
  it("are the experts' own episodes: of one, or of two in turn", async () => {
    const world = drivingWorld({ scenario: "urgent" });
    const seeds = episodeSeeds("demonstrations", SMALL.seed, SMALL.demonstrations);
    for (const [style, drivers] of [
      ["one", ["left"]],
      ["mixed", ["left", "right"]],
    ] as const) {
      const dataset = await demonstrate({ ...SMALL, style });
      expect(dataset.task).toBe("driving-urgent");
      expect(dataset.episodeEnds).toHaveLength(10);
      expect([...dataset.provenance.actors].sort()).toEqual([...drivers].sort());
      let row = 0;
      for (const [i, seed] of seeds.entries()) {
        const episode = await rollout(world, drivingExpert(world, drivers[i % drivers.length]), { seed });
        expect(episode.info).toMatchObject({ success: true, mode: drivers[i % drivers.length] });
        expect(dataset.episodeEnds[i] - row).toBe(episode.length);
        const size = episode.spec.action.names.length;
        const own = dataset.action.values.subarray(row * size, dataset.episodeEnds[i] * size);
        expect([...own]).toEqual([...episode.action]);
        row = dataset.episodeEnds[i];
      }
    }
  });

  it("have the crate fall at a step, before which it is not there", async () => {
    const world = drivingWorld({ scenario: "urgent" });
    for (const seed of episodeSeeds("demonstrations", 0, 5)) {
      const episode = await rollout(world, drivingExpert(world, "left"), { seed });
      const step = stepOfObstacle(episode, drivingWorld({ scenario: "urgent" }));
      const size = episode.spec.action.names.length;
      const obstacles = [];
      world.reset(seed);
      for (let i = 0; i <= step; i++) {
        obstacles.push(world.scene().obstacles.length);
        if (i < step) world.step(episode.action.slice(i * size, (i + 1) * size));
      }
      expect(step).toBeGreaterThan(0);
      expect(obstacles).toEqual([...new Array(step).fill(0), 1]);
      // It falls 0.85 to 0.95 s before front and crate meet, and is seen in the next step of 0.05 s; speed changes a little.
      const { ego, obstacles: crates } = world.scene();
      const gap = crates[0].s - ego.s - (crates[0].length + VEHICLE.length) / 2;
      expect(gap / ego.speed).toBeGreaterThan(0.78);
      expect(gap / ego.speed).toBeLessThan(0.97);
    }
    // in sight from the start
    const leisurely = drivingWorld({ scenario: "leisurely" });
    const episode = await rollout(leisurely, drivingExpert(leisurely, "left"), { seed: 0 });
    expect(stepOfObstacle(episode, leisurely)).toBe(0);
  });
});

describe("a cell of averaging", () => {
  it("is what its policy comes to on the episodes that are the same for all cells", async () => {
    const reports: unknown[] = [];
    const [row] = await work().run(SMALL, context(reports));
    expect(row).toMatchObject({ style: "mixed", scene: "urgent", method: "l2", seed: 4 });
    expect(reports.at(-1)).toEqual({ update: 40, updates: 40 });
    // trained again, and judged one environment at a time
    const policy = exportPolicy(await clone(SMALL, await demonstrate(SMALL)));
    const planner = await openPolicy(nodeRuntime({ threads: 1 }), policy);
    const { success, metrics, modes, perSeed } = await evaluate({
      makeEnvironment: () => drivingWorld({ scenario: "urgent" }),
      planner,
      seeds: episodeSeeds("evaluation", 9, 6),
      together: 1,
    });
    await planner.close();
    const { obstacleCollision, departure } = metrics;
    expect(row).toMatchObject({ success, obstacleCollision, departure, left: modes.left, right: modes.right });
    expect(row.succeeded).toBe(perSeed.map((one) => Number(one.success)).join(""));
    expect(success.n).toBe(6);
    const lesson: FinishedCell = await lessonWork().run(SMALL, context());
    expect(Buffer.from(lesson.policy).equals(policy)).toBe(true);
  });

  it("stops within its training when it is told", async () => {
    const stop = new AbortController();
    const cell = { ...SMALL, thoroughness: 1 };
    let updates = 0;
    const report = (value: unknown) => {
      updates = (value as { update: number }).update;
      stop.abort(new Error("no longer wanted"));
    };
    await expect((async () => work().run(cell, { report, signal: stop.signal }))()).rejects.toThrow("no longer wanted");
    expect(updates).toBeLessThan(1000);
  });
});

describe("pooled", () => {
  const rate = (count: number, n: number) => ({ ...wilson(count, n), n });
  const row = (method: string, seed: number, [success, collided, left]: [number, number, number]) => ({
    cell: `urgent/${seed}/mixed/${method}`,
    scene: "urgent",
    style: "mixed",
    method,
    seed,
    success: rate(success, 50),
    obstacleCollision: rate(collided, 50),
    left: rate(left, 50),
  });

  it("adds up the episodes of a condition's training seeds, in the order of the methods", () => {
    const results = pooled([
      row("gmm", 1, [47, 3, 20]),
      row("l2", 2, [10, 39, 0]),
      row("l2", 1, [7, 43, 3]),
      row("l2", 3, [12, 38, 1]),
    ]);
    expect(results.map(({ method, seeds }) => [method, seeds])).toEqual([
      ["l2", 3],
      ["gmm", 1],
    ]);
    const [l2] = results;
    // 10 + 7 + 12, 39 + 43 + 38, 0 + 3 + 1, each of 150
    expect(l2.success).toEqual(rate(29, 150));
    expect(l2.obstacle).toEqual(rate(120, 150));
    expect(l2.left).toEqual(rate(4, 150));
    expect(l2.perSeed).toEqual([10 / 50, 7 / 50, 12 / 50]);
    expect(pooled([])).toEqual([]);
  });
});
