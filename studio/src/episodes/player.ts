/** Where a replay is, and what keys do to it. Places are moments: 0 is the start, L the end; between them while it plays. */

export interface Playhead {
  readonly at: number;
  readonly isPlaying: boolean;
  /** 1 is the task's own rate. */
  readonly speed: number;
}

export const SPEEDS = [0.1, 0.25, 0.5, 1, 2, 4, 8] as const;

const between = (value: number, last: number): number => Math.min(Math.max(value, 0), last);

/** After `seconds` on the clock; it stops at the end. */
export function advancePlayhead(playhead: Playhead, seconds: number, controlRate: number, last: number): Playhead {
  if (!playhead.isPlaying) return playhead;
  const at = between(playhead.at + seconds * controlRate * playhead.speed, last);
  return { ...playhead, at, isPlaying: at < last };
}

/** At the end, playing begins anew. */
export function togglePlaying(playhead: Playhead, last: number): Playhead {
  if (playhead.isPlaying) return { ...playhead, isPlaying: false, at: Math.floor(playhead.at) };
  return { ...playhead, isPlaying: last > 0, at: playhead.at >= last ? 0 : playhead.at };
}

export const seek = (playhead: Playhead, at: number, last: number): Playhead => ({
  ...playhead,
  at: between(at, last),
});

export function faster(playhead: Playhead, by: 1 | -1): Playhead {
  const place = SPEEDS.findIndex((speed) => speed >= playhead.speed);
  return { ...playhead, speed: SPEEDS[between(place + by, SPEEDS.length - 1)] };
}

/** What a key does; null where it is not the player's. `stops` are places worth going to, as take-overs are. */
export function afterKey(
  playhead: Playhead,
  key: { readonly key: string; readonly shiftKey: boolean },
  { last, controlRate, stops }: { last: number; controlRate: number; stops: readonly number[] },
): Playhead | null {
  const here = Math.floor(playhead.at);
  const still = (at: number) => ({ ...seek(playhead, at, last), isPlaying: false });
  switch (key.key) {
    case " ":
    case "k":
      return togglePlaying(playhead, last);
    case "ArrowRight":
      return still(here + (key.shiftKey ? controlRate : 1));
    case "ArrowLeft":
      return still(Math.ceil(playhead.at) - (key.shiftKey ? controlRate : 1));
    case "Home":
      return still(0);
    case "End":
      return still(last);
    case "ArrowUp":
      return faster(playhead, 1);
    case "ArrowDown":
      return faster(playhead, -1);
    case "]":
      return still(stops.find((stop) => stop > here) ?? last);
    case "[":
      return still(stops.findLast((stop) => stop < here) ?? 0);
    default:
      return null;
  }
}
