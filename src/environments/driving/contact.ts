/** What is on the road as oriented rectangles in the plane, and whether two of them touch. */
import { cosine, sine } from "../../base/index.ts";
import { type Pose, place, type Road } from "./road.ts";
import { isThere, type Obstacle } from "./traffic.ts";
import { VEHICLE, type Vehicle } from "./vehicle.ts";

/** A solid rectangle: its centre, direction, half sizes (m) and velocity in the plane (m/s). */
export interface Solid extends Pose {
  halfLength: number;
  halfWidth: number;
  velocityX: number;
  velocityY: number;
}

/** Whether two rectangles overlap: no side of either parts them (separating axes). */
export function overlap(a: Solid, b: Solid): boolean {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = Math.abs(a.cosine * b.cosine + a.sine * b.sine);
  const across = Math.abs(a.cosine * b.sine - a.sine * b.cosine);
  return (
    Math.abs(dx * a.cosine + dy * a.sine) <= a.halfLength + b.halfLength * along + b.halfWidth * across &&
    Math.abs(dy * a.cosine - dx * a.sine) <= a.halfWidth + b.halfLength * across + b.halfWidth * along &&
    Math.abs(dx * b.cosine + dy * b.sine) <= b.halfLength + a.halfLength * along + a.halfWidth * across &&
    Math.abs(dy * b.cosine - dx * b.sine) <= b.halfWidth + a.halfLength * across + a.halfWidth * along
  );
}

/** A rectangle to be written to. */
export function solidOf(): Solid {
  return { x: 0, y: 0, cosine: 1, sine: 0, halfLength: 0, halfWidth: 0, velocityX: 0, velocityY: 0 };
}

/** Writes the ego's rectangle. */
export function egoSolid(road: Road, ego: Vehicle, out: Solid): void {
  place(road, ego.s, ego.d, out);
  const [c, n] = [cosine(ego.headingError), sine(ego.headingError)];
  const { cosine: roadCosine, sine: roadSine } = out;
  out.cosine = roadCosine * c - roadSine * n;
  out.sine = roadSine * c + roadCosine * n;
  out.halfLength = VEHICLE.length / 2;
  out.halfWidth = VEHICLE.width / 2;
  out.velocityX = ego.speed * out.cosine - ego.lateralSpeed * out.sine;
  out.velocityY = ego.speed * out.sine + ego.lateralSpeed * out.cosine;
}

/** Writes the rectangle of something on the road. */
export function obstacleSolid(road: Road, obstacle: Obstacle, out: Solid): void {
  place(road, obstacle.s, obstacle.d, out);
  out.halfLength = obstacle.length / 2;
  out.halfWidth = obstacle.width / 2;
  out.velocityX = obstacle.speed * out.cosine;
  out.velocityY = obstacle.speed * out.sine;
}

const ours: Solid = solidOf();
const theirs: Solid = solidOf();

/** Index of the first obstacle that the ego touches, or -1. */
export function findContact(road: Road, ego: Vehicle, obstacles: readonly Obstacle[]): number {
  let placed = false;
  for (let index = 0; index < obstacles.length; index++) {
    const one = obstacles[index];
    // Half a car's diagonal and what a bend adds: further apart than this, nothing can touch.
    const near = (one.length + VEHICLE.length) / 2 + 1;
    const beside = (one.width + VEHICLE.length) / 2 + 1;
    if (!isThere(one) || Math.abs(one.s - ego.s) > near || Math.abs(one.d - ego.d) > beside) continue;
    if (!placed) egoSolid(road, ego, ours);
    placed = true;
    obstacleSolid(road, one, theirs);
    if (overlap(ours, theirs)) return index;
  }
  return -1;
}
