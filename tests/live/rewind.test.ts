import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { drivingWorld, pushTWorld } from "../../src/environments/index.ts";
import type { World } from "../../src/world/index.ts";
import { opened } from "./opened.ts";
import { expectReplays, seeingPolicy } from "./truth.ts";

const states = (views: readonly { lanes: readonly { snapshot: unknown }[] }[]) =>
  views.map(({ lanes: [{ snapshot }] }) => snapshot);

describe("rewinding", () => {
  it("goes back a step in every step, and stands where it is let go of, having recorded nothing", async () => {
    const { session, ticks, views, worlds, all } = await opened();
    session.request("handBack");
    await ticks(6);
    expect(views.at(-1)?.rewindable).toBe(0.6);
    session.rewind(true);
    await ticks(4);
    expect(views.slice(-4).map(({ lanes: [{ step, phase }] }) => [step, phase])).toEqual(
      [5, 4, 3, 2].map((step) => [step, "paused"]),
    );
    expect(views.at(-1)).toMatchObject({ rewinding: true, rewindable: 0.2 });
    session.rewind(false);
    await ticks(3);
    expect(views.at(-1)).toMatchObject({ rewinding: false, rewindable: 0.2 });
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e0", step: 2, time: 0.2, controller: "policy" });
    expect([worlds.steps(), all().length, all()[0].closed]).toEqual([6, 1, null]);
    await session.close();
    expect(all()[0].closed).toMatchObject({ steps: 6, ended: false });
  });

  it("goes on as a new episode from there; the one that ran is closed as it is", async () => {
    const { session, ticks, all, views } = await opened();
    session.request("handBack");
    await ticks(6);
    session.rewind(true);
    await ticks(4);
    session.rewind(false);
    session.input([-1, 0]);
    session.request("takeOver");
    await ticks(2);
    session.request("handBack");
    await ticks(1);
    const [first, second] = all();
    expect(first.closed).toMatchObject({ id: "e0", steps: 6, ended: false, success: null });
    expect(second.begun).toMatchObject({ id: "e1", seed: 100, info: { forkedFrom: "e0", forkStep: 2 } });
    expect(second.steps[0].observation).toEqual(first.steps[2].observation);
    expect(second.steps.map(({ controller, time }) => [controller, time])).toEqual([
      ["expert", 0],
      ["expert", 0.1],
      ["policy", 0.2],
    ]);
    expect(views.at(-1)).toMatchObject({ rewindable: 0.5 });
    await session.close();
  });

  it("goes on with the policy, too, and through a takeover while the key is still held", async () => {
    const { session, ticks, drove } = await opened();
    session.request("handBack");
    await ticks(5);
    session.rewind(true);
    await ticks(2);
    session.request("handBack");
    await ticks(3);
    expect([drove(0), drove(1)]).toEqual(["ppppp", "ppp"]);
    await session.close();
  });

  it("goes back across where an episode was forked, and into the one before", async () => {
    const { session, ticks, views, all } = await opened();
    session.request("handBack");
    await ticks(12 + 14 + 2);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e1", step: 2 });
    session.rewind(true);
    await ticks(4);
    // The end of an episode is no moment from which anything goes on: the one before it is.
    expect(views.slice(-4).map(({ lanes: [{ episode, step, ended }] }) => [episode, step, ended])).toEqual([
      ["e1", 1, null],
      ["e1", 0, null],
      ["e0", 11, null],
      ["e0", 10, null],
    ]);
    session.request("takeOver");
    await ticks(1);
    expect(all().at(-1)?.begun.info).toMatchObject({ forkedFrom: "e0", forkStep: 10 });
    session.rewind(true);
    await ticks(3);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e0", step: 8 });
    await session.close();
  });

  it("saves an episode that has just failed", async () => {
    const { session, ticks, views, episodes } = await opened();
    session.request("handBack");
    await ticks(12);
    session.rewind(true);
    await ticks(1);
    session.rewind(false);
    // Standing there the next one does not begin.
    await ticks(40);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e0", step: 11, phase: "paused", ended: null });
    session.request("takeOver");
    await ticks(1);
    expect(episodes.get("e1")?.closed).toMatchObject({ steps: 1, ended: true });
    await session.close();
  });

  it("only pauses where there is nothing behind", async () => {
    const { session, ticks, views, drove } = await opened();
    session.request("handBack");
    await ticks(1);
    session.next({ discard: false, again: false });
    session.rewind(true);
    await ticks(3);
    session.rewind(false);
    await ticks(2);
    expect(views.at(-1)?.lanes[0].phase).toBe("paused");
    session.request("handBack");
    await ticks(1);
    expect(drove(0)).toMatch(/^p+$/);
    await session.close();
  });

  it("keeps 30 s, the newest", async () => {
    const { session, ticks, views } = await opened({
      makeWorld: () => drivingWorld(),
      policy: seeingPolicy(
        drivingWorld().spec,
        { observationHorizon: 1, predictionHorizon: 8, actionHorizon: 8 },
        "v1",
      ),
      part: "watch",
    });
    // It brakes, and stands.
    session.input([0, drivingWorld().spec.action.low[1]]);
    session.request("takeOver");
    await ticks(700);
    expect(views.at(-1)?.lanes[0].step).toBe(700);
    expect(views.at(-1)?.rewindable).toBe(30);
    session.rewind(true);
    await ticks(620);
    expect(views.at(-1)?.lanes[0].step).toBe(100);
    expect(views.at(-1)?.rewindable).toBe(0);
    await session.close();
  });

  const WORLDS: [string, () => World][] = [
    ["driving", () => drivingWorld()],
    ["Push-T", () => pushTWorld()],
  ];
  it.each(WORLDS)("restores states to the bit: %s", async (_, makeWorld) => {
    const { spec } = makeWorld();
    const policy = seeingPolicy(spec, { observationHorizon: 2, predictionHorizon: 8, actionHorizon: 4 }, "v1");
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 40 }), fc.integer({ min: 1, max: 40 }), async (forth, back) => {
        const { session, ticks, views, all } = await opened({ makeWorld, policy });
        await ticks(1);
        session.request("handBack");
        await ticks(forth);
        const onwards = states(views);
        const most = Math.min(back, onwards.length - 1);
        session.rewind(true);
        await ticks(most);
        expect(states(views).slice(onwards.length)).toEqual(onwards.toReversed().slice(1, most + 1));
        session.request("handBack");
        await ticks(1);
        await session.close();
        for (const told of all()) expectReplays(makeWorld(), told);
      }),
      { numRuns: 10 },
    );
  });
});
