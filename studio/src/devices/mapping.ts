/**
 * Which key or gamepad part means what. A part of a device is a text: `KeyboardEvent.code` for keys, "Pad7" for a gamepad's
 * button, "Axis0-" and "Axis0+" for the two halves of a stick's axis.
 */

/** In the order in which they are listed. The first four are control input: analogue, and they take over. */
export const COMMANDS = {
  left: { title: "Left", codes: ["ArrowLeft", "KeyA", "Axis0-"] },
  right: { title: "Right", codes: ["ArrowRight", "KeyD", "Axis0+"] },
  up: { title: "Faster / up", codes: ["ArrowUp", "KeyW", "Pad7"] },
  down: { title: "Brake / down", codes: ["ArrowDown", "KeyS", "Pad6"] },
  takeOver: { title: "Take over", codes: ["KeyT", "Pad3"] },
  handBack: { title: "Hand back to the policy", codes: ["KeyH", "Pad0"] },
  pause: { title: "Pause", codes: ["Space", "Pad9"] },
  rewind: { title: "Rewind (hold)", codes: ["KeyR", "Pad2"] },
  slow: { title: "Slow motion", codes: ["KeyF", "Pad4"] },
  hold: { title: "Drive while held (dead-man)", codes: ["ShiftLeft", "ShiftRight", "Pad5"] },
  shadow: { title: "Shadow labelling", codes: ["KeyL"] },
  next: { title: "Next episode", codes: ["KeyN", "Pad1"] },
  again: { title: "Again, the same start", codes: ["KeyG"] },
  discard: { title: "Discard the episode", codes: ["KeyX"] },
  success: { title: "Mark as success", codes: ["KeyM"] },
  view: { title: "Chase or top view", codes: ["KeyV", "Pad8"] },
  mute: { title: "Sound", codes: ["KeyU"] },
} as const satisfies Readonly<Record<string, { readonly title: string; readonly codes: readonly string[] }>>;

export type Command = keyof typeof COMMANDS;
export type Mapping = Readonly<Record<Command, readonly string[]>>;

export const COMMAND_NAMES = Object.keys(COMMANDS) as Command[];
const AXES: ReadonlySet<Command> = new Set(["left", "right", "up", "down"]);

/** Whether it is control input, rather than a request. */
export const isControl = (command: Command): boolean => AXES.has(command);

const fill = (codesOf: (command: Command) => readonly string[]): Mapping =>
  Object.fromEntries(COMMAND_NAMES.map((command) => [command, codesOf(command)])) as unknown as Mapping;

export const DEFAULT_MAPPING: Mapping = fill((command) => COMMANDS[command].codes);

/** What a part of a device means; null for nothing. */
export function commandOf(mapping: Mapping, code: string): Command | null {
  return COMMAND_NAMES.find((command) => mapping[command].includes(code)) ?? null;
}

/** The mapping in which `code` means `command` and nothing else. Other codes of the command stay. */
export function assign(mapping: Mapping, command: Command, code: string): Mapping {
  return fill((one) => {
    const others = mapping[one].filter((known) => known !== code);
    return one === command ? [...others, code] : others;
  });
}

/** The mapping without one meaning. */
export function unassign(mapping: Mapping, command: Command, code: string): Mapping {
  return fill((one) => (one === command ? mapping[one].filter((known) => known !== code) : mapping[one]));
}

/** A mapping that was kept; null for what is none. Commands that it does not know of have their first meaning. */
export function readMapping(value: unknown): Mapping | null {
  if (typeof value !== "object" || value === null) return null;
  const kept = value as Partial<Record<Command, unknown>>;
  const isCodes = (codes: unknown): codes is string[] =>
    Array.isArray(codes) && codes.length <= 8 && codes.every((code) => typeof code === "string" && code.length < 32);
  const used = new Set(Object.values(kept).filter(isCodes).flat());
  return fill((command) => {
    const codes = kept[command];
    return isCodes(codes) ? codes : COMMANDS[command].codes.filter((code) => !used.has(code));
  });
}

const NAMES: Readonly<Record<string, string>> = {
  ArrowLeft: "←",
  ArrowRight: "→",
  ArrowUp: "↑",
  ArrowDown: "↓",
  ShiftLeft: "Shift",
  ShiftRight: "Right Shift",
  ControlLeft: "Ctrl",
  ControlRight: "Right Ctrl",
  Enter: "Enter ↵",
  Pad0: "Pad A",
  Pad1: "Pad B",
  Pad2: "Pad X",
  Pad3: "Pad Y",
  Pad4: "Pad LB",
  Pad5: "Pad RB",
  Pad6: "Pad LT",
  Pad7: "Pad RT",
  Pad8: "Pad Back",
  Pad9: "Pad Start",
  "Axis0-": "Stick ←",
  "Axis0+": "Stick →",
  "Axis1-": "Stick ↑",
  "Axis1+": "Stick ↓",
};

/** A part of a device as it is written on it. */
export function nameOf(code: string): string {
  return NAMES[code] ?? code.replace(/^(Key|Digit)(?=.$)/, "").replace(/^Numpad/, "Num ");
}
