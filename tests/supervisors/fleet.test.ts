import { describe, expect, it } from "vitest";
import { type DrivingWorld, drivingWorld } from "../../src/environments/index.ts";
import { drivingExpert } from "../../src/experts/index.ts";
import { type Gate, supervise } from "../../src/rollouts/index.ts";
import {
  criteriaPriority,
  type FleetOptions,
  type FleetResult,
  type Priority,
  randomPriority,
  returnOnHumanEffort,
  superviseFleet,
} from "../../src/supervisors/index.ts";
import type { BatchActor, Environment } from "../../src/world/index.ts";
import { type LineOptions, lineExpert, linePlanner, lineWorld } from "../rollouts/line.ts";

const planner = linePlanner({ observationHorizon: 1, predictionHorizon: 2, actionHorizon: 2 });
const seeds = Array.from({ length: 200 }, (_, seed) => seed);

const lineFleet = (world: LineOptions, options: Partial<FleetOptions>) =>
  superviseFleet(() => lineWorld({ start: [0, 0], ...world }), planner, seeds, {
    ...{ policies: 2, operators: 1, ticks: 10, leastStay: 1, resetTicks: 2 },
    ...{ priority: criteriaPriority("C"), makeExpert: lineExpert },
    ...options,
  });

describe("returnOnHumanEffort", () => {
  it("is M / N times reward by 1 + help", () => {
    // ALGORITHMS.md 11.9.
    const effort = returnOnHumanEffort({ operators: 10, policies: 100, reward: 250, operatorTicks: 7.3 });
    expect(effort).toBeCloseTo(3.012048193, 9);
  });
});

