import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { type Rate, wilson } from "../../src/base/index.ts";
import { drivingWorld, wheelAt } from "../../src/environments/index.ts";
import { handsIn, personIn, work } from "../../src/experiments/studio-operator/cell.ts";
import { drivenIn, openStudio } from "../../src/experiments/studio-operator/loop.ts";
import { summaryOf, trainingsOf, type VersionLine } from "../../src/experiments/studio-operator/rows.ts";
import { type Cell, PLANS, type Plan } from "../../src/experiments/studio-operator/settings.ts";
import { afterHolding, afterPress } from "../../src/live/index.ts";
import { type LivePolicy, rollout } from "../../src/rollouts/index.ts";
import type { BatchActor, Episode } from "../../src/world/index.ts";

const scratch = mkdtempSync(join(tmpdir(), "apprentice-operator-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const URGENT: Plan = PLANS.urgent;
const makeWorld = () => drivingWorld({ scenario: "urgent" });

describe("hands at the keyboard", () => {
  it("do nothing that nine ways to hold keys do not do", async () => {
    const world = makeWorld();
    const episode = await rollout(world, handsIn(world, URGENT), { seed: 5 });
    expect(episode.info.success).toBe(true);
    const { action, length, observation } = episode;
    let at = { x: 0, y: 0 };
    const keys = [-1, 0, 1].flatMap((x) => [-1, 0, 1].map((y) => ({ x, y })));
    for (let step = 0; step < length; step++) {
      const speed = observation.motion[3 * step];
      const [steering, acceleration] = action.subarray(2 * step);
      const found = { x: wheelAt(steering, speed), y: acceleration > 0 ? acceleration / 3 : acceleration / 8 };
      const reached = keys.flatMap((held) => [
        afterHolding(at, held, 0.05),
        afterHolding(afterPress(at, held), held, 0.05),
      ]);
      // float32 actions; the speed that is seen is a float32 too
      const near = reached.find(({ x, y }) => Math.abs(x - found.x) < 1e-5 && Math.abs(y - found.y) < 1e-5);
      expect(near).toBeDefined();
      at = near as typeof at;
    }
  });

  it("drive a demonstration in a session as they do in a rollout", async () => {
    const seeds = [11, 12];
    const studio = openStudio({ makeWorld, person: personIn(URGENT), nextSeed: () => seeds.shift() ?? 99 });
    const { episodes, seconds, interventions } = await studio.demonstrate(2);
    expect(episodes.map(({ seed }) => seed)).toEqual([11, 12]);
    const world = makeWorld();
    const hands = handsIn(world, URGENT);
    for (const { seed, action, label, controller } of episodes) {
      const twin = await rollout(world, hands, { seed });
      expect([...action]).toEqual([...twin.action]);
      // What a person drives is the label of it.
      expect([...(label ?? [])]).toEqual([...twin.action]);
      expect(new Set(controller)).toEqual(new Set(["expert"]));
    }
    expect(interventions).toBe(0);
    // At 20 Hz, and 1.5 s for which the first one's end stays to be seen.
    const driven = episodes.reduce((sum, { length }) => sum + length, 0) / 20;
    expect(seconds).toBeGreaterThanOrEqual(driven + 1.5);
    expect(seconds).toBeLessThan(driven + 1.5 + 0.3);
  });
});

/** Goes straight on, into the crate. */
const straight: BatchActor = {
  name: "straight",
  controller: "policy",
  horizons: { observationHorizon: 1, predictionHorizon: 1, actionHorizon: 1 },
  plan: async (_, keys) => new Float32Array(2 * keys.length),
};
const live = (version: string): LivePolicy => ({ planner: straight, version, gate: null });

async function watched(plan: Plan, count: number) {
  let seed = 20;
  const person = personIn(plan);
  const studio = openStudio({ makeWorld, person, nextSeed: () => seed++ });
  const enough = ({ episodes }: { episodes: readonly Episode[] }) => episodes.length >= count;
  const [first, second] = [await studio.watch(live("v1"), enough), await studio.watch(live("v2"), enough)];
  await studio.close();
  return { first, second, turns: person.turns };
}

const versionsOf = (episodes: readonly Episode[]) => [...new Set(episodes.map(({ policyVersion }) => policyVersion))];

describe("watching in a session", () => {
  it("counts an intervention wherever the recorded strips say that control went to the person", async () => {
    const { first, second } = await watched({ ...URGENT, shadow: false, rewind: null }, 3);
    for (const { episodes, interventions, seconds } of [first, second]) {
      const strips = episodes.map(({ controller }) => controller.map((who) => (who === "expert" ? "E" : "p")).join(""));
      // Who goes straight on meets the crate: somebody takes over in each episode that does not end on it.
      expect(strips.every((strip) => strip.startsWith("p"))).toBe(true);
      expect(interventions).toBe(strips.reduce((sum, strip) => sum + strip.split("pE").length - 1, 0));
      expect(interventions).toBeGreaterThan(0);
      const expertSteps = strips.join("").split("E").length - 1;
      expect(drivenIn(episodes)).toEqual({ takings: interventions, expertSteps, labels: expertSteps });
      const steps = strips.reduce((sum, { length }) => sum + length, 0);
      expect(seconds).toBeGreaterThanOrEqual(steps / 20);
    }
    // Swapped where an episode ends, and not before.
    expect(versionsOf(first.episodes)).toEqual(["v1"]);
    expect(versionsOf(second.episodes)).toEqual(["v2"]);
  });

  it("turns time back where it went wrong, and takes over there", async () => {
    // Who foresees nothing is surprised by the crate.
    const plan: Plan = { ...URGENT, horizon: 0.05, rewind: 0.5 };
    const { first, turns } = await watched(plan, 4);
    const failed = first.episodes.filter(({ info }) => !info.success);
    const forks = first.episodes.filter(({ info }) => info.success);
    expect(turns).toBeGreaterThan(0);
    expect(failed.length).toBeGreaterThan(0);
    for (const { seed, controller } of forks) {
      if (!failed.some((one) => one.seed === seed)) continue;
      expect(controller[0]).toBe("expert");
    }
    // The session does not count who drives a fork from beginning to end; those who took over there did all the same.
    const { takings } = drivenIn(first.episodes);
    const whole = first.episodes.filter(({ controller }) => controller.every((who) => who === "expert"));
    expect(takings).toBe(first.interventions + whole.length);
  });

  it("labels what the policy drives, where the hands go on at the keys", async () => {
    const { first } = await watched({ ...URGENT, shadow: true }, 2);
    const steps = first.episodes.reduce((sum, { length }) => sum + length, 0);
    const { labels, expertSteps } = drivenIn(first.episodes);
    expect(labels).toBe(steps);
    expect(expertSteps).toBeLessThan(steps);
    for (const { controller, action, label, length } of first.episodes) {
      // What the policy does is its own: straight on. What the hands would do is not.
      const driven = Array.from({ length }, (_, step) => step).filter((step) => controller[step] === "policy");
      for (const step of driven) expect([...action.subarray(2 * step, 2 * step + 2)]).toEqual([0, 0]);
      expect(driven.some((step) => (label as Float32Array)[2 * step] !== 0)).toBe(true);
    }
  });

  it("repeats itself", async () => {
    const [once, again] = [await watched(URGENT, 3), await watched(URGENT, 3)];
    expect(again).toEqual(once);
  });
});

describe("a cell in small", () => {
  const SMALL: Cell = {
    ...{ kind: "studio", course: "urgent", seed: 50, episodes: 4, evaluationSeed: 5, run: join(scratch, "run") },
    over: { demonstrations: 2, rounds: 1, interventions: 2, episodes: 2, updates: 20 },
  };
  const context = { report: () => {}, signal: new AbortController().signal };

  it("is two versions and what they cost, the same when it goes on where it was stopped", async () => {
    const rows = await work().run(SMALL, context);
    expect(rows.map(({ version }) => version)).toEqual([1, 2]);
    const [first, second] = rows as unknown as VersionLine[];
    expect(first).toMatchObject({ interventions: 0, watchedEpisodes: 0, demonstrations: 2, rewinds: 0 });
    expect(second.interventions).toBeGreaterThan(0);
    expect(second.minutes).toBeGreaterThan(first.minutes);
    expect(second.expertSteps).toBeGreaterThan(first.expertSteps);
    expect(await work().run(SMALL, context)).toEqual(rows);
  }, 120_000);

  it("of hands alone says how often they succeed", async () => {
    const [row] = await work().run({ ...SMALL, kind: "hands", run: null }, context);
    expect((row.success as unknown as Rate).n).toBe(4);
    expect(row.pressesPerSecond).toBeGreaterThan(0);
  });
});

describe("what rows come to", () => {
  const line = (seed: number, version: number, count: number, minutes: number): VersionLine => ({
    ...{ kind: "studio", course: "urgent", seed, version, success: { ...wilson(count, 10) } },
    ...{ demonstrations: 8, watchedEpisodes: 0, interventions: 10 * (version - 1), rewinds: 1, minutes },
    ...{ expertSteps: 100, labels: 100, trainingSeconds: 3 },
  });

  it("pools each version over the seeds that all have it", () => {
    const lines = [line(2, 1, 5, 1), line(1, 2, 9, 4), line(1, 1, 3, 2), line(2, 2, 10, 6), line(1, 3, 10, 9)];
    const trainings = trainingsOf(lines, "urgent");
    expect(trainings.map((own) => own.map(({ seed, version }) => [seed, version]))).toEqual([
      [
        [1, 1],
        [1, 2],
        [1, 3],
      ],
      [
        [2, 1],
        [2, 2],
      ],
    ]);
    const summary = summaryOf(trainings);
    expect(summary.map(({ version }) => version)).toEqual([1, 2]);
    // 9 + 10 of 20; (4 + 6) / 2
    expect(summary[1]).toMatchObject({ success: wilson(19, 20), minutes: 5, interventions: 10, each: [0.9, 1] });
  });
});
