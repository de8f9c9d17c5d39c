/** Experts of the worlds that theorems are about: each knows the one right action of every state. */
import { rightTurn } from "../environments/index.ts";
import type { Actor, Observation } from "../world/index.ts";

/** Follows the sign on the track, and turns the other way off it. */
export const chainExpert = (): Actor => knowing("signs", ({ track: [sign, off] }) => rightTurn(sign, off));

/** Undoes the whole deviation. */
export const driftExpert = (): Actor => knowing("homing", ({ point: [deviation] }) => 0 - deviation);

function knowing(name: string, action: (observation: Observation) => number): Actor {
  return { name, controller: "expert", reset() {}, act: (observation) => Float32Array.of(action(observation)) };
}
