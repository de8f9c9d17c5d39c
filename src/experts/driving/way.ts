/** The expert's mind: which line to take, how sharply to change to it, and how fast to go. */
import { cosine, sine } from "../../base/index.ts";
import { CRUISE, follow, laneCentre, ROAD, type Scene, type SceneObstacle, VEHICLE } from "../../environments/index.ts";

/**
 * - `left`, `right`: passes whatever is slow on that side, on the other only where its own is closed or out of reach.
 * - `patient`: waits behind whatever moves or will clear; passes road works, on the right if it can.
 * - `careless`: passes on the left, but notices things only when they are 1.1 s ahead.
 */
export const DRIVING_STYLES = ["left", "right", "patient", "careless"] as const;
export type DrivingStyle = (typeof DRIVING_STYLES)[number];

/** What the expert is up to. */
export interface Way {
  /** The line it steers to, m left of the road's middle. */
  readonly d: number;
  /** The most it allows itself on the way there, m/s². */
  readonly lateralAcceleration: number;
  /** m/s². */
  readonly acceleration: number;
}

/** The lane it drives in while nothing is in the way. */
const HOME = (ROAD.lanes - 1) / 2;
/** Lateral acceleration, m/s²: without need, and at most. */
const CALM = 2;
const MOST = 6.5;
/** m/s² that the tyres give to braking and going aside together, with a reserve. */
const GRIP = 7.5;
/** m/s² of braking for what is far enough ahead. */
const GENTLE = 2.5;
/** m between its side and that of what it passes. */
const CLEARANCE = 0.4;
/** It thinks about what is nearer ahead than these, m and s. */
const HORIZON = { near: 20, time: 3.2 } as const;
/** Where it stops behind something that it means to pass, beyond the usual 2 m: room to steer around it. */
const ROOM = 7;

/** What a style does in a scene. */
export function chooseWay(scene: Scene, style: DrivingStyle): Way {
  const blocker = findBlocker(scene, style);
  const lane = blocker ? chooseLane(scene, style, blocker) : HOME;
  const d = laneCentre(lane);
  const lateralAcceleration = blocker && lane !== HOME ? sharpness(scene, blocker, lane - HOME) : CALM;
  return { d, lateralAcceleration, acceleration: chooseAcceleration(scene, d, blocker, lateralAcceleration) };
}

/** m from bumper to bumper; negative beside it and behind. */
function gapTo({ ego }: Scene, { s, length }: SceneObstacle): number {
  return s - ego.s - (length + VEHICLE.length) / 2;
}

/** Whether it and the ego, were the ego at d, overlap sideways or come nearer than `spare` (m). */
function inWay(one: SceneObstacle, d: number, spare: number): boolean {
  return Math.abs(one.d - d) < (one.width + VEHICLE.width) / 2 + spare;
}

/** The nearest thing in the home lane, until it lies 3 m behind, that this style would pass. */
function findBlocker(scene: Scene, style: DrivingStyle): SceneObstacle | null {
  const { ego, obstacles } = scene;
  const horizon = Math.max(HORIZON.near, HORIZON.time * ego.speed);
  let nearest: SceneObstacle | null = null;
  for (const one of obstacles) {
    const gap = gapTo(scene, one);
    const behind = gap + one.length + VEHICLE.length < -3;
    if (behind || gap > horizon || !inWay(one, laneCentre(HOME), 0.2)) continue;
    // A patient driver passes works alone, but does not cut in on what it finds beside itself.
    if (style === "patient" && one.kind !== "works" && gap > 0) continue;
    if (!nearest || one.s < nearest.s) nearest = one;
  }
  return nearest;
}

/** The lane in which to pass `blocker`, or the home lane while neither side can be had. */
function chooseLane(scene: Scene, style: DrivingStyle, blocker: SceneObstacle): number {
  const { ego } = scene;
  const left = HOME + 1;
  const right = HOME - 1;
  if (gapTo(scene, blocker) <= 0) return ego.d > blocker.d ? left : right;
  const sides = style === "left" || style === "careless" ? [left, right] : [right, left];
  const open = sides.filter((lane) => !isClosed(scene, lane, blocker));
  if (open.length === 2 && isOutOfReach(scene, blocker, open)) open.reverse();
  const [first] = open;
  return first !== undefined && canEnter(scene, first) ? first : HOME;
}

