import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { moveTarget } from "../../studio/src/devices/actions.ts";
import { withoutDeadZone } from "../../studio/src/devices/dead-zone.ts";
import { DEAD_ZONE, readPad } from "../../studio/src/devices/gamepad.ts";
import {
  assign,
  COMMAND_NAMES,
  commandOf,
  DEFAULT_MAPPING,
  nameOf,
  readMapping,
  unassign,
} from "../../studio/src/devices/mapping.ts";

const position = fc.double({ min: -1, max: 1, noNaN: true });

describe("a stick", () => {
  it("says nothing within its dead zone, goes on from 0 and reaches 1", () => {
    expect(withoutDeadZone(DEAD_ZONE, DEAD_ZONE)).toBe(0);
    expect(withoutDeadZone(-DEAD_ZONE, DEAD_ZONE)).toBe(0);
    expect(withoutDeadZone(DEAD_ZONE + 1e-6, DEAD_ZONE)).toBeLessThan(1e-6);
    expect(withoutDeadZone(1, DEAD_ZONE)).toBe(1);
    expect(withoutDeadZone(-1.2, DEAD_ZONE)).toBe(-1);
    expect(withoutDeadZone(Number.NaN, DEAD_ZONE)).toBe(0);
  });

  it("is odd and rises", () => {
    fc.assert(
      fc.property(position, position, (a, b) => {
        expect(withoutDeadZone(-a, 0.15)).toBeCloseTo(-withoutDeadZone(a, 0.15), 12);
        if (a < b) expect(withoutDeadZone(a, 0.15)).toBeLessThanOrEqual(withoutDeadZone(b, 0.15));
      }),
    );
  });

  it("and buttons are read as parts; drift is none, an absent gamepad has none", () => {
    const buttons = [0, 1, 0, 0, 0, 0, 0.4, 0.02].map((value) => ({ value, pressed: value > 0.5 }));
    const parts = readPad({ connected: true, axes: [-1, 0.1, 0.05], buttons });
    expect([...parts]).toEqual([
      ["Axis0-", 1],
      ["Pad1", 1],
      ["Pad6", 0.4],
    ]);
    expect(readPad({ connected: false, axes: [-1], buttons }).size).toBe(0);
  });
});

describe("keys and Push-T", () => {
  it("move Push-T's target upwards for the up key, and keep it in the window", () => {
    expect(moveTarget({ x: 100, y: 100 }, { x: 0, y: 1 }, 0.1).y).toBeCloseTo(74, 9);
    expect(moveTarget({ x: 500, y: 3 }, { x: 1, y: 1 }, 1)).toEqual({ x: 512, y: 0 });
  });
});

describe("the mapping", () => {
  it("gives no part two meanings, and every command a key of its own", () => {
    const codes = COMMAND_NAMES.flatMap((command) => DEFAULT_MAPPING[command]);
    expect(new Set(codes).size).toBe(codes.length);
    expect(COMMAND_NAMES.every((command) => DEFAULT_MAPPING[command].some((code) => !/^(Pad|Axis)/.test(code)))).toBe(
      true,
    );
  });

  it("takes a part from what it meant before", () => {
    const mapping = assign(DEFAULT_MAPPING, "left", "KeyH");
    expect(commandOf(mapping, "KeyH")).toBe("left");
    expect(commandOf(mapping, "ArrowLeft")).toBe("left");
    expect(mapping.handBack).toEqual(["Pad0"]);
    expect(commandOf(unassign(mapping, "left", "KeyH"), "KeyH")).toBeNull();
  });

  it("comes back as it was kept; what a newer version adds takes no key that is used", () => {
    const mine = assign(DEFAULT_MAPPING, "left", "KeyM");
    expect(readMapping(JSON.parse(JSON.stringify(mine)))).toEqual(mine);
    const { success: _, ...older } = mine;
    expect(readMapping(older)?.success).toEqual([]);
    for (const none of [null, 3, "left"]) expect(readMapping(none)).toBeNull();
    expect(readMapping({ left: [1, 2] })).toEqual(DEFAULT_MAPPING);
  });

  it("names parts as they are written on keys", () => {
    expect(["KeyA", "Digit4", "ArrowUp", "Space", "Pad0", "Axis0-"].map(nameOf)).toEqual([
      "A",
      "4",
      "↑",
      "Space",
      "Pad A",
      "Stick ←",
    ]);
  });
});
