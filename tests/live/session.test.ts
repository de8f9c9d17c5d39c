import { describe, expect, it } from "vitest";
import type { LivePolicy } from "../../src/rollouts/index.ts";
import { lineWorld } from "../rollouts/line.ts";
import { countingGate } from "../rollouts/scripted.ts";
import { linePolicy, opened } from "./opened.ts";
import { watching } from "./watching.ts";

const round = (value: number) => Math.round(value * 1000) / 1000;
const firsts = (steps: readonly { action: Float32Array }[]) => steps.map(({ action }) => round(action[0]));

describe("control in a session", () => {
  it("waits at the start, paused; tells it once and simulates nothing", async () => {
    const { session, ticks, worlds, views, all } = await opened();
    await ticks(5);
    expect(worlds.steps()).toBe(0);
    expect(all()).toEqual([]);
    expect(views).toHaveLength(1);
    expect(views[0]).toMatchObject({ focus: 0, rewindable: 0, rewinding: false });
    expect(views[0].lanes[0]).toMatchObject({
      ...{ episode: "e0", seed: 100, phase: "paused", step: 0, time: 0, snapshot: { x: 100, y: 0, step: 0 } },
      ...{ action: null, controller: null, proposed: null, policyVersion: "v1", score: null, need: 0, ended: null },
    });
    expect(session.controlRate).toBe(10);
    await session.close();
  });

  it("hands over in the next step, latches without input, hands back with a new chunk: worked out by hand", async () => {
    const { session, ticks, all, drove } = await opened();
    session.request("handBack");
    await ticks(2);
    session.input([3, -2]);
    session.request("takeOver");
    await ticks(1);
    session.input(null);
    await ticks(2);
    session.request("handBack");
    await ticks(3);
    expect(drove(0)).toBe("ppeeeppp");
    const [{ steps, begun }] = all();
    // The plan of step 0; the hands; nothing touched is an action, too; the plan of step 5.
    expect(firsts(steps)).toEqual([1, 1.001, 3, 0, 0, 1.05, 1.051, 1.052]);
    expect(steps.map(({ chunkPlace }) => chunkPlace)).toEqual([0, 1, 0, 0, 0, 0, 1, 2]);
    expect(steps.map(({ label }) => label && round(label[0]))).toEqual([null, null, 3, 0, 0, null, null, null]);
    // In the step in which it was overruled the policy still had a proposal.
    expect(steps.map(({ proposed }) => proposed && round(proposed[0]))).toEqual([
      1,
      1.001,
      1.002,
      null,
      null,
      1.05,
      1.051,
      1.052,
    ]);
    expect(steps.every(({ operator, policyVersion }) => operator === "ada" && policyVersion === "v1")).toBe(true);
    expect(begun).toMatchObject({ lane: 0, seed: 100, actors: ["planner", "ada"], info: { success: false } });
    await session.close();
    expect(all()[0].closed).toMatchObject({ steps: 8, ended: false, success: null, interventions: 1 });
  });

  it("heeds a request that comes while the policy is still planning in that very step", async () => {
    const { planner } = linePolicy("");
    let answer: (() => void) | null = null;
    let plans = 0;
    const slow: LivePolicy = {
      ...{ version: "slow", gate: null },
      planner: {
        ...planner,
        async plan(histories, keys) {
          plans += 1;
          if (plans === 2) {
            await new Promise<void>((resolve) => {
              answer = resolve;
            });
          }
          return planner.plan(histories, keys);
        },
      },
    };
    const { session, tick, ticks, drove } = await opened({ policy: slow });
    session.request("handBack");
    await ticks(4);
    const fifth = tick();
    await expect.poll(() => answer).not.toBeNull();
    session.request("takeOver");
    // Nothing is taken twice: the same step is still under way.
    const same = tick();
    answer!();
    await Promise.all([fifth, same]);
    expect(drove(0)).toBe("ppppe");
    await session.close();
  });

  it("records nothing while it is paused, and plans anew afterwards", async () => {
    const { session, ticks, drove, all, worlds } = await opened();
    session.request("handBack");
    await ticks(2);
    session.request("pause");
    await ticks(10);
    expect([drove(0), worlds.steps()]).toEqual(["pp", 2]);
    session.request("handBack");
    await ticks(2);
    expect(firsts(all()[0].steps)).toEqual([1, 1.001, 1.02, 1.021]);
    await session.close();
  });

  it("stands when the operator is lost, whoever drives, and forgets what the hands did", async () => {
    const { session, ticks, all, views, drove } = await opened();
    session.input([2, 2]);
    session.request("takeOver");
    await ticks(2);
    session.lost();
    await ticks(3);
    expect(views.at(-1)?.lanes[0].phase).toBe("paused");
    expect(drove(0)).toBe("ee");
    session.request("takeOver");
    await ticks(1);
    expect(firsts(all()[0].steps)).toEqual([2, 2, 0]);
    session.request("handBack");
    await ticks(1);
    session.lost();
    await ticks(4);
    expect(drove(0)).toBe("eeep");
    await session.close();
  });

  it("takes over at the moment of a loss only if that was requested after it", async () => {
    const { session, ticks, drove } = await opened();
    session.request("takeOver");
    session.lost();
    await ticks(2);
    expect(drove(0)).toBe("");
    session.lost();
    session.request("takeOver");
    await ticks(2);
    expect(drove(0)).toBe("ee");
    await session.close();
  });

  it("labels in the shadow of the policy with what the hands do", async () => {
    const { session, ticks, all } = await opened();
    session.request("handBack");
    await ticks(1);
    session.shadow(true);
    session.input([4, 0]);
    await ticks(1);
    session.input(null);
    await ticks(1);
    session.shadow(false);
    await ticks(1);
    const [{ steps }] = all();
    expect(steps.map(({ label }) => label?.[0] ?? null)).toEqual([null, 4, 0, null]);
    expect(firsts(steps)).toEqual([1, 1.001, 1.002, 1.003]);
    await session.close();
  });

  it("lets the person alone drive where that is the part, and a hand that lets go stops the world", async () => {
    const { session, ticks, all, views, worlds } = await opened({ part: "demonstrate", policy: null });
    session.request("handBack");
    await ticks(2);
    expect(worlds.steps()).toBe(0);
    session.request("takeOver");
    await ticks(3);
    session.request("handBack");
    await ticks(3);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ phase: "paused", policyVersion: null, step: 3 });
    session.request("takeOver");
    await ticks(9);
    const [{ steps, closed, begun }] = all();
    expect(begun.actors).toEqual(["ada"]);
    expect(
      steps.every(
        ({ controller, proposed, policyVersion }) => `${controller}${proposed}${policyVersion}` === "expertnullnull",
      ),
    ).toBe(true);
    expect(closed).toMatchObject({ steps: 12, ended: true, success: true, interventions: 0 });
    await session.close();
  });

  it("takes the neutral action of the task", async () => {
    const { session, ticks, all } = await opened({ neutral: ({ position }) => [position[0] / 100, 1] });
    session.request("takeOver");
    await ticks(1);
    expect([...all()[0].steps[0].action]).toEqual([1, 1]);
    await session.close();
  });

  it("records the operator's name of each step", async () => {
    const { session, ticks, all } = await opened();
    session.request("takeOver");
    await ticks(2);
    session.operator("grace");
    await ticks(2);
    expect(all()[0].steps.map(({ operator }) => operator)).toEqual(["ada", "ada", "grace", "grace"]);
    await session.close();
  });

  it("shows and records what a gate reads, and its alarm, which changes nothing but that", async () => {
    // Doubt is 7 · step mod 10: 0, 7, 4, 1, 8, 5; alarms above 6.
    const gate = countingGate({ rule: { thresholds: { doubt: 6 } }, reads: "step" });
    const { session, ticks, views, all } = await opened({ policy: linePolicy("v1", gate) });
    session.request("handBack");
    await ticks(6);
    const shown = views
      .slice(-6)
      .map(({ lanes: [{ score, threshold, alarmed, phase }] }) => [score, threshold, alarmed, phase]);
    expect(shown).toEqual([
      [0, 6, false, "policy"],
      [7, 6, true, "alarmed"],
      [4, 6, false, "policy"],
      [1, 6, false, "policy"],
      [8, 6, true, "alarmed"],
      [5, 6, false, "policy"],
    ]);
    expect(all()[0].steps.map(({ gate }) => [gate.doubt, gate["doubt.threshold"], gate.alarm])).toEqual(
      [0, 7, 4, 1, 8, 5].map((doubt) => [doubt, 6, doubt > 6 ? 1 : 0]),
    );
    await session.close();
  });
});

