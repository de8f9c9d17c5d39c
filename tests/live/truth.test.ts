/** Whatever a person does in whatever order: what is told is what happened, once. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drivingWorld, pushTWorld } from "../../src/environments/index.ts";
import { type ForkPoint, type LiveSession, openSession, startClock } from "../../src/live/index.ts";
import type { LivePolicy } from "../../src/rollouts/index.ts";
import type { Snapshot, World } from "../../src/world/index.ts";
import { lineWorld } from "../rollouts/line.ts";
import { stoppedTime } from "./time.ts";
import { expectPlanned, expectReplays, seeingPolicy, seenBefore } from "./truth.ts";
import { counting, numbering, type Told, watching } from "./watching.ts";

type Deed =
  | { kind: "ticks"; count: number }
  | { kind: "request"; request: "takeOver" | "handBack" | "pause" }
  | { kind: "input"; share: number | null }
  | { kind: "rewind"; on: boolean }
  | { kind: "next"; discard: boolean; again: boolean }
  | { kind: "swap"; version: number; when: "episode" | "now" }
  | { kind: "shadow"; on: boolean }
  | { kind: "mark"; success: boolean }
  | { kind: "focus"; lane: number }
  | { kind: "fork"; episode: number; step: number }
  | { kind: "lost" }
  | { kind: "speed"; factor: number }
  | { kind: "stall"; ms: number };

const deed = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("ticks" as const), count: fc.integer({ min: 1, max: 8 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant("request" as const),
      request: fc.constantFrom("takeOver" as const, "handBack" as const, "handBack" as const, "pause" as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant("input" as const),
      share: fc.option(fc.double({ min: 0, max: 1, noNaN: true })),
    }),
  },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("rewind" as const), on: fc.boolean() }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("next" as const), discard: fc.boolean(), again: fc.boolean() }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("swap" as const),
      version: fc.integer({ min: 0, max: 3 }),
      when: fc.constantFrom("episode" as const, "now" as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("shadow" as const), on: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("mark" as const), success: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("focus" as const), lane: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("fork" as const), episode: fc.nat(9), step: fc.nat(20) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("lost" as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("speed" as const), factor: fc.constantFrom(0.25, 0.5, 1, 1, 1) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant("stall" as const), ms: fc.integer({ min: 1, max: 2000 }) }),
  },
);

/** Each deed, and whether it comes while a step is under way. */
const stories = fc.array(fc.tuple(deed, fc.boolean()), { minLength: 20, maxLength: 80, size: "max" });

interface Stage {
  makeWorld: () => World;
  part: "watch" | "demonstrate";
  lanes: number;
  isLater: boolean;
}

async function play({ makeWorld, part, lanes, isLater }: Stage, story: readonly [Deed, boolean][]) {
  const worlds = counting(makeWorld);
  const { spec } = makeWorld();
  const policies = [0, 1, 2, 3].map((version) =>
    seeingPolicy(
      spec,
      { observationHorizon: 1 + (version % 3), predictionHorizon: 8, actionHorizon: 2 + version },
      `v${version}`,
      isLater,
    ),
  );
  const told = watching();
  /** Forks by hand begin without a history; where a rewinding led to the same moment it cannot be told from one. */
  const chosen = new Set<string>();
  const session = await openSession({
    ...{ makeWorld: worlds.make, part, lanes, operator: "ada" },
    ...{ policy: part === "watch" ? policies[0] : null, observer: told.observer, ...numbering() },
  });
  const time = stoppedTime();
  const clock = startClock(session.controlRate, session.tick, time.ports);
  const period = 1000 / session.controlRate;
  for (const [one, isAmidst] of story) {
    const under = isAmidst ? time.run(period) : null;
    if (one.kind === "ticks") await time.run(one.count * period);
    if (one.kind === "speed") clock.speed(one.factor);
    if (one.kind === "stall") time.busy(one.ms);
    const point = one.kind === "fork" ? pointOf(makeWorld(), told.all(), one) : null;
    if (point) chosen.add(`${point.episode}/${point.step}`);
    heed(session, one, { spec, policies, lanes, point });
    await under;
  }
  clock.stop();
  await session.close();
  return { ...told, worlds, policies: new Map(policies.map((policy) => [policy.version ?? "", policy])), chosen, spec };
}