/** Whether something stands in the lane before the blocker is passed. */
function isClosed(scene: Scene, lane: number, blocker: SceneObstacle): boolean {
  const until = blocker.s + blocker.length / 2 + 12;
  return scene.obstacles.some(
    (one) =>
      one.kind !== "moving" &&
      inWay(one, laneCentre(lane), 0) &&
      gapTo(scene, one) + one.length + VEHICLE.length > 0 &&
      one.s - one.length / 2 < until,
  );
}

/** Whether there is no time for the first side, and the second is clearly nearer. */
function isOutOfReach(scene: Scene, blocker: SceneObstacle, [first, second]: readonly number[]): boolean {
  const needed = (lane: number) => 2 * Math.sqrt(missing(scene, blocker, Math.sign(lane - HOME)) / MOST);
  return needed(first) > timeTo(scene, blocker) && needed(second) < needed(first) - 0.25;
}

/** m that the ego still has to go sideways to clear the blocker on a side (1 left, -1 right). */
function missing({ ego }: Scene, blocker: SceneObstacle, side: number): number {
  const line = blocker.d + side * ((blocker.width + VEHICLE.width) / 2 + CLEARANCE);
  const rate = ego.speed * sine(ego.headingError) + ego.lateralSpeed * cosine(ego.headingError);
  return Math.max(0, side * (line - ego.d - 0.3 * rate));
}

/** s until the ego would touch it, were it to keep its line. */
function timeTo(scene: Scene, one: SceneObstacle): number {
  const approach = scene.ego.speed - one.speed;
  return approach > 0.1 ? Math.max(gapTo(scene, one), 0.1) / approach : Number.POSITIVE_INFINITY;
}

/** Whether what moves in a lane leaves room to come in, or the ego is in it already. */
function canEnter(scene: Scene, lane: number): boolean {
  const { ego, obstacles } = scene;
  const d = laneCentre(lane);
  if (Math.abs(ego.d - d) < ROAD.laneWidth / 2) return true;
  return obstacles.every((one) => {
    if (one.kind !== "moving" || !inWay(one, d, 0)) return true;
    const ahead = gapTo(scene, one);
    const behind = -ahead - one.length - VEHICLE.length;
    return one.s > ego.s
      ? ahead > 1.5 + Math.max(0, ego.speed - one.speed)
      : behind > 2 + 2 * Math.max(0, one.speed - ego.speed);
  });
}

/** How sharply to go aside: with half as much again as would just do, within limits. m/s². */
function sharpness(scene: Scene, blocker: SceneObstacle, side: number): number {
  if (gapTo(scene, blocker) <= 0) return CALM;
  const time = timeTo(scene, blocker);
  const needed = (4 * missing(scene, blocker, side)) / (time * time);
  return Math.min(Math.max(1.5 * needed, CALM), MOST);
}

/** The least acceleration that anything in the way asks for, while going to `d` with `aside` m/s². */
function chooseAcceleration(scene: Scene, d: number, blocker: SceneObstacle | null, aside: number): number {
  const { ego, obstacles } = scene;
  let least = follow(ego.speed, CRUISE, Number.POSITIVE_INFINITY, 0);
  for (const one of obstacles) {
    const gap = gapTo(scene, one);
    if (gap + one.length + VEHICLE.length <= 0) continue;
    const staying = inWay(one, d, 0.2);
    if (!staying && !inWay(one, ego.d, 0.2)) continue;
    if (gap < 0 && !inWay(one, ego.d, 0)) continue;
    const asked = keepBehind(scene, one, gap - (one === blocker ? ROOM : 0));
    const enough = staying ? asked : leaving(scene, one, Math.sign(d - one.d), aside);
    least = Math.min(least, Math.max(asked, enough));
  }
  return Math.max(least, VEHICLE.minAcceleration);
}

/** The driver model's acceleration, but no harder on the brakes than half as much again as would just do. */
function keepBehind({ ego }: Scene, one: SceneObstacle, gap: number): number {
  const approach = ego.speed - one.speed;
  const needed = approach > 0 ? (approach * approach) / (2 * Math.max(gap - 1, 0.1)) : 0;
  return Math.max(follow(ego.speed, CRUISE, gap, approach), -Math.max(GENTLE, 1.5 * needed));
}

/** The acceleration that leaves just the time to go aside from `one` before it is reached, as far as the tyres allow. */
function leaving(scene: Scene, one: SceneObstacle, side: number, aside: number): number {
  const time = 2 * Math.sqrt(missing(scene, one, side) / aside) + 0.2;
  const short = (scene.ego.speed - one.speed) * time - gapTo(scene, one);
  return short > 0 ? Math.max((-2 * short) / (time * time), aside - GRIP) : Number.POSITIVE_INFINITY;
}
