/** Who is in control, as a table: phases, requests, and what each request does in each phase. Everybody only requests. */
import type { Controller } from "../world/index.ts";

/**
 * - `policy`: the policy drives.
 * - `alarmed`: the policy drives and asks for help.
 * - `expert`: the expert drives, a scripted one or a person. It latches: nothing but a request ends it, for doing nothing
 *   is an action too.
 * - `paused`: nobody drives, the world stands.
 */
export type Phase = "policy" | "alarmed" | "expert" | "paused";

/**
 * - `takeOver`, `handBack`: the expert's; letting go of a dead-man hold requests `handBack`. Who does not drive hands nothing
 *   back: an alarm stays.
 * - `alarm`, `clear`: a gate's. They do not change who drives: an expert answers them, as it may with `takeOver`.
 * - `pause`: anybody's, as when a connection is lost. Only `takeOver` and `handBack` say who goes on.
 */
export type Request = "takeOver" | "handBack" | "alarm" | "clear" | "pause";

/** The phase after a request, for every phase and request. */
export const TRANSITIONS: Readonly<Record<Phase, Readonly<Record<Request, Phase>>>> = {
  policy: { takeOver: "expert", handBack: "policy", alarm: "alarmed", clear: "policy", pause: "paused" },
  alarmed: { takeOver: "expert", handBack: "alarmed", alarm: "alarmed", clear: "policy", pause: "paused" },
  expert: { takeOver: "expert", handBack: "policy", alarm: "expert", clear: "expert", pause: "paused" },
  paused: { takeOver: "expert", handBack: "policy", alarm: "paused", clear: "paused", pause: "paused" },
};

/** Who drives in a phase; null while the world stands. */
export const DRIVERS: Readonly<Record<Phase, Controller | null>> = {
  policy: "policy",
  alarmed: "policy",
  expert: "expert",
  paused: null,
};

/** The phase after requests, in their order. */
export function afterRequests(phase: Phase, requests: Iterable<Request>): Phase {
  for (const request of requests) phase = TRANSITIONS[phase][request];
  return phase;
}

/**
 * Whether a chunk that is being executed is dropped, so that the policy plans anew: whenever who drives has changed, and
 * after a pause, in which the world may have been put elsewhere.
 */
export function flushes(before: Phase, after: Phase): boolean {
  return DRIVERS[before] !== DRIVERS[after];
}