describe("episodes of a session", () => {
  it("follow one another on fresh seeds: at once to be seen for 1.5 s, then the policy drives on", async () => {
    const { session, ticks, views, episodes, order } = await opened();
    session.request("handBack");
    await ticks(12);
    expect(views.at(-1)?.lanes[0]).toMatchObject({
      episode: "e0",
      step: 12,
      ended: { success: true, terminated: true },
    });
    expect(order).toContain("closed e0");
    // Requests of that time are for nobody.
    session.request("takeOver");
    await ticks(14);
    expect(views.at(-1)?.lanes[0].episode).toBe("e0");
    await ticks(1);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e1", seed: 101, step: 1, phase: "policy", ended: null });
    await ticks(2);
    expect(episodes.get("e1")?.steps.map(({ controller }) => controller)).toEqual(["policy", "policy", "policy"]);
    await session.close();
  });

  it("wait where the person drove when they ended", async () => {
    const { session, ticks, views } = await opened();
    session.request("handBack");
    await ticks(8);
    session.request("takeOver");
    await ticks(4 + 15 + 5);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e1", phase: "paused", step: 0 });
    await session.close();
  });

  it("end as they are when the next is wanted; discarded ones are told of, ones without a step never were", async () => {
    const { session, ticks, episodes, views, order } = await opened();
    session.next({ discard: true, again: false });
    await ticks(1);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e1", phase: "paused" });
    session.request("handBack");
    await ticks(3);
    session.next({ discard: true, again: true });
    await ticks(3);
    session.next({ discard: false, again: false });
    await ticks(1);
    await session.close();
    const told = [...episodes.values()].map(({ begun, closed }) => [
      begun.id,
      begun.seed,
      closed?.steps,
      closed?.ended,
    ]);
    expect(told).toEqual([
      ["e1", 101, 3, false],
      ["e2", 101, 3, false],
      ["e3", 102, 1, false],
    ]);
    expect(order.filter((line) => line !== "swapped v1" && line !== "released v1")).toEqual([
      "closed e1",
      "discarded e1",
      "closed e2",
      "closed e3",
    ]);
  });

  it("bear the person's mark, before and after they end", async () => {
    const { session, ticks, episodes, order } = await opened();
    session.mark(true);
    session.request("handBack");
    await ticks(3);
    session.mark(false);
    await ticks(9);
    expect(episodes.get("e0")?.closed).toMatchObject({ ended: true, success: false });
    session.mark(true);
    await ticks(1);
    expect(order.filter((line) => line.startsWith("marked"))).toEqual(["marked e0 false", "marked e0 true"]);
    await session.close();
  });

  it("begin at a moment of another, with that moment as it was", async () => {
    const world = lineWorld({ length: 12 });
    world.reset(7);
    for (let i = 0; i < 4; i++) world.step(Float32Array.of(1, 2));
    const fork = { episode: "old", step: 4, seed: 7, snapshot: world.snapshot() };
    const { session, ticks, all, views } = await opened({ fork });
    await ticks(1);
    expect(views[0].lanes[0]).toMatchObject({ step: 0, seed: 7, phase: "paused", snapshot: { x: 11, y: 8, step: 4 } });
    session.request("handBack");
    await ticks(2);
    session.next({ discard: false, again: true });
    await ticks(8 + 3);
    const [first, second] = all();
    const { snapshot, ...info } = first.begun.info;
    expect([info, JSON.parse(String(snapshot))]).toEqual([
      { success: false, forkedFrom: "old", forkStep: 4 },
      fork.snapshot,
    ]);
    expect([...first.steps[0].observation.position]).toEqual([11, 8]);
    expect(second.begun.info).toEqual(first.begun.info);
    expect([second.steps.length, second.closed?.ended]).toEqual([8, true]);
    await session.close();
  });

  it("go on where a fork is none of this world", async () => {
    const broken = { episode: "old", step: 4, seed: 7, snapshot: { nonsense: 1 } };
    const { session, ticks, drove, order } = await opened({
      makeWorld: () => {
        const world = lineWorld();
        const restore = world.restore;
        world.restore = (snapshot) => {
          if (!("x" in snapshot)) throw new Error("line: no snapshot of this world");
          return restore(snapshot);
        };
        return world;
      },
    });
    session.request("handBack");
    await ticks(2);
    session.fork(broken);
    await ticks(2);
    expect(order.filter((line) => line.startsWith("problem"))).toEqual(["problem: line: no snapshot of this world"]);
    expect(drove(0)).toBe("pppp");
    await session.close();
  });
});

