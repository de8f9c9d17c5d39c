/** What the page says of a session, in words that are read at a glance. */
import { type Info, type Phase, PUSH_T } from "apprentice";
import type { LaneView } from "../session/messages.ts";

/** Who is in control: a word, a colour of tokens.css, and a sign that is not a colour. */
export interface Control {
  readonly word: string;
  readonly tone: "policy" | "expert" | "alarm" | "paused";
  readonly sign: string;
  /** For screen readers. */
  readonly spoken: string;
}

const CONTROLS: Readonly<Record<Phase, Control>> = {
  policy: { word: "Policy drives", tone: "policy", sign: "◆", spoken: "The policy is in control." },
  alarmed: { word: "Policy asks for help", tone: "alarm", sign: "!", spoken: "Alarm: the policy asks for help." },
  expert: { word: "You drive", tone: "expert", sign: "●", spoken: "You are in control." },
  paused: { word: "Paused", tone: "paused", sign: "❚❚", spoken: "Paused: nobody drives, the world stands." },
};
const REWINDING: Control = { word: "Rewinding", tone: "paused", sign: "◀◀", spoken: "Rewinding." };
const ENDED: Control = { word: "Ended", tone: "paused", sign: "■", spoken: "The episode has ended." };

export function controlOf(lane: LaneView, rewinding: boolean): Control {
  if (rewinding) return REWINDING;
  if (lane.ended) return ENDED;
  // The gate's alarm stands beside the phase: an alarm that the table has not heard of yet is one too.
  return CONTROLS[lane.phase === "policy" && lane.alarmed ? "alarmed" : lane.phase];
}

/** The result of an episode, in big words. */
export function resultOf({ ended, info }: LaneView): { readonly words: string; readonly success: boolean } | null {
  if (!ended) return null;
  if (ended.success) return { words: "coverage" in info ? "Solved" : "Arrived", success: true };
  if (info.collision === true) return { words: "Crashed", success: false };
  if (info.departure === true) return { words: "Off the road", success: false };
  return { words: "Time is up", success: false };
}

/** How far the task is, 0 to 1. */
export function progressOf(info: Info): number {
  const { progress, coverage } = info;
  const value =
    typeof progress === "number" ? progress : typeof coverage === "number" ? coverage / PUSH_T.successCoverage : 0;
  return Math.min(Math.max(value, 0), 1);
}

/** "1:07.4" */
export function clockOf(seconds: number): string {
  const tenths = Math.floor(seconds * 10 + 1e-6);
  const whole = Math.floor(tenths / 10);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}.${tenths % 10}`;
}
