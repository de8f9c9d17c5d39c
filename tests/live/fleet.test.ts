import { describe, expect, it } from "vitest";
import { needOf } from "../../src/live/need.ts";
import type { LivePolicy } from "../../src/rollouts/index.ts";
import { lineWorld } from "../rollouts/line.ts";
import { countingGate } from "../rollouts/scripted.ts";
import { linePolicy, opened } from "./opened.ts";

describe("a fleet", () => {
  it("drives by itself; input and requests are for the lane in focus alone", async () => {
    const { session, ticks, drove, all, views } = await opened({ lanes: 4 });
    session.request("handBack");
    await ticks(2);
    session.focus(2);
    session.input([2, 2]);
    session.request("takeOver");
    session.shadow(true);
    await ticks(2);
    expect([0, 1, 2, 3].map(drove)).toEqual(["pppp", "pppp", "ppee", "pppp"]);
    expect(views.at(-1)).toMatchObject({ focus: 2 });
    expect(views.at(-1)?.lanes.map(({ phase }) => phase)).toEqual(["policy", "policy", "expert", "policy"]);
    // Nobody looked at lane 1, and no hands labelled what it did.
    const operators = all().map(({ steps }) => steps.map(({ operator }) => operator?.[0] ?? "-").join(""));
    expect(operators).toEqual(["aa--", "----", "--aa", "----"]);
    expect(all()[1].steps.every(({ label }) => label === null)).toBe(true);
    expect([...all()[2].steps[3].action]).toEqual([2, 2]);
    await session.close();
  });

  it("is handed back where the person looks elsewhere", async () => {
    const { session, ticks, drove } = await opened({ lanes: 4 });
    session.request("handBack");
    session.request("takeOver");
    await ticks(2);
    session.focus(1);
    await ticks(1);
    session.request("takeOver");
    session.focus(3);
    await ticks(1);
    expect([0, 1, 2, 3].map(drove)).toEqual(["eepp", "pppp", "pppp", "pppp"]);
    await session.close();
  });

  it("stands as a whole when the operator is lost, and goes on as a whole", async () => {
    const { session, ticks, drove, worlds, views } = await opened({ lanes: 4 });
    session.request("handBack");
    await ticks(2);
    session.lost();
    await ticks(5);
    expect(worlds.steps()).toBe(8);
    expect(views.at(-1)?.lanes.every(({ phase, need }) => phase === "paused" && need === 0)).toBe(true);
    session.request("takeOver");
    await ticks(1);
    expect([0, 1, 2, 3].map(drove)).toEqual(["ppe", "ppp", "ppp", "ppp"]);
    await session.close();
  });

  it("rewinds the lane in focus while the others go on", async () => {
    const { session, ticks, views, worlds } = await opened({ lanes: 4 });
    session.request("handBack");
    await ticks(5);
    session.rewind(true);
    await ticks(3);
    session.rewind(false);
    await ticks(1);
    expect(views.at(-1)?.lanes.map(({ step }) => step)).toEqual([2, 9, 9, 9]);
    // It stays there while the person is elsewhere, also over a pause of all.
    session.focus(1);
    session.request("pause");
    await ticks(1);
    session.request("handBack");
    await ticks(1);
    expect(views.at(-1)?.lanes.map(({ step }) => step)).toEqual([2, 10, 10, 10]);
    session.focus(0);
    session.request("handBack");
    await ticks(1);
    expect(worlds.steps()).toBe(5 + 3 * 11 + 1);
    expect(views.at(-1)?.lanes[0]).toMatchObject({ episode: "e4", step: 1 });
    await session.close();
  });

  it("begins each lane's next episode in its own time", async () => {
    let made = 0;
    const { session, ticks, views, all } = await opened({
      lanes: 4,
      makeWorld: () => lineWorld({ length: 4 + 3 * made++ }),
    });
    session.request("handBack");
    await ticks(20);
    expect(views.at(-1)?.lanes.map(({ episode, step }) => `${episode} ${step}`)).toEqual([
      "e4 2",
      "e1 7",
      "e2 10",
      "e3 13",
    ]);
    expect(all().map(({ begun: { lane } }) => lane)).toEqual([0, 1, 2, 3, 0]);
    await session.close();
  });

  it("tells which lane needs help most by its gate: an alarm first", async () => {
    // Doubt is 7 · step mod 10: lanes that are some steps apart are not equally in doubt.
    const gate = countingGate({ rule: { thresholds: { doubt: 6 } }, reads: "step" });
    const { session, ticks, views } = await opened({ lanes: 4, policy: linePolicy("v1", gate) });
    session.request("handBack");
    await ticks(1);
    session.next({ discard: false, again: false });
    await ticks(1);
    // Lane 0 reads 0 in its step 0, the others 7 in their step 1: 7/6 / (1 + 7/6) beyond an alarm's 1.
    expect(views.at(-1)?.lanes.map(({ need }) => need)).toEqual([0, 1 + 7 / 13, 1 + 7 / 13, 1 + 7 / 13]);
    session.focus(1);
    session.request("takeOver");
    await ticks(1);
    // Lane 0 reads 7 now; the person drives lane 1; the others read 4: 4/6 / (1 + 4/6).
    expect(views.at(-1)?.lanes.map(({ need }) => need)).toEqual([1 + 7 / 13, 0, 0.4, 0.4]);
    await session.close();
  });

  it("goes by how much plans disagree where there is no gate: worked out by hand", async () => {
    // Actions range over 10. Of Tp = 4, Ta = 2 actions two are planned twice: in a lane whose plans change by 5 each time the
    // disagreement is 1/2 where a plan is made, and a tenth of a second later e^-0.1 of that.
    let plans = 0;
    const policy: LivePolicy = {
      ...{ version: "v1", gate: null },
      planner: {
        ...{ name: "wavering", controller: "policy" },
        horizons: { observationHorizon: 1, predictionHorizon: 4, actionHorizon: 2 },
        plan(_histories, keys) {
          const wavers = plans++ % 2 === 0 ? -2.5 : 2.5;
          return Float32Array.from(keys.flatMap((_, row) => new Array<number>(8).fill(row === 1 ? wavers : 1)));
        },
      },
    };
    const { session, ticks, views } = await opened({ lanes: 4, policy });
    session.request("handBack");
    await ticks(2);
    expect(views.at(-1)?.lanes.map(({ need }) => need)).toEqual([0, 0, 0, 0]);
    await ticks(1);
    expect(views.at(-1)?.lanes.map(({ need }) => need)).toEqual([0, 0.5 / 1.5, 0, 0]);
    await ticks(1);
    const faded = 0.5 * Math.exp(-0.1);
    expect(views.at(-1)?.lanes[1].need).toBeCloseTo(faded / (1 + faded), 12);
    await session.close();
  });
});

describe("need", () => {
  it("grows with the reading, and stays below an alarm's without one", () => {
    const at = (score: number | null, threshold: number, alarmed = false) => needOf(alarmed, { score, threshold }, 9);
    expect([at(null, 2), at(0, 2), at(1, 2), at(2, 2), at(6, 2)]).toEqual([0, 0, 1 / 3, 0.5, 0.75]);
    expect(at(Number.POSITIVE_INFINITY, 2)).toBe(1);
    expect(at(0, 2, true)).toBe(1);
    // Thresholds of 0 and below have no shares: what counts is how far the reading is above.
    expect([at(-1, 0), at(1, 0), at(1, -1)]).toEqual([0, 0.5, 2 / 3]);
    expect(at(5, Number.POSITIVE_INFINITY)).toBe(0);
    expect(needOf(false, null, 1)).toBe(0.5);
  });
});
