/**
 * All devices of a person together: keys, gamepad, and the stick that a pointer or finger makes. They know nothing of the
 * session: they tell what was asked for, and where the wheel stands.
 */
import { type Axes, afterHolding, afterPress } from "apprentice";
import { type PadReading, readPad } from "./gamepad.ts";
import { COMMAND_NAMES, type Command, commandOf, isControl, type Mapping } from "./mapping.ts";

export interface DeviceEvents {
  /** A part that means `command` went down or up. Control input is told as `moved`. */
  command(command: Command, isDown: boolean): void;
  /** Control input has begun or changed: the person wants to drive. Called at the event, not at the next picture. */
  moved(): void;
  /** Nobody is there: the window lost the focus or is hidden, or a gamepad that was in use is gone. */
  lost(why: "hidden" | "unfocused" | "unplugged"): void;
}

export interface DeviceOptions {
  readonly events: DeviceEvents;
  /** What the parts mean now. */
  mapping(): Mapping;
  /** The browser's gamepads; another source in tests. */
  pads?(): readonly (PadReading | null)[];
}

export interface Devices {
  /** Where the wheel (x, to the right) and the pedals (y, faster) stand, each in [-1, 1]. */
  axes(): Axes;
  /** Whether any control input is held, beyond its dead zone. */
  isHeld(): boolean;
  /** Called once per picture with the seconds since the last: polls gamepads, moves the wheel towards what keys want. */
  poll(seconds: number): void;
  /** The stick of a pointer or finger; null once it is let go. */
  stick(at: Axes | null): void;
  /** The next part that goes down is told to `capture`, and means nothing else. */
  capture(capture: ((code: string) => void) | null): void;
  /** Where the wheel stands as somebody else let go of it: what keys do begins there, without a jerk. */
  seed(at: Axes): void;
  /** Lets go of everything. */
  release(): void;
  detach(): void;
}

const readPads = (): readonly (PadReading | null)[] => navigator.getGamepads?.() ?? [];

/** Whether it goes to an element that keys belong to. */
export function isTyping({ target }: Event): boolean {
  return target instanceof Element && target.closest("input, select, textarea, [contenteditable]") !== null;
}
/** Keys that a focused button or link wants for itself. */
function isPressing({ target, code }: KeyboardEvent): boolean {
  return (code === "Space" || code === "Enter") && target instanceof Element && !!target.closest("button, a, summary");
}

export function attachDevices({ events, mapping, pads = readPads }: DeviceOptions): Devices {
  const keys = new Set<string>();
  let parts = new Map<string, number>();
  let pointer: Axes | null = null;
  /** Where keys have put wheel and pedals. */
  let at: Axes = { x: 0, y: 0 };
  let capturing: ((code: string) => void) | null = null;
  let padInUse = false;

  const digital = (command: Command): number => (mapping()[command].some((code) => keys.has(code)) ? 1 : 0);
  const analogue = (command: Command): number => Math.max(0, ...mapping()[command].map((code) => parts.get(code) ?? 0));
  const keyed = () => ({ x: digital("right") - digital("left"), y: digital("up") - digital("down") });
  const isHeld = () =>
    pointer !== null || COMMAND_NAMES.some((one) => isControl(one) && digital(one) + analogue(one) > 0);

  const press = (code: string, isDown: boolean) => {
    const command = commandOf(mapping(), code);
    if (command === null) return;
    if (!isControl(command)) events.command(command, isDown);
    else if (isDown) events.moved();
  };
  const seize = (code: string): boolean => {
    if (!capturing) return false;
    const tell = capturing;
    capturing = null;
    tell(code);
    return true;
  };
  const release = () => {
    const held = [...keys, ...parts.keys()];
    keys.clear();
    parts = new Map();
    pointer = null;
    at = { x: 0, y: 0 };
    for (const code of held) press(code, false);
  };
  const lose = (why: Parameters<DeviceEvents["lost"]>[0]) => {
    release();
    events.lost(why);
  };

  const down = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (capturing) {
      event.preventDefault();
      event.stopPropagation();
      seize(event.code);
      return;
    }
    if (isTyping(event) || isPressing(event)) return;
    if (commandOf(mapping(), event.code) === null) return;
    event.preventDefault();
    keys.add(event.code);
    at = afterPress(at, keyed());
    press(event.code, true);
  };
  // A repeated key scrolls the page too.
  const hush = (event: KeyboardEvent) => {
    if (event.repeat && keys.has(event.code)) event.preventDefault();
  };
  const up = (event: KeyboardEvent) => {
    if (!keys.delete(event.code)) return;
    press(event.code, false);
    if (isControlCode(event.code)) events.moved();
  };
  const isControlCode = (code: string) => {
    const command = commandOf(mapping(), code);
    return command !== null && isControl(command);
  };
  const hide = () => {
    if (document.hidden) lose("hidden");
  };
  const blur = () => lose("unfocused");

  addEventListener("keydown", down);
  addEventListener("keydown", hush);
  addEventListener("keyup", up);
  addEventListener("blur", blur);
  document.addEventListener("visibilitychange", hide);

  const pollPads = () => {
    const connected = pads().filter((pad) => pad?.connected);
    if (padInUse && connected.length === 0) {
      padInUse = false;
      lose("unplugged");
      return;
    }
    const before = parts;
    parts = new Map();
    for (const pad of connected) {
      if (pad) for (const [code, value] of readPad(pad)) parts.set(code, Math.max(value, parts.get(code) ?? 0));
    }
    if (parts.size > 0) padInUse = true;
    for (const code of parts.keys()) if (!before.has(code) && !seize(code)) press(code, true);
    for (const code of before.keys()) if (!parts.has(code)) press(code, false);
  };

  return {
    axes() {
      if (pointer) return pointer;
      const clamp = (value: number) => Math.min(Math.max(value, -1), 1);
      return {
        x: clamp(at.x + analogue("right") - analogue("left")),
        y: clamp(at.y + analogue("up") - analogue("down")),
      };
    },
    isHeld,
    poll(seconds) {
      pollPads();
      at = afterHolding(at, keyed(), seconds);
    },
    stick(held) {
      pointer = held;
      if (held) events.moved();
    },
    capture(tell) {
      capturing = tell;
    },
    seed(there) {
      at = afterPress(there, keyed());
    },
    release,
    detach() {
      removeEventListener("keydown", down);
      removeEventListener("keydown", hush);
      removeEventListener("keyup", up);
      removeEventListener("blur", blur);
      document.removeEventListener("visibilitychange", hide);
    },
  };
}
