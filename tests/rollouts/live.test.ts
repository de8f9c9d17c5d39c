import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drivingWorld, pushTWorld } from "../../src/environments/index.ts";
import {
  advanceLive,
  type Execution,
  type LivePolicy,
  type LiveStart,
  type LiveStep,
  type Supervisor,
  startLive,
  supervise,
} from "../../src/rollouts/index.ts";
import { episodeOf, type World } from "../../src/world/index.ts";
import { seeingPolicy } from "../live/truth.ts";
import { linePlanner, lineWorld } from "./line.ts";
import { countingGate, type Script, scripted, scripts } from "./scripted.ts";

const idle = (): Supervisor => ({ name: "idle", reset() {}, requests: () => [], answer: () => null });

/** An episode begun, and its steps as they come. */
async function begun(start: Omit<LiveStart, "onStep" | "operator" | "index" | "phase"> & Partial<LiveStart>) {
  const steps: LiveStep[] = [];
  const lane = await startLive({
    ...{ index: 0, phase: "policy", operator: () => start.supervisor.name, onStep: (step) => steps.push(step) },
    ...start,
  });
  return { lane, steps };
}

/** The same episode by the live loop and by `supervise`, to its end. */
async function expectAlike(
  makeWorld: () => World,
  policy: LivePolicy,
  seed: number,
  makeSupervisor: () => Supervisor,
): Promise<void> {
  const [told] = await supervise(makeWorld, policy.planner, [seed], {
    ...{ makeSupervisor, policyVersion: "v1", execution: policy.execution },
    ...(policy.gate && { gate: policy.gate }),
  });
  const world = makeWorld();
  const { lane, steps } = await begun({ seed, world, supervisor: makeSupervisor(), policy });
  for (let tick = 0; !lane.end.terminated && !lane.end.truncated; tick++) {
    if (tick > 5000) throw new Error("the live episode does not end");
    await advanceLive([lane]);
  }
  const episode = episodeOf({ spec: world.spec, seed, actor: told.actor, info: lane.end.info }, steps);
  const { operator, policyVersion, ...rest } = told;
  expect({ ...episode, spec: told.spec }).toEqual(expect.objectContaining(rest));
  expect(steps.every((step) => step.operator === operator && step.policyVersion === policyVersion)).toBe(true);
}

const executions = fc.constantFrom<Execution>({ kind: "receding" }, { kind: "ensemble", m: 0.1 });