describe("a fleet", () => {
  it("stands where it failed until an operator has put it right: worked out by hand", async () => {
    // x moves by 1 and a little, so both fail in their third step, the end of tick 2. One of them is put right in ticks 3
    // and 4, the other in 5 and 6; the first fails again at the end of tick 7, the second at that of tick 9, while the
    // first is being put right, in ticks 8 and 9.
    const { episodes, tally } = await lineFleet({ limit: 2.5 }, {});
    expect(tally).toEqual({
      policies: 2,
      operators: 1,
      ticks: 10,
      // 1 + 2 + 3 in each of four episodes.
      reward: 24,
      successes: 0,
      cumulativeSuccesses: new Int32Array(10),
      failures: 4,
      hardResets: 2,
      // The first stands in ticks 3, 4, 8, 9, the second in 3 to 6.
      idle: 8,
      operatorTicks: 6,
      assignments: 3,
      returnOnHumanEffort: (0.5 * 24) / 7,
    });
    expect(episodes.map(({ length, terminated }) => [length, terminated])).toEqual(new Array(4).fill([3, true]));
    // Nobody drove: putting right is not driving.
    for (const { controller } of episodes) expect(controller).toEqual(["policy", "policy", "policy"]);
  });

  it("begins anew by itself where it succeeded", async () => {
    const { episodes, tally } = await lineFleet({ length: 3 }, { ticks: 7 });
    expect([...tally.cumulativeSuccesses]).toEqual([0, 0, 2, 2, 2, 4, 4]);
    expect(tally).toMatchObject({ successes: 4, failures: 0, idle: 0, operatorTicks: 0, reward: 4 * 6 + 2 });
    expect(episodes.map(({ seed, length }) => [seed, length])).toEqual([
      [0, 3],
      [1, 3],
      [2, 3],
      [3, 3],
      [4, 1],
      [5, 1],
    ]);
    expect(episodes.at(-1)).toMatchObject({ terminated: false, truncated: false });
  });

  it("stands for ever where nobody comes", async () => {
    const { tally } = await lineFleet({ limit: 2.5 }, { operators: 0 });
    expect(tally).toMatchObject({ failures: 2, hardResets: 0, idle: 14, operatorTicks: 0, returnOnHumanEffort: 0 });
  });

  it("lets those that failed wait while operators warm up", async () => {
    const { tally } = await lineFleet({ limit: 2.5 }, { priority: criteriaPriority("C", { warmUp: 8 }) });
    // From tick 8 on one is being put right.
    expect(tally).toMatchObject({ failures: 2, hardResets: 0, idle: 14, operatorTicks: 2 });
  });

  it("is driven by the operator who is there, for as long as that stays", async () => {
    // The second policy is in doubt in tick 4; the operator stays for 3 ticks.
    const priority: Priority = (needs, tick) => needs.map((_, policy) => (tick === 4 && policy === 1 ? [1] : null));
    const { episodes, tally } = await lineFleet({ length: 100 }, { priority, leastStay: 3 });
    expect(episodes.map(({ controller }) => controller.map((who) => who[0]).join(""))).toEqual([
      "pppppppppp",
      "ppppeeeppp",
    ]);
    expect(tally).toMatchObject({ operatorTicks: 3, assignments: 1 });
    // Where it drives it says what it does; the chunk that was under way is dropped.
    const [, { label, action, chunkPlace }] = episodes;
    expect(label!.slice(8, 14)).toEqual(action.slice(8, 14));
    expect(Number.isNaN(label![7]) && Number.isNaN(label![14])).toBe(true);
    expect([...chunkPlace]).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 1, 0]);
  });

  it("does not take what was read before a policy stood still for doubt", async () => {
    // In doubt in the first step of every episode only, where one that failed stands.
    const gate: Gate = {
      reads: "step",
      rule: { thresholds: { first: 0.5 } },
      score: {
        name: "first",
        readings: ["first"],
        asksExpert: "never",
        start() {},
        read: ({ steps }) => Float32Array.from(steps, (step) => (step === 0 ? 1 : 0)),
      },
    };
    const priority = criteriaPriority("U", { uncertainty: { reading: "first", threshold: 0.5 } });
    const { tally } = await lineFleet({ limit: 2.5 }, { policies: 1, gate, priority });
    expect(tally).toMatchObject({ failures: 1, operatorTicks: 1, hardResets: 0 });
  });

  it("lets an operator leave what failed under its hands, as long as it has not begun to put it right", async () => {
    // The expert's x falls by 1 and a little, so the first fails with it at the end of tick 2, as does the second alone.
    const priority: Priority = (needs, tick) => needs.map((_, policy) => ((tick < 3 ? 0 : 1) === policy ? [1] : null));
    const { tally } = await lineFleet({ limit: 2.5 }, { priority, ticks: 5 });
    // In tick 3 it goes to the second.
    expect(tally).toMatchObject({ failures: 2, assignments: 2, operatorTicks: 5, idle: 4 });
  });

  it("counts no success of an episode that was only stopped", async () => {
    const always = () => {
      const world = lineWorld({ length: 4 });
      const { step } = world;
      world.step = (action) => {
        const result = step(action);
        return { ...result, info: { success: true } };
      };
      return world;
    };
    const options = { policies: 1, operators: 0, ticks: 6, priority: criteriaPriority("C"), makeExpert: lineExpert };
    const { tally } = await superviseFleet(always, planner, seeds, options);
    expect(tally.successes).toBe(1);
    expect([...tally.cumulativeSuccesses]).toEqual([0, 0, 0, 1, 1, 1]);
  });

  it("needs seeds enough, and counts that are counts", async () => {
    const few = (count: number) =>
      superviseFleet(() => lineWorld({ length: 2 }), planner, seeds.slice(0, count), {
        ...{ policies: 2, operators: 1, ticks: 6, priority: criteriaPriority("C"), makeExpert: lineExpert },
      });
    expect((await few(6)).tally.successes).toBe(6);
    await expect(few(5)).rejects.toThrow("fleet: 5 seeds ran out in tick 4 of 6");
    await expect(few(1)).rejects.toThrow("fleet: 1 seeds ran out in tick 0 of 6");
    await expect(lineFleet({}, { ticks: 0 })).rejects.toThrow("fleet: ticks: found 0");
    await expect(lineFleet({}, { resetTicks: 0 })).rejects.toThrow("fleet: resetTicks: found 0");
  });
});

