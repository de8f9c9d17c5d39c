/**
 * The road around the ego in plan view, drawn straight: along it s, across it d, both in m and to one scale. Bends are not
 * drawn, so that lanes are straight and ways can be compared between moments.
 */
import { direction } from "../../base/index.ts";
import { laneCentre, ROAD, type Scene, VEHICLE } from "../../environments/index.ts";
import { type Markup, markup } from "../markup.ts";
import { coordinate, corners, drawWays, type Ways } from "./ways.ts";

export interface DrivingDrawing extends Ways {
  readonly scene: Scene;
  /** The part of the road that is shown, m behind and ahead of the ego; default 10 and 44. */
  readonly behind?: number;
  readonly ahead?: number;
  /** Where the road leads in the drawing; default "right". */
  readonly towards?: "right" | "up";
  readonly label?: string;
}

/** px per m in the drawing's own coordinates. */
const SCALE = 10;
/** Ground beside the road, m. */
const VERGE = 0.9;

type Place = (s: number, d: number) => readonly [number, number];

/** The scene as SVG. Ways are places (s, d). */
export function drawDriving(drawing: DrivingDrawing): Markup {
  const { scene, behind = 10, ahead = 44, towards = "right", label = "driving", ...ways } = drawing;
  const { ego, obstacles, goal } = scene;
  const [from, to] = [ego.s - behind, ego.s + ahead];
  const half = ROAD.edge + VERGE;
  const [length, width] = [(to - from) * SCALE, 2 * half * SCALE];
  const place: Place =
    towards === "right"
      ? (s, d) => [(s - from) * SCALE, (half - d) * SCALE]
      : (s, d) => [(half - d) * SCALE, (to - s) * SCALE];
  const [viewWidth, viewHeight] = towards === "right" ? [length, width] : [width, length];
  const shown = obstacles.filter(({ s, length }) => s + length / 2 > from && s - length / 2 < to);
  return markup`<svg class="scene" viewBox="0 0 ${coordinate(viewWidth)} ${coordinate(viewHeight)}" role="img" aria-label="${label}">
<rect class="verge" width="${coordinate(viewWidth)}" height="${coordinate(viewHeight)}" rx="8"/>
${drawRoad(place, from, to, goal)}
${shown.map((one) => drawObstacle(place, one))}
${drawWays(ways, { place, width: 2 })}
${drawEgo(place, ego)}
</svg>`;
}

function drawRoad(place: Place, from: number, to: number, goal: number): Markup {
  const along = (d: number, kind: string) => {
    const [[x1, y1], [x2, y2]] = [place(from, d), place(to, d)].map((point) => point.map(coordinate));
    // Dashes keep their places on the road from moment to moment: 3 m of every 9 m.
    const dashes =
      kind === "lane"
        ? markup` stroke-dasharray="${3 * SCALE} ${6 * SCALE}" stroke-dashoffset="${coordinate((((from % 9) + 9) % 9) * SCALE)}"`
        : null;
    return markup`<line class="${kind}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}"${dashes}/>`;
  };
  const side = laneCentre(ROAD.lanes - 1) + ROAD.laneWidth / 2;
  const between = Array.from({ length: ROAD.lanes - 1 }, (_, lane) => laneCentre(lane) + ROAD.laneWidth / 2);
  const line = [place(goal, -ROAD.edge), place(goal, ROAD.edge)];
  const isGoalShown = goal > from && goal < to;
  return markup`<polygon class="road" points="${corners([place(from, -ROAD.edge), place(from, ROAD.edge), place(to, ROAD.edge), place(to, -ROAD.edge)])}"/>
${[-side, side].map((d) => along(d, "side"))}${between.map((d) => along(d, "lane"))}${
  isGoalShown && markup`<polyline class="finish" points="${corners(line)}"/>`
}`;
}

/** The corners of a rectangle at (s, d), turned by `heading` to the left. */
export function rectangleAt(
  place: Place,
  { s, d, length, width, heading = 0 }: { s: number; d: number; length: number; width: number; heading?: number },
): (readonly [number, number])[] {
  const [cosine, sine] = direction(heading);
  const signs = [
    [1, 1],
    [1, -1],
    [-1, -1],
    [-1, 1],
  ];
  return signs.map(([front, left]) => {
    const [along, across] = [(front * length) / 2, (left * width) / 2];
    return place(s + along * cosine - across * sine, d + along * sine + across * cosine);
  });
}

function drawObstacle(place: Place, { kind, s, d, length, width, speed }: Scene["obstacles"][number]): Markup {
  const body = corners(rectangleAt(place, { s, d, length, width }));
  if (kind !== "moving" && kind !== "standing") {
    const [a, b, c, e] = rectangleAt(place, { s, d, length, width });
    const cross = kind === "crate" ? [corners([a, c]), corners([b, e])] : [];
    return markup`<polygon class="${kind}" points="${body}"/>${cross.map(
      (points) => markup`<polyline class="cross" points="${points}"/>`,
    )}`;
  }
  const pane = corners(rectangleAt(place, { s: s + length * 0.14, d, length: length * 0.16, width: width * 0.74 }));
  // How far it goes in a second.
  const motion = speed > 0.5 && corners([place(s + length / 2, d), place(s + length / 2 + speed, d)]);
  return markup`${motion && markup`<polyline class="motion" points="${motion}"/>`}<polygon class="vehicle" points="${body}"/><polygon class="pane" points="${pane}"/>`;
}

function drawEgo(place: Place, { s, d, headingError }: Scene["ego"]): Markup {
  const { length, width } = VEHICLE;
  const body = { s, d, length, width, heading: headingError };
  const [cosine, sine] = direction(headingError);
  const ahead = length * 0.14;
  const pane = { ...body, s: s + ahead * cosine, d: d + ahead * sine, length: length * 0.16, width: width * 0.74 };
  return markup`<polygon class="ego" points="${corners(rectangleAt(place, body))}"/><polygon class="pane" points="${corners(rectangleAt(place, pane))}"/>`;
}
