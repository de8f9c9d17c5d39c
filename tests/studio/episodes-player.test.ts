import { describe, expect, it } from "vitest";
import type { EpisodeDetail } from "../../src/browser.ts";
import { advancePlayhead, afterKey, type Playhead, togglePlaying } from "../../studio/src/episodes/player.ts";
import { actionTraces, alarmStarts, gateTraces, timesOf } from "../../studio/src/episodes/traces.ts";
import { summaryOf } from "./episodes.ts";

const still: Playhead = { at: 10, isPlaying: false, speed: 1 };
const place = { last: 100, controlRate: 20, stops: [4, 10, 30] };
const press = (key: string, from: Playhead = still, shiftKey = false) => afterKey(from, { key, shiftKey }, place);

describe("the player", () => {
  it("goes with the clock, at its speed, and stops at the end", () => {
    const playing = { ...still, isPlaying: true, speed: 2 };
    // 0.5 s at 20 Hz, twice as fast: 20 steps
    expect(advancePlayhead(playing, 0.5, 20, 100)).toEqual({ at: 30, isPlaying: true, speed: 2 });
    expect(advancePlayhead(playing, 60, 20, 100)).toEqual({ at: 100, isPlaying: false, speed: 2 });
    expect(advancePlayhead(still, 1, 20, 100)).toBe(still);
  });

  it("plays from the beginning where it is at the end", () => {
    expect(togglePlaying({ ...still, at: 100 }, 100)).toEqual({ at: 0, isPlaying: true, speed: 1 });
    expect(togglePlaying({ at: 10.7, isPlaying: true, speed: 1 }, 100)).toEqual(still);
    expect(togglePlaying({ ...still, at: 0 }, 0).isPlaying).toBe(false);
  });

  it("is driven by keys", () => {
    expect(press(" ")?.isPlaying).toBe(true);
    expect(press("ArrowRight")?.at).toBe(11);
    expect(press("ArrowLeft")?.at).toBe(9);
    expect(press("ArrowRight", still, true)?.at).toBe(30);
    expect(press("ArrowLeft", still, true)?.at).toBe(0);
    expect(press("Home")?.at).toBe(0);
    expect(press("End")?.at).toBe(100);
    expect(press("]")?.at).toBe(30);
    expect(press("[")?.at).toBe(4);
    expect(press("]", { ...still, at: 30 })?.at).toBe(100);
    expect(press("ArrowUp")?.speed).toBe(2);
    expect(press("ArrowDown")?.speed).toBe(0.5);
    expect(press("ArrowUp", { ...still, speed: 8 })?.speed).toBe(8);
    expect(press("x")).toBeNull();
  });

  it("stands on whole steps after a key in the midst of playing", () => {
    const playing = { at: 10.4, isPlaying: true, speed: 1 };
    expect(press("ArrowRight", playing)).toEqual({ at: 11, isPlaying: false, speed: 1 });
    expect(press("ArrowLeft", playing)).toEqual({ at: 10, isPlaying: false, speed: 1 });
  });
});

describe("traces", () => {
  const detail: EpisodeDetail = {
    ...summaryOf("a", [
      ["policy", 3],
      ["expert", 1],
    ]),
    info: {},
    actions: [
      [0.1, 1],
      [0.2, 2],
      [0.3, 3],
      [0.4, 4],
    ],
    proposed: [[0.1, 1], [0.2, 2], [0.3, 3], null],
    label: [null, null, null, null],
    controller: ["policy", "policy", "policy", "expert"],
    reward: [0, 0, 0, 0],
    gate: {
      stac: [1, null, 3, null],
      "stac.threshold": [2, null, 2, null],
      alarm: [0, 0, 1, 1],
      free: [1, 1, 1, 1],
      "free.threshold": [null, null, null, null],
    },
  };
  const lines = (traces: ReturnType<typeof gateTraces>) =>
    traces.map(({ name, lines }) => [name, ...lines.map((line) => [line.name, ...line.values])]);

  it("hold a reading until the next, beside its threshold where it has one", () => {
    expect(lines(gateTraces(detail))).toEqual([
      ["gate: stac", ["stac", 1, 1, 3, 3], ["threshold", 2, 2, 2, 2]],
      ["gate: free", ["free", 1, 1, 1, 1]],
    ]);
    expect(alarmStarts(detail)).toEqual([2]);
  });

  it("show what was proposed beside what was executed, and labels where there are any", () => {
    const space = { names: ["steering", "acceleration"], units: ["rad", ""] };
    expect(lines(actionTraces(detail, space))).toEqual([
      ["steering, rad", ["proposed", 0.1, 0.2, 0.3, null], ["executed", 0.1, 0.2, 0.3, 0.4]],
      ["acceleration", ["proposed", 1, 2, 3, null], ["executed", 1, 2, 3, 4]],
    ]);
    const labelled = { ...detail, label: detail.label.with(1, [9, 8]) };
    expect(actionTraces(labelled, space)[0].lines[1]).toMatchObject({ name: "label", values: [null, 9, null, null] });
  });

  it("share the axis of time", () => expect(timesOf(3, 20)).toEqual([0, 0.05, 0.1]));
});
