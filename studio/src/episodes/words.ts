/** Numbers of episodes as people read them. */
import type { EpisodeSummary } from "apprentice";

/** "0:07.4": minutes, seconds and tenths. */
export function clock(seconds: number): string {
  const tenths = Math.round(seconds * 10);
  const [minutes, rest] = [Math.floor(tenths / 600), tenths % 600];
  return `${minutes}:${String(Math.floor(rest / 10)).padStart(2, "0")}.${rest % 10}`;
}

/** "3.4 s", "2 min 5 s", "1 h 12 min". */
export function duration(seconds: number): string {
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return `${Math.floor(whole / 60)} min${whole % 60 ? ` ${whole % 60} s` : ""}`;
  return `${Math.floor(whole / 3600)} h ${Math.round((whole % 3600) / 60)} min`;
}

/** The time of today, or day and time. `started` in seconds since 1970. */
export function when(started: number, now: Date = new Date()): string {
  const date = new Date(started * 1000);
  const isToday = date.toDateString() === now.toDateString();
  const clock = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
  if (isToday) return date.toLocaleTimeString("en-GB", { ...clock, second: "2-digit" });
  const isThisYear = date.getFullYear() === now.getFullYear();
  return date.toLocaleString("en-GB", {
    day: "numeric",
    month: "short",
    ...(isThisYear ? clock : { year: "numeric" }),
  });
}

/** How it ended, in a word. */
export function resultOf({ success, interrupted }: Pick<EpisodeSummary, "success" | "interrupted">): {
  readonly word: string;
  readonly sign: string;
  readonly kind: "good" | "bad" | "open";
} {
  if (success === true) return { word: "Success", sign: "✓", kind: "good" };
  if (success === false) return { word: "Failure", sign: "✕", kind: "bad" };
  return { word: interrupted ? "Cut short" : "Unknown", sign: "·", kind: "open" };
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

export const counted = (count: number, one: string, many = `${one}s`): string =>
  `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