function heed(
  session: LiveSession,
  one: Deed,
  {
    spec,
    policies,
    lanes,
    point,
  }: { spec: World["spec"]; policies: LivePolicy[]; lanes: number; point: ForkPoint | null },
): void {
  const { low, high } = spec.action;
  if (one.kind === "request") session.request(one.request);
  else if (one.kind === "input") {
    const { share } = one;
    session.input(share === null ? null : low.map((least, i) => least + share * (high[i] - least)));
  } else if (one.kind === "rewind") session.rewind(one.on);
  else if (one.kind === "next") session.next(one);
  else if (one.kind === "swap") session.swap(policies[one.version], one.when);
  else if (one.kind === "shadow") session.shadow(one.on);
  else if (one.kind === "mark") session.mark(one.success);
  else if (one.kind === "focus") session.focus(one.lane % lanes);
  else if (one.kind === "fork") point && session.fork(point);
  else if (one.kind === "lost") session.lost();
}

/** A moment of an episode told of, found by playing it anew. */
function pointOf(world: World, all: Told[], { episode, step }: { episode: number; step: number }): ForkPoint | null {
  if (all.length === 0) return null;
  const { begun, steps } = all[episode % all.length];
  const until = step % steps.length;
  const { snapshot } = begun.info;
  if (typeof snapshot === "string") world.restore(JSON.parse(snapshot) as Snapshot);
  else world.reset(begun.seed);
  for (const { action } of steps.slice(0, until)) world.step(action);
  return { episode: begun.id, step: until, seed: begun.seed, snapshot: world.snapshot() };
}

async function expectTruth(
  stage: Stage,
  { episodes, all, worlds, policies, chosen, spec, order }: Awaited<ReturnType<typeof play>>,
) {
  expect(order.filter((line) => line.startsWith("fatal") || line.startsWith("problem"))).toEqual([]);
  expect(worlds.steps()).toBe(all().reduce((sum, { steps }) => sum + steps.length, 0));
  const world = stage.makeWorld();
  const isChosen = ({ begun }: Told): boolean => {
    const { forkedFrom, forkStep } = begun.info;
    if (typeof forkedFrom !== "string") return false;
    const parent = episodes.get(forkedFrom);
    return chosen.has(`${forkedFrom}/${forkStep}`) || (parent !== undefined && isChosen(parent));
  };
  for (const one of all()) {
    expectReplays(world, one);
    expect(one.steps.length).toBeGreaterThan(0);
    for (const { controller, operator } of one.steps) if (controller === "expert") expect(operator).toBe("ada");
    if (stage.part === "demonstrate") {
      expect(
        one.steps.every(({ controller, policyVersion }) => controller === "expert" && policyVersion === null),
      ).toBe(true);
    } else if (!isChosen(one)) {
      const before = seenBefore(episodes, one);
      await expectPlanned(spec, one, before, policies);
      // It goes on where the other one was: what that saw next is what this sees first.
      const next = episodes.get(String(one.begun.info.forkedFrom))?.steps[Number(one.begun.info.forkStep)];
      if (next) expect(one.steps[0].observation).toEqual(next.observation);
    }
  }
}

const STAGES: [string, number, Omit<Stage, "lanes" | "isLater">][] = [
  ["a line, watched", 60, { makeWorld: () => lineWorld({ length: 25, limit: 160 }), part: "watch" }],
  ["a line, demonstrated", 40, { makeWorld: () => lineWorld({ length: 25 }), part: "demonstrate" }],
  ["driving, watched", 12, { makeWorld: () => drivingWorld({ maxSteps: 60 }), part: "watch" }],
  ["Push-T, watched", 12, { makeWorld: () => pushTWorld({ maxSteps: 40 }), part: "watch" }],
];

describe("a session", () => {
  it.each(STAGES)("tells each step that was simulated, once, and as it was: %s", async (_, numRuns, stage) => {
    const lanes = stage.part === "watch" ? fc.constantFrom(1, 4) : fc.constant(1);
    await fc.assert(
      fc.asyncProperty(stories, lanes, fc.boolean(), async (story, lanes, isLater) => {
        const whole = { ...stage, lanes, isLater };
        await expectTruth(whole, await play(whole, story));
      }),
      { numRuns },
    );
  });
});