describe("policies of a session", () => {
  it("are swapped where an episode begins; each step says which one it was", async () => {
    const { session, ticks, episodes, order } = await opened();
    session.request("handBack");
    await ticks(5);
    session.swap(linePolicy("v2"), "episode");
    await ticks(7 + 15 + 2);
    const versions = (id: string) => [...new Set(episodes.get(id)?.steps.map(({ policyVersion }) => policyVersion))];
    expect([versions("e0"), versions("e1")]).toEqual([["v1"], ["v2"]]);
    expect(order).toEqual(["swapped v1", "closed e0", "released v1", "swapped v2"]);
    await session.close();
    expect(order.slice(4)).toEqual(["closed e1", "released v2"]);
  });

  it("are swapped at once, without a missed step, and plan anew", async () => {
    const { session, ticks, all, order } = await opened();
    session.request("handBack");
    await ticks(2);
    session.swap(linePolicy("v2"), "now");
    await ticks(2);
    const [{ steps }] = all();
    expect(steps.map(({ policyVersion }) => policyVersion)).toEqual(["v1", "v1", "v2", "v2"]);
    expect(firsts(steps)).toEqual([1, 1.001, 1.02, 1.021]);
    expect(steps.map(({ chunkPlace }) => chunkPlace)).toEqual([0, 1, 0, 1]);
    expect(order).toEqual(["swapped v1", "swapped v2", "released v1"]);
    await session.close();
  });

  it("are recorded beside the person who drives", async () => {
    const { session, ticks, all } = await opened();
    session.request("takeOver");
    await ticks(1);
    session.swap(linePolicy("v2"), "now");
    await ticks(1);
    expect(all()[0].steps.map(({ policyVersion, controller }) => `${policyVersion} ${controller}`)).toEqual([
      "v1 expert",
      "v2 expert",
    ]);
    await session.close();
  });

  it("begin with their own gate when they are swapped at once", async () => {
    const gate = countingGate({ rule: { thresholds: { doubt: 6 } }, reads: "step" });
    const { session, ticks, all, views } = await opened({ policy: linePolicy("v1", gate) });
    session.request("handBack");
    await ticks(2);
    expect(views.at(-1)?.lanes[0].phase).toBe("alarmed");
    session.swap(linePolicy("v2"), "now");
    await ticks(1);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ phase: "policy", alarmed: false, score: null, threshold: null });
    expect(all()[0].steps.map(({ gate }) => gate.alarm)).toEqual([0, 1, undefined]);
    await session.close();
  });

  it("drive no more once they fail: all stand, and the person goes on alone", async () => {
    const { planner } = linePolicy("");
    const failing: LivePolicy = {
      ...{ version: "v9", gate: null },
      planner: {
        ...planner,
        plan: (histories, keys) => (planner.plan(histories, keys) as Float32Array).fill(Number.NaN),
      },
    };
    const { session, ticks, all, order, views, drove } = await opened();
    session.request("handBack");
    await ticks(2);
    session.swap(failing, "now");
    await ticks(3);
    const problem = order.find((line) => line.startsWith("problem"));
    expect(problem).toMatch(/^problem: the policy v9 drives no more: .*action \[NaN, NaN\], expected 2 finite numbers/);
    expect(order.filter((line) => line.startsWith("problem"))).toHaveLength(1);
    expect(views.at(-1)?.lanes[0].phase).toBe("paused");
    expect(drove(0)).toBe("pp");
    session.request("handBack");
    await ticks(2);
    expect(drove(0)).toBe("pp");
    session.request("takeOver");
    await ticks(2);
    session.swap(linePolicy("v2"), "now");
    session.request("handBack");
    await ticks(2);
    expect(drove(0)).toBe("ppeepp");
    expect(all()[0].steps.map(({ policyVersion }) => policyVersion)).toEqual(["v1", "v1", null, null, "v2", "v2"]);
    await session.close();
  });
});