describe("the live loop", () => {
  it("plays the episodes of supervise, whatever is requested, with and without a gate", async () => {
    await fc.assert(
      fc.asyncProperty(
        ...([
          fc.integer({ min: 1, max: 3 }),
          fc.integer({ min: 1, max: 5 }),
          scripts,
          fc.boolean(),
          executions,
        ] as const),
        async (observationHorizon, actionHorizon, script: Script, isGated, execution) => {
          const horizons = { observationHorizon, actionHorizon, predictionHorizon: observationHorizon + actionHorizon };
          const gate = isGated ? countingGate({ rule: { thresholds: { doubt: 5 } }, reads: "step" }) : null;
          await expectAlike(
            () => lineWorld({ length: 14 }),
            { planner: linePlanner(horizons), version: "v1", gate, execution },
            77,
            () => scripted(() => script, { labels: "always" }),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it.each([
    ["driving", () => drivingWorld({ maxSteps: 120 })],
    ["Push-T", () => pushTWorld({ maxSteps: 60 })],
  ])("plays the episodes of supervise where nobody does anything: %s", async (_, makeWorld) => {
    const horizons = { observationHorizon: 2, predictionHorizon: 9, actionHorizon: 8 };
    for (const seed of [3, 4, 5]) {
      await expectAlike(makeWorld, seeingPolicy(makeWorld().spec, horizons, "v1"), seed, idle);
    }
  });

  it("lets an expert drive alone where there is no policy", async () => {
    const world = lineWorld({ length: 3 });
    const { lane, steps } = await begun({
      ...{ seed: 5, world, policy: null, phase: "expert" },
      supervisor: scripted(() => [[], [], []], { labels: "driving" }),
    });
    for (let i = 0; i < 3; i++) await advanceLive([lane]);
    expect(lane.end).toMatchObject({ length: 3, terminated: true, truncated: false, info: { success: true } });
    expect(steps.map(({ controller, proposed, policyVersion }) => [controller, proposed, policyVersion])).toEqual(
      new Array(3).fill(["expert", null, null]),
    );
    await expect(begun({ seed: 5, world, policy: null, supervisor: idle() })).rejects.toThrow(
      'phase "policy" without a policy',
    );
  });

  it("advances lanes together, with one question to the planner, and each as if it were alone", async () => {
    const batches: number[] = [];
    const horizons = { observationHorizon: 1, predictionHorizon: 4, actionHorizon: 3 };
    const policy: LivePolicy = { planner: linePlanner(horizons, batches), version: null, gate: null };
    const all = await Promise.all(
      [1, 2, 3].map((seed) => begun({ index: seed, seed, world: lineWorld(), supervisor: idle(), policy })),
    );
    for (let i = 0; i < 6; i++) await advanceLive(all.map(({ lane }) => lane));
    expect(batches).toEqual([3, 3]);
    for (const [i, { steps }] of all.entries()) {
      const alone = await begun({ seed: i + 1, world: lineWorld(), supervisor: idle(), policy });
      for (let step = 0; step < 6; step++) await advanceLive([alone.lane]);
      expect(steps).toEqual(alone.steps);
    }
    const other = await begun({ seed: 9, world: lineWorld(), supervisor: idle(), policy: { ...policy } });
    await expect(advanceLive([all[0].lane, other.lane])).rejects.toThrow("lanes of several policies, expected one");
  });

  it("keeps what was seen in step with the world where a later step fails", async () => {
    const world = lineWorld();
    const broken = lineWorld();
    broken.step = () => {
      throw new Error("broken");
    };
    const policy: LivePolicy = {
      ...{ version: null, gate: null },
      planner: linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 3 }),
    };
    const whole = await begun({ index: 0, seed: 1, world, supervisor: idle(), policy });
    const torn = await begun({ index: 1, seed: 2, world: broken, supervisor: idle(), policy });
    await expect(advanceLive([whole.lane, torn.lane])).rejects.toThrow("broken");
    for (const { lane, steps } of [whole, torn]) {
      expect(lane.seen).toHaveLength(1 + steps.length);
      expect(lane.end.length).toBe(steps.length);
    }
    expect([...whole.lane.seen[whole.steps.length].position]).toEqual([world.snapshot().x, world.snapshot().y]);
  });

  it("takes a policy away: where it drove, the world stands", async () => {
    const policy: LivePolicy = {
      ...{ version: "v1", gate: null },
      planner: linePlanner({ observationHorizon: 1, predictionHorizon: 4, actionHorizon: 3 }),
    };
    const { lane, steps } = await begun({ seed: 1, world: lineWorld(), supervisor: idle(), policy });
    await advanceLive([lane]);
    lane.swap(null);
    await advanceLive([lane]);
    expect([lane.phase, lane.plan, steps.length]).toEqual(["paused", null, 1]);
  });

  it("says what a chunk answers to", async () => {
    const horizons = { observationHorizon: 2, predictionHorizon: 5, actionHorizon: 3 };
    const policy: LivePolicy = { planner: linePlanner(horizons), version: null, gate: null };
    const { lane, steps } = await begun({ seed: 1, world: lineWorld(), supervisor: idle(), policy });
    for (let i = 0; i < 5; i++) await advanceLive([lane]);
    expect(lane.plan?.step).toBe(3);
    const two = [steps[2], steps[3]].flatMap(({ observation: { position, clock } }) => [...position, ...clock]);
    expect([...lane.historyAt(3)]).toEqual(two);
  });
});
