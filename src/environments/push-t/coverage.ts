/** How much of its goal a T covers: exact areas of clipped polygons (Sutherland and Hodgman 1974). */
import { direction } from "../../base/index.ts";
import { type Pose, RECTANGLES, type Rectangle } from "./shape.ts";

/** x and y in turns. */
type Polygon = number[];

const areaOf = ({ left, right, low, high }: Rectangle) => (right - left) * (high - low);
const AREA = RECTANGLES.reduce((sum, rectangle) => sum + areaOf(rectangle), 0);

/** The share of the T at `goal` that the T at `pose` covers, 0 to 1. The rectangles of a T do not overlap, so areas add. */
export function coverageOf(pose: Pose, goal: Pose): number {
  let area = 0;
  for (const rectangle of RECTANGLES) {
    const polygon = cornersSeenFrom(goal, pose, rectangle);
    for (const target of RECTANGLES) area += sharedArea(polygon, target);
  }
  return area / AREA;
}

/** The corners of a rectangle of the T at `pose`, in the frame of the T at `goal`. */
function cornersSeenFrom(goal: Pose, pose: Pose, { left, right, low, high }: Rectangle): Polygon {
  const [cosine, sine] = direction(pose.angle - goal.angle);
  const [goalCosine, goalSine] = direction(goal.angle);
  const [dx, dy] = [pose.x - goal.x, pose.y - goal.y];
  const [x, y] = [dx * goalCosine + dy * goalSine, dy * goalCosine - dx * goalSine];
  const corner = (px: number, py: number) => [x + px * cosine - py * sine, y + px * sine + py * cosine];
  return [...corner(left, low), ...corner(right, low), ...corner(right, high), ...corner(left, high)];
}

function sharedArea(polygon: Polygon, { left, right, low, high }: Rectangle): number {
  const sliver = clip(clip(polygon, 0, left, 1), 0, right, -1);
  return polygonArea(clip(clip(sliver, 1, low, 1), 1, high, -1));
}

/** The part of a convex polygon where coordinate `axis` (0 is x) is above `bound`, or below it where `side` is -1. */
function clip(polygon: Polygon, axis: 0 | 1, bound: number, side: 1 | -1): Polygon {
  const kept: Polygon = [];
  for (let i = 0, before = polygon.length - 2; i < polygon.length; before = i, i += 2) {
    const from = (polygon[before + axis] - bound) * side;
    const to = (polygon[i + axis] - bound) * side;
    if (from < 0 !== to < 0) {
      const share = from / (from - to);
      kept.push(
        polygon[before] + (polygon[i] - polygon[before]) * share,
        polygon[before + 1] + (polygon[i + 1] - polygon[before + 1]) * share,
      );
    }
    if (to >= 0) kept.push(polygon[i], polygon[i + 1]);
  }
  return kept;
}

/** The shoelace formula. */
function polygonArea(polygon: Polygon): number {
  let twice = 0;
  for (let i = 0, before = polygon.length - 2; i < polygon.length; before = i, i += 2) {
    twice += polygon[before] * polygon[i + 1] - polygon[i] * polygon[before + 1];
  }
  return Math.abs(twice) / 2;
}
