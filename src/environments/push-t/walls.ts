/** Where a rectangle of the T touches a wall: a segment with a radius. Up to two contacts, one per end of the shared edge. */
import type { Contact, Frame } from "./contact.ts";
import type { Rectangle } from "./shape.ts";

interface Point {
  readonly x: number;
  readonly y: number;
}

/** An end of a wall (0, 1) or a corner of a rectangle (0 to 3). */
interface Vertex extends Point {
  readonly index: number;
}
type Edge = readonly [Vertex, Vertex];

/** A wall from one point to another; `normal` is its direction turned from y towards x. */
export interface Wall {
  readonly from: Vertex;
  readonly to: Vertex;
  readonly normal: Point;
}

/** The wall between two points. */
export function wallBetween(from: Point, to: Point): Wall {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = Math.sqrt(dx * dx + dy * dy);
  return { from: { ...from, index: 0 }, to: { ...to, index: 1 }, normal: { x: dy / length, y: -dx / length } };
}

/** The direction in which two shapes are the least apart (or overlap the least), from the wall to the T. */
interface Separation {
  readonly normal: Point;
  readonly distance: number;
}

/** The contacts of a wall of `radius` px with a rectangle of the T; none where they are apart. */
export function touchWall(wall: Wall, radius: number, rectangle: Rectangle, frame: Frame): Contact[] {
  if (gap(wall, rectangle, frame) > radius) return [];
  const corners = cornersOf(rectangle, frame);
  const separation = separate(wall, corners, radius);
  if (!separation || separation.distance > radius) return [];
  const { normal } = separation;
  const onWall = wallEdge(wall, normal);
  const onRectangle = rectangleEdge(corners, normal);
  const contacts: Contact[] = [];
  // The edges run in opposite directions: the beginning of one lies opposite the end of the other.
  for (const end of [0, 1] as const) {
    const [wallPoint, point] = [onWall[end], onRectangle[1 - end]];
    const at = project(point, onWall, normal);
    const opposite = project(wallPoint, onRectangle, normal);
    const distance = (opposite.x - at.x) * normal.x + (opposite.y - at.y) * normal.y - radius;
    if (distance <= 0) {
      const key = wallPoint.index * 4 + point.index;
      contacts.push({ key, x: opposite.x, y: opposite.y, nx: normal.x, ny: normal.y, distance });
    }
  }
  return contacts;
}

/** How far a rectangle is from the line through a wall, below 0 where it crosses it. */
function gap({ from, normal }: Wall, { left, right, low, high }: Rectangle, { x, y, cosine, sine }: Frame): number {
  const across = normal.x * cosine + normal.y * sine;
  const down = normal.y * cosine - normal.x * sine;
  const centre =
    (x - from.x) * normal.x + (y - from.y) * normal.y + ((left + right) * across + (low + high) * down) / 2;
  return Math.abs(centre) - ((right - left) * Math.abs(across) + (high - low) * Math.abs(down)) / 2;
}

/** Anticlockwise where y points up, from the corner that is left and low; edge i runs from corner i - 1 to corner i. */
function cornersOf({ left, right, low, high }: Rectangle, { x, y, cosine, sine }: Frame): Vertex[] {
  const corner = (index: number, px: number, py: number) => ({
    x: x + px * cosine - py * sine,
    y: y + px * sine + py * cosine,
    index,
  });
  return [corner(0, left, low), corner(1, right, low), corner(2, right, high), corner(3, left, high)];
}

/**
 * The least separation over the normals of both shapes (for what overlaps: the least way out), or between the two points that
 * are nearest when neither lies in front of an edge of the other. Null where more than `reach` apart.
 */
function separate(wall: Wall, corners: readonly Point[], reach: number): Separation | null {
  let best: Separation = { normal: wall.normal, distance: Number.NEGATIVE_INFINITY };
  let facesEdge = true;
  for (const side of [1, -1]) {
    const normal = { x: wall.normal.x * side, y: wall.normal.y * side };
    const nearest = lowest(corners, normal);
    const distance = along(nearest, normal) - along(wall.from, normal);
    if (distance > best.distance) {
      best = { normal, distance };
      facesEdge = within(nearest, wall.from, wall.to);
    }
  }
  for (let i = 0; i < corners.length; i++) {
    const [from, to] = [corners[(i + 3) % 4], corners[i]];
    const length = distanceBetween(from, to);
    // inward: from the wall to the T
    const normal = { x: -(to.y - from.y) / length, y: (to.x - from.x) / length };
    const nearest = lowest([wall.from, wall.to], { x: -normal.x, y: -normal.y });
    const distance = along(to, normal) - along(nearest, normal);
    if (distance > reach) return null;
    if (distance > best.distance) {
      best = { normal, distance };
      facesEdge = within(nearest, from, to);
    }
  }
  return best.distance <= 0 || facesEdge ? best : betweenPoints(wall, corners);
}

/** Of the ends of the wall and the corners the two that are nearest to each other. */
function betweenPoints(wall: Wall, corners: readonly Point[]): Separation {
  let best: Separation = { normal: wall.normal, distance: Number.POSITIVE_INFINITY };
  for (const end of [wall.from, wall.to]) {
    for (const corner of corners) {
      const distance = distanceBetween(end, corner);
      if (distance < best.distance) {
        best = { normal: { x: (corner.x - end.x) / distance, y: (corner.y - end.y) / distance }, distance };
      }
    }
  }
  return best;
}

/** The wall, run so that its normal looks the way of `normal`. */
function wallEdge({ from, to, normal: own }: Wall, normal: Point): Edge {
  return along(own, normal) > 0 ? [from, to] : [to, from];
}

/** Of the two edges at the corner nearest to the wall the one that looks at it more. */
function rectangleEdge(corners: readonly Vertex[], normal: Point): Edge {
  const nearest = lowest(corners, normal);
  const [before, after] = [corners[(nearest.index + 3) % 4], corners[(nearest.index + 1) % 4]];
  return facing(before, nearest, normal) > facing(nearest, after, normal) ? [before, nearest] : [nearest, after];
}

/** How much an edge of a rectangle looks against `normal`, -1 to 1. */
function facing(from: Point, to: Point, normal: Point): number {
  return ((to.x - from.x) * normal.y - (to.y - from.y) * normal.x) / distanceBetween(from, to);
}

/** The point of `edge` that lies level with `point` across `normal`, or the end that is nearest to that. */
function project(point: Point, [from, to]: Edge, normal: Point): Point {
  const start = level(from, normal);
  const span = level(to, normal) - start;
  const share = span === 0 ? 0 : Math.min(1, Math.max(0, (level(point, normal) - start) / span));
  return { x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}

const level = (point: Point, normal: Point) => point.x * normal.y - point.y * normal.x;

const along = (point: Point, normal: Point) => point.x * normal.x + point.y * normal.y;

/** Of `points` the one furthest against `normal`. */
function lowest<P extends Point>(points: readonly P[], normal: Point): P {
  let best = points[0];
  for (const point of points) if (along(point, normal) < along(best, normal)) best = point;
  return best;
}

const distanceBetween = (a: Point, b: Point) => Math.sqrt((a.x - b.x) * (a.x - b.x) + (a.y - b.y) * (a.y - b.y));

/** Whether `point` lies in front of the segment, not beyond an end of it. */
function within(point: Point, from: Point, to: Point): boolean {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const share = ((point.x - from.x) * dx + (point.y - from.y) * dy) / (dx * dx + dy * dy);
  return share >= 0 && share <= 1;
}
