/**
 * The expert of the fork (ALGORITHMS.md 10.7 B): picks a side once per episode, left and right with equal probability, and
 * steers to a track 1.75 m to that side: u = clip(1.5 (y_ref - y) + noise), noise normal with deviation 0.05 m/s.
 */
import { type RandomStream, randomStream } from "../base/index.ts";
import { FORK } from "../environments/index.ts";
import { type Actor, actorKey } from "../world/index.ts";

const TRACK = 1.75;
const GAIN = 1.5;
const NOISE = 0.05;

/** Reads y from `observation.position`. Its two sides are the two modes of its demonstrations. */
export function forkExpert(): Actor {
  let stream: RandomStream | null = null;
  let track = 0;
  return {
    name: "either-side",
    controller: "expert",
    reset(seed) {
      stream = randomStream(actorKey(seed));
      track = stream.integer(0, 2) === 0 ? TRACK : -TRACK;
    },
    act({ position }) {
      if (!stream) throw new Error("fork expert: asked before the first reset");
      const rate = GAIN * (track - position[1]) + NOISE * stream.normal();
      return Float32Array.of(Math.min(Math.max(rate, -FORK.maxLateralRate), FORK.maxLateralRate));
    },
  };
}
