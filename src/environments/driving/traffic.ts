/** What else is on the road: vehicles that drive themselves, standing ones that move on, crates, road works. */
import { follow } from "./following.ts";
import { VEHICLE, type Vehicle } from "./vehicle.ts";

/**
 * - `moving`: a vehicle that keeps its lane and follows what is ahead of it (intelligent driver model).
 * - `standing`: a vehicle that stands, and moves on once something has waited behind it.
 * - `crate`: lies on the road, and is carried off once something has waited behind it.
 * - `works`: closes a lane for good.
 * - `hidden`: a crate that falls onto the road when the ego comes near.
 * - `gone`: not there (any more).
 */
export const KINDS = ["moving", "standing", "crate", "works", "hidden", "gone"] as const;
export type Kind = (typeof KINDS)[number];

/** One of them, parallel to the road at (s, d), in m. */
export interface Obstacle {
  kind: Kind;
  s: number;
  d: number;
  length: number;
  width: number;
  /** m/s. */
  speed: number;
  acceleration: number;
  /** The speed it likes to go once it moves, m/s. */
  desired: number;
  /** How long something has waited behind it, s. */
  waited: number;
  /** `hidden` only: it falls when the ego would be there in less than this many seconds. */
  notice: number;
}

/** Something waits behind a thing when it is nearer than `gap` (m) and slower than `speed` (m/s); `patience` in s. */
export const WAITING = { gap: 12, speed: 0.5, patience: 2 } as const;

/** Whether it is on the road: seen by the lidar, and solid. */
export function isThere({ kind }: Obstacle): boolean {
  return kind !== "hidden" && kind !== "gone";
}

/** Whether a vehicle at `d` of `width` would meet it if both kept to their d: their widths overlap, with 0.2 m to spare. */
function inWay(obstacle: Obstacle, d: number, width: number): boolean {
  return Math.abs(obstacle.d - d) < (obstacle.width + width) / 2 + 0.2;
}

/** Sets the acceleration of every moving vehicle for the next control period. */
export function thinkAhead(obstacles: readonly Obstacle[], ego: Vehicle): void {
  for (const one of obstacles) {
    if (one.kind !== "moving") continue;
    let gap = Number.POSITIVE_INFINITY;
    let leader = one.desired;
    for (const other of obstacles) {
      if (other.s <= one.s || other === one || !isThere(other) || !inWay(other, one.d, one.width)) continue;
      const between = other.s - one.s - (other.length + one.length) / 2;
      if (between < gap) {
        gap = between;
        leader = other.speed;
      }
    }
    if (ego.s > one.s && inWay(one, ego.d, VEHICLE.width)) {
      const between = ego.s - one.s - (VEHICLE.length + one.length) / 2;
      if (between < gap) {
        gap = between;
        leader = ego.speed;
      }
    }
    one.acceleration = follow(one.speed, one.desired, gap, one.speed - leader);
  }
}

/** Moves the moving ones on by `seconds` at the acceleration they chose; they do not roll backwards. */
export function moveOn(obstacles: readonly Obstacle[], seconds: number): void {
  for (const one of obstacles) {
    if (one.kind !== "moving") continue;
    const speed = Math.max(0, one.speed + one.acceleration * seconds);
    one.s += ((one.speed + speed) / 2) * seconds;
    one.speed = speed;
  }
}

/** Crates fall, those who were waited for move on or are carried off. `seconds` is the control period. */
export function changeThings(obstacles: readonly Obstacle[], ego: Vehicle, seconds: number): void {
  for (const one of obstacles) {
    if (one.kind === "hidden") {
      const gap = one.s - ego.s - (one.length + VEHICLE.length) / 2;
      if (gap >= 0 && gap < one.notice * ego.speed) one.kind = "crate";
    } else if (one.kind === "standing" || one.kind === "crate") {
      one.waited = isWaitedFor(one, obstacles, ego) ? one.waited + seconds : 0;
      if (one.waited >= WAITING.patience) {
        one.kind = one.kind === "standing" ? "moving" : "gone";
        one.waited = 0;
      }
    }
  }
}

function isWaitedFor(one: Obstacle, obstacles: readonly Obstacle[], ego: Vehicle): boolean {
  if (waitsBehind(one, ego.s, ego.d, ego.speed, VEHICLE.length, VEHICLE.width)) return true;
  for (const { kind, s, d, speed, length, width } of obstacles) {
    if (kind === "moving" && waitsBehind(one, s, d, speed, length, width)) return true;
  }
  return false;
}

function waitsBehind(one: Obstacle, s: number, d: number, speed: number, length: number, width: number): boolean {
  const gap = one.s - s - (one.length + length) / 2;
  return gap >= 0 && gap < WAITING.gap && speed < WAITING.speed && inWay(one, d, width);
}
