/**
 * The T: two rectangles in the frame of its body, whose origin lies in the middle of the bar's top edge; x along the bar,
 * y down the stem. Lengths in px, angles in rad; angles turn x towards y.
 */
import { arctangent, direction } from "../../base/index.ts";

/** A rectangle with its sides along the axes. */
export interface Rectangle {
  readonly left: number;
  readonly right: number;
  readonly low: number;
  readonly high: number;
}

/** Where the T is: the origin of its body, and its angle. */
export interface Pose {
  readonly x: number;
  readonly y: number;
  readonly angle: number;
}

/** Bar, then stem. */
export const RECTANGLES: readonly Rectangle[] = [
  { left: -60, right: 60, low: 0, high: 30 },
  { left: -15, right: 15, low: 30, high: 120 },
];

/** The original puts it at the mean of the rectangles' centres, not at the centroid (0, 40.7). */
export const CENTRE_OF_GRAVITY = { x: 0, y: 45 } as const;

/**
 * The 9 points of the T that a policy sees. They are those of the human recordings: recorded points, turned back into the
 * frame of the recorded body; where the T rests (18,941 of 25,650 steps) they agree to 3e-5 px, the rounding of float32.
 */
export const KEYPOINTS: readonly (readonly [x: number, y: number])[] = [
  [9.2697865, 90.0409737],
  [-60.983472, -1.1867298],
  [60.9127557, -1.3933642],
  [-0.2705035, 25.5436251],
  [-14.0649275, 122.8158536],
  [39.0027381, 32.8574042],
  [-39.9664145, 32.7296555],
  [-16.8243443, 62.8631791],
  [23.5414611, -1.7002881],
];

/** The keypoints [9 x 2] of a T at `pose`. */
export function keypointsAt({ x, y, angle }: Pose): Float32Array {
  const [cosine, sine] = direction(angle);
  const points = new Float32Array(KEYPOINTS.length * 2);
  KEYPOINTS.forEach(([px, py], i) => {
    points[2 * i] = x + px * cosine - py * sine;
    points[2 * i + 1] = y + px * sine + py * cosine;
  });
  return points;
}

/** The pose of the T with these keypoints [9 x 2], its angle in (-π, π]: the least-squares fit (Kabsch 1976). */
export function poseOfKeypoints(points: ArrayLike<number>): Pose {
  const n = KEYPOINTS.length;
  const mean = { x: 0, y: 0, px: 0, py: 0 };
  KEYPOINTS.forEach(([px, py], i) => {
    mean.x += points[2 * i] / n;
    mean.y += points[2 * i + 1] / n;
    mean.px += px / n;
    mean.py += py / n;
  });
  let [along, across] = [0, 0];
  KEYPOINTS.forEach(([px, py], i) => {
    const [x, y] = [points[2 * i] - mean.x, points[2 * i + 1] - mean.y];
    along += (px - mean.px) * x + (py - mean.py) * y;
    across += (px - mean.px) * y - (py - mean.py) * x;
  });
  const angle = angleTo(along, across);
  const [cosine, sine] = direction(angle);
  return { x: mean.x - (mean.px * cosine - mean.py * sine), y: mean.y - (mean.px * sine + mean.py * cosine), angle };
}

/** The angle of the direction (x, y), which is not (0, 0). */
function angleTo(x: number, y: number): number {
  if (Math.abs(x) >= Math.abs(y)) return arctangent(y / x) + (x > 0 ? 0 : y >= 0 ? Math.PI : -Math.PI);
  return (y > 0 ? Math.PI / 2 : -Math.PI / 2) - arctangent(x / y);
}

/** The centre of gravity of a T at `pose`. */
export function centreOf({ x, y, angle }: Pose): { x: number; y: number } {
  const [cosine, sine] = direction(angle);
  const { x: cx, y: cy } = CENTRE_OF_GRAVITY;
  return { x: x + cx * cosine - cy * sine, y: y + cx * sine + cy * cosine };
}

/** The pose of a T whose centre of gravity lies at (x, y). */
export function poseAround({ x, y, angle }: Pose): Pose {
  const [cosine, sine] = direction(angle);
  const { x: cx, y: cy } = CENTRE_OF_GRAVITY;
  return { x: x - (cx * cosine - cy * sine), y: y - (cx * sine + cy * cosine), angle };
}