describe("a fleet of cars with a policy that sees no obstacles", () => {
  const SIZE = 95;
  /** Keeps its lane at 10 m/s. Reads speed, offset, heading and curvature of the packed observation. */
  const laneKeeper: BatchActor = {
    name: "lane keeper",
    controller: "policy",
    horizons: { observationHorizon: 1, predictionHorizon: 4, actionHorizon: 4 },
    plan: (histories, keys) =>
      Float32Array.from(
        keys.flatMap((_, row) => {
          const [speed, , , offset, heading, curvature] = histories.subarray(row * SIZE, (row + 1) * SIZE);
          const action = [-0.05 * offset - 0.6 * heading + 2.8 * curvature, 10 - speed];
          return [action, action, action, action].flat();
        }),
      ),
  };
  /** How near the nearest thing in sight is, 1 / m. */
  const nearness: Gate = {
    reads: "step",
    rule: { thresholds: { nearness: 0.1 } },
    score: {
      name: "nearness",
      readings: ["nearness"],
      asksExpert: "never",
      start() {},
      read: ({ histories, keys }) =>
        Float32Array.from(keys, (_, row) => 1 / Math.min(...histories.subarray(row * SIZE + 11, row * SIZE + 53))),
    },
  };
  const cur = () => criteriaPriority("CU", { uncertainty: { reading: "nearness", threshold: 0.1 } });
  const run = (priority: Priority, more: Partial<FleetOptions> = {}): Promise<FleetResult> =>
    superviseFleet(() => drivingWorld({ scenario: "fork" }), laneKeeper, seeds, {
      ...{ policies: 6, operators: 2, ticks: 600, resetTicks: 20, priority, gate: nearness },
      makeExpert: (environment: Environment) => drivingExpert(environment as DrivingWorld, "left"),
      ...more,
    });

  it("arrives more often with the same operators where they go by need than by chance", async () => {
    const nobody = (await run(cur(), { operators: 0 })).tally;
    const byNeed = (await run(cur())).tally;
    const byChance = (await run(randomPriority({ seed: 1, busy: 2 }))).tally;
    expect(nobody).toMatchObject({ successes: 0, failures: 6, operatorTicks: 0 });
    // The numbers of docs/algorithms/control.md.
    expect(byNeed).toMatchObject({ successes: 16, failures: 20, operatorTicks: 962 });
    expect(byChance).toMatchObject({ successes: 11, failures: 27, operatorTicks: 2 * 600 });
    expect(byNeed.returnOnHumanEffort).toBeGreaterThan(byChance.returnOnHumanEffort);
  });

  it("keeps accounts that its episodes bear out, and repeats itself", async () => {
    const { episodes, tally } = await run(cur());
    const driven = episodes.flatMap(({ controller }) => controller.filter((who) => who === "expert")).length;
    const ended = episodes.filter(({ terminated, truncated }) => terminated || truncated);
    expect(tally.successes).toBe(ended.filter(({ info }) => info.success).length);
    expect(tally.failures).toBe(ended.filter(({ info }) => !info.success).length);
    expect(tally.cumulativeSuccesses.at(-1)).toBe(tally.successes);
    // Each policy acts or stands in every tick; each operator drives or puts right.
    const acted = episodes.reduce((sum, { length }) => sum + length, 0);
    expect(acted + tally.idle).toBe(6 * 600);
    const puttingRight = tally.operatorTicks - driven;
    expect(puttingRight).toBeGreaterThanOrEqual(20 * tally.hardResets);
    expect(puttingRight).toBeLessThanOrEqual(20 * tally.failures);
    expect(await run(cur())).toEqual({ episodes, tally });
  });

  it("of as many operators as policies is one that answers every alarm", async () => {
    // Each has its own: the episodes are those of the same seeds, driven beside an expert that comes and stays by need.
    const { episodes } = await run(cur(), { policies: 3, operators: 3, leastStay: 1, ticks: 60 });
    const alone = await supervise(() => drivingWorld({ scenario: "fork" }), laneKeeper, [0, 1, 2], {
      gate: nearness,
      makeSupervisor: (environment) => {
        const expert = drivingExpert(environment as DrivingWorld, "left");
        return {
          name: expert.name,
          reset() {},
          requests: ({ alarmed }) => [alarmed ? "takeOver" : "handBack"],
          answer: async ({ phase, observation }) =>
            phase === "expert" ? { label: await expert.act(observation) } : null,
        };
      },
    });
    episodes.slice(0, 3).forEach(({ action, controller }, i) => {
      const steps = Math.min(60, alone[i].length);
      expect(controller.slice(0, steps)).toEqual(alone[i].controller.slice(0, steps));
      expect(action.slice(0, 2 * steps)).toEqual(alone[i].action.slice(0, 2 * steps));
    });
  });
});
