/** The lidar: rays from the ego's centre of mass, each with the range and the closing speed of the nearest solid. */
import { cosine, sine } from "../../base/index.ts";
import type { Solid } from "./contact.ts";

/** m. A ray that meets nothing reads this range and a closing speed of 0. */
export const LIDAR_RANGE = 60;

/** Degrees from straight ahead, to either side: close together ahead, where a thing 1 m wide is to be seen at 28 m. */
const ANGLES = [2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 25, 30, 36, 44, 54, 66, 80, 100, 125, 150];

/** Angle of each ray against the vehicle's axis, rad, from the right (-180 degrees) to the left. */
export const LIDAR_ANGLES: readonly number[] = [-180, ...ANGLES.map((angle) => -angle).reverse(), 0, ...ANGLES].map(
  (degrees) => (degrees * Math.PI) / 180,
);

const RAYS = LIDAR_ANGLES.length;
const rayCosine = Float64Array.from(LIDAR_ANGLES, cosine);
const raySine = Float64Array.from(LIDAR_ANGLES, sine);

/**
 * Writes range (m) and closing speed (m/s, positive when it comes nearer) of every ray from `from`, whose size does not
 * matter, to the first `count` of `solids`. A ray that begins inside a solid reads 0.
 */
export function scan(
  from: Solid,
  solids: readonly Solid[],
  count: number,
  ranges: Float32Array,
  closing: Float32Array,
): void {
  ranges.fill(LIDAR_RANGE);
  closing.fill(0);
  for (let index = 0; index < count; index++) scanSolid(from, solids[index], ranges, closing);
}

function scanSolid(from: Solid, solid: Solid, ranges: Float32Array, closing: Float32Array): void {
  const { halfLength, halfWidth } = solid;
  const [dx, dy] = [solid.x - from.x, solid.y - from.y];
  // The solid's centre, velocity against ours and axis, seen from the ego's axis.
  const ahead = dx * from.cosine + dy * from.sine;
  const left = dy * from.cosine - dx * from.sine;
  const radius = halfLength * halfLength + halfWidth * halfWidth;
  const axisCosine = solid.cosine * from.cosine + solid.sine * from.sine;
  const axisSine = solid.sine * from.cosine - solid.cosine * from.sine;
  const awayX = solid.velocityX - from.velocityX;
  const awayY = solid.velocityY - from.velocityY;
  const awayAhead = awayX * from.cosine + awayY * from.sine;
  const awayLeft = awayY * from.cosine - awayX * from.sine;
  // The ego's place, seen from the solid's centre and axis.
  const px = -ahead * axisCosine - left * axisSine;
  const py = ahead * axisSine - left * axisCosine;
  const outside = ahead * ahead + left * left > radius;
  for (let ray = 0; ray < RAYS; ray++) {
    const c = rayCosine[ray];
    const n = raySine[ray];
    const beside = left * c - ahead * n;
    if (beside * beside > radius || (outside && ahead * c + left * n < 0)) continue;
    const range = enter(px, py, c * axisCosine + n * axisSine, n * axisCosine - c * axisSine, halfLength, halfWidth);
    if (range < ranges[ray]) {
      ranges[ray] = range;
      closing[ray] = -(awayAhead * c + awayLeft * n);
    }
  }
}

/** How far along (dx, dy) from (px, py) the rectangle around the origin begins (slab method); Infinity if it is missed. */
function enter(px: number, py: number, dx: number, dy: number, halfLength: number, halfWidth: number): number {
  let from = 0;
  let to = Number.POSITIVE_INFINITY;
  if (dx !== 0) {
    const near = (-(dx > 0 ? halfLength : -halfLength) - px) / dx;
    const far = ((dx > 0 ? halfLength : -halfLength) - px) / dx;
    if (near > from) from = near;
    if (far < to) to = far;
  } else if (px > halfLength || px < -halfLength) return Number.POSITIVE_INFINITY;
  if (dy !== 0) {
    const near = (-(dy > 0 ? halfWidth : -halfWidth) - py) / dy;
    const far = ((dy > 0 ? halfWidth : -halfWidth) - py) / dy;
    if (near > from) from = near;
    if (far < to) to = far;
  } else if (py > halfWidth || py < -halfWidth) return Number.POSITIVE_INFINITY;
  return from <= to ? from : Number.POSITIVE_INFINITY;
}
