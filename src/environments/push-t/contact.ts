/**
 * Where the T touches the pusher and the walls. A contact is a pair of points, one on each of the two shapes, and the normal from
 * the other shape to the T along which they are apart (or, below 0, overlap). Signed distances are those of the closest
 * points: outside, the nearest features; inside, the least way out.
 */
import type { Rectangle } from "./shape.ts";

/** What may touch: both points in the window, the normal from the other shape to the T, and a name that lasts. */
export interface Contact {
  /** Which features of the two shapes meet: the same from one substep to the next while they do. */
  key: number;
  x: number;
  y: number;
  nx: number;
  ny: number;
  /** Distance along the normal, px; below 0 the shapes overlap. */
  distance: number;
}

/** The body's transform: where its origin lies, and the cosine and sine of its angle. */
export interface Frame {
  readonly x: number;
  readonly y: number;
  readonly cosine: number;
  readonly sine: number;
}

/** The contact of a disc with a rectangle of the T; none where they are apart. The contact's point lies on the rectangle. */
export function touchDisc(
  disc: { readonly x: number; readonly y: number },
  radius: number,
  { left, right, low, high }: Rectangle,
  frame: Frame,
): Contact[] {
  const [dx, dy] = [disc.x - frame.x, disc.y - frame.y];
  // the disc's centre in the frame of the T
  const px = dx * frame.cosine + dy * frame.sine;
  const py = dy * frame.cosine - dx * frame.sine;
  let nearX = px < left ? left : px > right ? right : px;
  let nearY = py < low ? low : py > high ? high : py;
  let [nx, ny] = [nearX - px, nearY - py];
  let distance: number;
  if (nx !== 0 && ny !== 0) {
    distance = Math.sqrt(nx * nx + ny * ny);
    nx /= distance;
    ny /= distance;
  } else if (nx !== 0 || ny !== 0) {
    distance = Math.abs(nx + ny);
    nx = Math.sign(nx);
    ny = Math.sign(ny);
  } else {
    const depths = [px - left, right - px, py - low, high - py];
    const depth = Math.min(...depths);
    distance = -depth;
    const side = depths.indexOf(depth);
    [nx, ny] = INWARD[side];
    nearX -= nx * depth;
    nearY -= ny * depth;
  }
  if (distance > radius) return [];
  return [
    {
      key: 0,
      x: frame.x + nearX * frame.cosine - nearY * frame.sine,
      y: frame.y + nearX * frame.sine + nearY * frame.cosine,
      nx: nx * frame.cosine - ny * frame.sine,
      ny: nx * frame.sine + ny * frame.cosine,
      distance: distance - radius,
    },
  ];
}

/** Left, right, low, high. */
const INWARD: readonly (readonly [number, number])[] = [
  [1, 0],
  [-1, 0],
  [0, 1],
  [0, -1],
];
