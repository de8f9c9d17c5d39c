/** A gamepad as parts with values: what `mapping.ts` names. */
import { withoutDeadZone } from "./dead-zone.ts";

/** What is read of the browser's Gamepad. */
export interface PadReading {
  readonly connected: boolean;
  readonly axes: readonly number[];
  readonly buttons: readonly { readonly pressed: boolean; readonly value: number }[];
}

/** Sticks rest anywhere within this of the middle; triggers do within half of it. */
export const DEAD_ZONE = 0.15;

/** The parts that are moved beyond their dead zones, with values in (0, 1]. */
export function readPad({ connected, axes, buttons }: PadReading, zone = DEAD_ZONE): Map<string, number> {
  const parts = new Map<string, number>();
  if (!connected) return parts;
  axes.forEach((axis, i) => {
    const value = withoutDeadZone(axis, zone);
    if (value < 0) parts.set(`Axis${i}-`, -value);
    if (value > 0) parts.set(`Axis${i}+`, value);
  });
  buttons.forEach(({ pressed, value }, i) => {
    const pushed = Math.max(value, pressed ? 1 : 0);
    if (pushed > zone / 2) parts.set(`Pad${i}`, pushed);
  });
  return parts;
}
