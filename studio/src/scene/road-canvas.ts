/** Driving from above on a plain canvas: for fleets, and where there is no WebGL. The ego's direction is up. */
import { type DrivingView, placeOnRoad, ROAD, type Road, VEHICLE, type ViewedObstacle } from "apprentice";
import type { Colours } from "./colours.ts";

/** m of road to be seen, in the direction of travel; the ego stands at this share of the height. */
const REACH = 46;
const EGO_AT = 0.76;

interface Sight {
  readonly context: CanvasRenderingContext2D;
  readonly colours: Colours;
}

/** Paints a moment on a canvas of `width` x `height` CSS px, whose transform counts CSS px. */
export function paintRoad(
  sight: Sight & { readonly width: number; readonly height: number },
  view: DrivingView,
  ways: readonly (readonly { readonly x: number; readonly y: number }[])[] = [],
): void {
  const { context, colours, width, height } = sight;
  const { ego, road, goal } = view;
  const scale = height / REACH;
  context.save();
  context.fillStyle = colours.ground;
  context.fillRect(0, 0, width, height);
  context.translate(width / 2, height * EGO_AT);
  context.scale(scale, scale);
  // World to screen: forward goes up, left goes left.
  context.transform(ego.sine, -ego.cosine, -ego.cosine, -ego.sine, 0, 0);
  context.translate(-ego.x, -ego.y);
  const span = [ego.s - REACH, ego.s + REACH] as const;
  strip(sight, road, span, ROAD.edge + 1.2, colours.shoulder);
  strip(sight, road, span, ROAD.edge, colours.road);
  lines(sight, road, span);
  if (goal > span[0] && goal < span[1]) stroke(sight, across(road, goal), 1.2, colours.goal);
  for (const way of ways) stroke(sight, way, 0.5, colours.policy);
  for (const one of view.obstacles)
    if (one.kind !== "hidden" && one.kind !== "gone") block(sight, one, fillOf(one, colours));
  block(sight, { ...ego, length: VEHICLE.length, width: VEHICLE.width }, colours.ego);
  context.restore();
}

const fillOf = ({ kind }: ViewedObstacle, { works, crate, vehicle }: Colours) =>
  kind === "works" ? works : kind === "crate" ? crate : vehicle;

function along(road: Road, [from, to]: readonly [number, number], d: number) {
  const points: { x: number; y: number }[] = [];
  for (let s = from; s <= to; s += 4) points.push(placeOnRoad(road, s, d));
  return points;
}

const across = (road: Road, s: number) => [placeOnRoad(road, s, -ROAD.edge), placeOnRoad(road, s, ROAD.edge)];

function strip({ context }: Sight, road: Road, span: readonly [number, number], edge: number, fill: string): void {
  context.beginPath();
  for (const { x, y } of along(road, span, edge)) context.lineTo(x, y);
  for (const { x, y } of along(road, span, -edge).reverse()) context.lineTo(x, y);
  context.closePath();
  context.fillStyle = fill;
  context.fill();
}

function lines(sight: Sight, road: Road, span: readonly [number, number]): void {
  const { context, colours } = sight;
  const side = (ROAD.lanes * ROAD.laneWidth) / 2;
  for (const d of [-side + 0.1, side - 0.1]) stroke(sight, along(road, span, d), 0.18, colours.mark);
  context.setLineDash([3, 6]);
  // Dashes stand still on the road: they are counted from its start.
  context.lineDashOffset = span[0];
  for (let lane = 1; lane < ROAD.lanes; lane++) {
    stroke(sight, along(road, span, lane * ROAD.laneWidth - side), 0.18, colours.mark);
  }
  context.setLineDash([]);
}

function stroke(
  { context }: Sight,
  points: readonly { readonly x: number; readonly y: number }[],
  width: number,
  colour: string,
): void {
  context.beginPath();
  for (const { x, y } of points) context.lineTo(x, y);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

type Block = Pick<ViewedObstacle, "x" | "y" | "cosine" | "sine" | "length" | "width">;

function block({ context, colours }: Sight, { x, y, cosine, sine, length, width }: Block, fill: string): void {
  context.save();
  context.transform(cosine, sine, -sine, cosine, x, y);
  context.beginPath();
  context.roundRect(-length / 2, -width / 2, length, width, Math.min(0.5, width / 4));
  context.fillStyle = fill;
  context.fill();
  context.lineWidth = 0.15;
  context.strokeStyle = colours.well;
  context.stroke();
  context.restore();
}