describe("a session that fails", () => {
  it("is over, with one line, where a world fails under the person's hands; its episode is closed as it is", async () => {
    const { session, ticks, order, all } = await opened({
      ...{ part: "demonstrate", policy: null },
      makeWorld: () => {
        const world = lineWorld();
        const step = world.step;
        world.step = (action) => {
          if (world.snapshot().step === 3) throw new Error("the world broke");
          return step(action);
        };
        return world;
      },
    });
    session.request("takeOver");
    await ticks(6);
    expect(order).toEqual(["closed e0", "fatal: the world broke"]);
    expect(all()[0].closed).toMatchObject({ steps: 3, ended: false });
    await session.close();
    expect(order).toHaveLength(2);
  });

  it("is over where nobody can be told of its steps", async () => {
    const told = watching();
    const refuse = () => {
      throw new Error("the log is gone");
    };
    const { session, ticks, worlds } = await opened({ observer: { ...told.observer, step: refuse, closed: refuse } });
    session.request("handBack");
    await ticks(3);
    expect(told.order).toEqual(["swapped v1", "fatal: the log is gone"]);
    expect(worlds.steps()).toBe(1);
    await session.close();
  });
});

describe("a session's setup", () => {
  it("is refused where it does not fit, in one line", async () => {
    await expect(opened({ policy: null })).rejects.toThrow(
      "policy: found none, expected one: there is nothing to watch",
    );
    await expect(opened({ part: "demonstrate", lanes: 4 })).rejects.toThrow("lanes: found 4, expected 1");
    await expect(opened({ lanes: 0 })).rejects.toThrow("lanes: found 0, expected 1 or more");
    const gate = countingGate({ rule: { thresholds: { doubt: 6 } }, asksExpert: "always" });
    await expect(opened({ policy: linePolicy("v1", gate) })).rejects.toThrow("counting asks the expert in every step");
    const { session } = await opened();
    expect(() => session.input([1])).toThrow("input: found [1], expected 2 finite numbers (dx, dy)");
    expect(() => session.input([1, Number.NaN])).toThrow("input: found [1, NaN]");
    expect(() => session.focus(1)).toThrow("lane: found 1, expected 0 to 0");
    expect(() => session.swap(linePolicy("v1", gate), "now")).toThrow("counting asks the expert");
    await session.close();
  });
});
