/**
 * The road: a centre line with curvature in straight pieces over its length (clothoids between arcs), three lanes, a
 * shoulder on each side. Places on it are (s, d): s along the centre line, d to the left of it, both in m.
 */
import { cosine, type RandomStream, sine } from "../../base/index.ts";

/** Lengths in m. d lies between -edge and edge; lanes are numbered from the right, 0 to lanes - 1. */
export const ROAD = { lanes: 3, laneWidth: 3.5, edge: 5.75 } as const;

/** d of the middle of a lane. */
export function laneCentre(lane: number): number {
  return (lane - (ROAD.lanes - 1) / 2) * ROAD.laneWidth;
}

/** Nodes of the centre line, 1 m apart; between two of them curvature is linear. */
export interface Road {
  /** m; places beyond 0 and this lie on the straight or arc that continues the end. */
  readonly length: number;
  /** 1/m, positive to the left. */
  readonly curvature: Float64Array;
  /** rad, 0 at the start. */
  readonly heading: Float64Array;
  readonly cosine: Float64Array;
  readonly sine: Float64Array;
  /** m; the start is the origin, x points along it. */
  readonly x: Float64Array;
  readonly y: Float64Array;
}

/** A pose of something on the road, in the plane: m, and cosine and sine of its heading. */
export interface Pose {
  x: number;
  y: number;
  cosine: number;
  sine: number;
}

/** A bend: curvature rises from 0 over a quarter of the length, stays, and falls over the last quarter. */
const BEND = { length: 100, rise: 25 } as const;
/** The first bend begins here, m. */
const STRAIGHT = 20;

/** A road of `length` (whole m); after each bend its heading is a new one, uniform within `swing` rad of the first. */
export function randomRoad(length: number, swing: number, random: RandomStream): Road {
  const curvature = new Float64Array(length + 1);
  let heading = 0;
  for (let start = STRAIGHT; start < length; start += BEND.length) {
    const next = swing * (2 * random.uniform() - 1);
    // The area under the trapezium is its height times (length - rise).
    const height = (next - heading) / (BEND.length - BEND.rise);
    heading = next;
    for (let i = 0; i <= BEND.length && start + i <= length; i++) {
      curvature[start + i] = height * Math.min(1, i / BEND.rise, (BEND.length - i) / BEND.rise);
    }
  }
  return roadOf(curvature);
}

/** The road of a curvature (1/m) at nodes 1 m apart. */
export function roadOf(curvature: Float64Array): Road {
  const nodes = curvature.length;
  const road = {
    length: nodes - 1,
    curvature,
    heading: new Float64Array(nodes),
    cosine: new Float64Array(nodes).fill(1),
    sine: new Float64Array(nodes),
    x: new Float64Array(nodes),
    y: new Float64Array(nodes),
  };
  for (let i = 0; i + 1 < nodes; i++) {
    const heading = road.heading[i] + (curvature[i] + curvature[i + 1]) / 2;
    const middle = road.heading[i] + curvature[i] / 2 + (curvature[i + 1] - curvature[i]) / 8;
    road.heading[i + 1] = heading;
    road.cosine[i + 1] = cosine(heading);
    road.sine[i + 1] = sine(heading);
    // Simpson's rule over one metre.
    road.x[i + 1] = road.x[i] + (road.cosine[i] + 4 * cosine(middle) + road.cosine[i + 1]) / 6;
    road.y[i + 1] = road.y[i] + (road.sine[i] + 4 * sine(middle) + road.sine[i + 1]) / 6;
  }
  return road;
}

function nodeBefore(road: Road, s: number): number {
  return s <= 0 ? 0 : Math.min(Math.floor(s), road.length - 1);
}

/** Curvature of the centre line at s, 1/m; beyond the ends that of the end. */
export function curvatureAt(road: Road, s: number): number {
  const i = nodeBefore(road, s);
  const part = Math.min(Math.max(s - i, 0), 1);
  return road.curvature[i] + part * (road.curvature[i + 1] - road.curvature[i]);
}

/** Writes where (s, d) lies in the plane, and the road's direction there. Errors stay below 1e-6 m and 1e-6 rad. */
export function place(road: Road, s: number, d: number, out: Pose): void {
  const i = nodeBefore(road, s);
  const u = s - i;
  const inside = u >= 0 && u <= 1;
  const curvature = road.curvature[i];
  const growth = inside ? road.curvature[i + 1] - curvature : 0;
  const turn = inside ? u * (curvature + (u * growth) / 2) : 0;
  // Series of the integrals of cosine and sine over less than a metre, on which the heading turns by less than 0.02 rad.
  const along = inside ? u - (curvature * curvature * u * u * u) / 6 : u;
  const across = inside ? u * u * (curvature / 2 + (u * growth) / 6) : 0;
  const turnCosine = 1 - (turn * turn) / 2;
  const [c, n] = [road.cosine[i], road.sine[i]];
  out.cosine = c * turnCosine - n * turn;
  out.sine = n * turnCosine + c * turn;
  out.x = road.x[i] + c * along - n * across - d * out.sine;
  out.y = road.y[i] + n * along + c * across + d * out.cosine;
}
