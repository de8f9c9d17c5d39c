import { describe, expect, it } from "vitest";
import { drivingView, drivingWorld } from "../../src/browser.ts";
import { Recent, Trail, waysOf } from "../../studio/src/drive/thoughts.ts";
import { clockOf, controlOf, progressOf, resultOf } from "../../studio/src/drive/words.ts";
import { forwardOf } from "../../studio/src/fleet/forward.ts";
import type { LaneView } from "../../studio/src/session/messages.ts";

const world = drivingWorld({ scenario: "fork" });
world.reset(3);

const LANE: LaneView = {
  episode: "a",
  seed: 3,
  phase: "policy",
  step: 0,
  time: 0,
  snapshot: world.snapshot(),
  info: { success: false, progress: 0.25 },
  action: null,
  controller: null,
  proposed: null,
  policyVersion: "driving-fork-1",
  score: null,
  threshold: null,
  alarmed: false,
  need: 0,
  ended: null,
};

describe("who is in control", () => {
  it("is a word, a sign and a tone of its own for every phase", () => {
    const controls = (["policy", "alarmed", "expert", "paused"] as const).map((phase) =>
      controlOf({ ...LANE, phase }, false),
    );
    for (const name of ["word", "sign", "tone", "spoken"] as const) {
      expect(new Set(controls.map((control) => control[name])).size).toBe(4);
    }
  });

  it("shows an alarm that the table has not heard of yet, but not while the person drives", () => {
    expect(controlOf({ ...LANE, alarmed: true }, false).tone).toBe("alarm");
    expect(controlOf({ ...LANE, alarmed: true, phase: "expert" }, false).tone).toBe("expert");
    expect(controlOf({ ...LANE, phase: "expert" }, true).word).toBe("Rewinding");
  });

  it("names how an episode ended", () => {
    const ended = { success: false, terminated: true };
    const words = (info: LaneView["info"], success = false) =>
      resultOf({ ...LANE, info, ended: { ...ended, success } })?.words;
    expect(resultOf(LANE)).toBeNull();
    expect(words({ success: true }, true)).toBe("Arrived");
    expect(words({ success: true, coverage: 0.96 }, true)).toBe("Solved");
    expect(words({ success: false, collision: true })).toBe("Crashed");
    expect(words({ success: false, collision: false, departure: true })).toBe("Off the road");
    expect(words({ success: false })).toBe("Time is up");
  });

  it("tells time and progress", () => {
    expect([0, 0.05, 59.96, 67.4, 600].map(clockOf)).toEqual(["0:00.0", "0:00.0", "0:59.9", "1:07.4", "10:00.0"]);
    expect(progressOf({ success: false, progress: 0.25 })).toBe(0.25);
    // Push-T is solved at 95 % of the goal.
    expect(progressOf({ success: false, coverage: 0.475 })).toBeCloseTo(0.5, 9);
    expect(progressOf({ success: true, coverage: 1 })).toBe(1);
  });
});

describe("what the policy thinks", () => {
  it("leads from where the ego was planned for, without the rows that lie in the past", () => {
    const planned = [
      [0.4, 0],
      [0, 0],
      [0, 0],
    ];
    const { planned: way, fan } = waysOf(
      "driving-fork",
      { kind: "fan", step: 0, first: 1, planned, chunks: [planned] },
      world.snapshot(),
    );
    const { ego } = drivingView(world.snapshot());
    expect(way[0]).toMatchObject({ x: ego.x, y: ego.y });
    // Two actions at 10 m/s and 20 Hz: 1 m straight on.
    expect(way).toHaveLength(3);
    expect(Math.hypot(way[2].x - ego.x, way[2].y - ego.y)).toBeCloseTo(1, 3);
    expect(fan).toEqual([way]);
    expect(waysOf("push-t", { kind: "fan", step: 0, first: 1, planned, chunks: [] }, {}).planned).toEqual([
      { x: 0, y: 0 },
      { x: 0, y: 0 },
    ]);
  });

  it("finds the snapshot of its step, of this episode, and forgets what was rewound", () => {
    const recent = new Recent();
    const tick = (step: number, episode = "a") =>
      recent.note({
        kind: "tick",
        lanes: [{ ...LANE, episode, step, snapshot: { step } }],
        focus: 0,
        rewindable: 0,
        rewinding: false,
        at: 0,
        late: 0,
      });
    for (let step = 0; step <= 60; step++) tick(step);
    expect(recent.at(60)).toEqual({ step: 60 });
    expect(recent.at(30)).toEqual({ step: 30 });
    expect(recent.at(5)).toBeNull();
    tick(59);
    expect(recent.at(60)).toBeNull();
    tick(0, "b");
    expect(recent.at(59)).toBeNull();
  });

  it("leaves a trail by who drove, which rewinding takes back", () => {
    const trail = new Trail();
    const at = (x: number) => ({ x, y: 0, cosine: 1, sine: 0 });
    trail.note("a", 0, at(0), null);
    (["policy", "policy", "expert", "policy"] as const).forEach((who, i) => {
      trail.note("a", i + 1, at(i + 1), who);
    });
    const runs = (who: "policy" | "expert") => trail.runs(who).map((run) => run.map(({ x }) => x));
    expect(runs("policy")).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(runs("expert")).toEqual([[2, 3]]);
    trail.note("a", 2, at(2), "policy");
    expect(runs("expert")).toEqual([]);
    expect(runs("policy")).toEqual([[1, 2]]);
    trail.note("b", 1, at(9), "expert");
    expect([runs("policy"), runs("expert")]).toEqual([[], [[9]]]);
  });
});

describe("the world that comes forward", () => {
  const lane = (need: number, alarmed = false, isOver = false) => ({ need, alarmed, isOver });

  it("is the one that needs most, by a margin", () => {
    expect(forwardOf([lane(0.5), lane(0.55), lane(0.2)], 0)).toBe(0);
    expect(forwardOf([lane(0.5), lane(0.9), lane(0.8)], 0)).toBe(1);
    expect(forwardOf([lane(0.2), lane(0.9), lane(0.95)], 0)).toBe(2);
  });

  it("is one that asks for help before all others, and none that has ended", () => {
    expect(forwardOf([lane(3), lane(0.1, true)], 0)).toBe(1);
    expect(forwardOf([lane(0.3, true), lane(0.1, true)], 0)).toBe(0);
    expect(forwardOf([lane(0, false, true), lane(0.01)], 0)).toBe(1);
    expect(forwardOf([lane(0.1), lane(9, true, true)], 0)).toBe(0);
  });
});
