/** The fork from above: the way to the goal, the disc on it, and the car as a point with ways ahead. */
import { FORK } from "../../environments/index.ts";
import { type Markup, markup } from "../markup.ts";
import { coordinate, drawWays, type Ways } from "./ways.ts";

export interface ForkDrawing extends Ways {
  /** m. */
  readonly position: readonly [x: number, y: number];
  readonly towards?: "right" | "up";
  /** The part that is shown, m behind and ahead of the car; default: all. */
  readonly behind?: number;
  readonly ahead?: number;
  readonly label?: string;
}

const SCALE = 14;
/** m to each side, and beyond start and goal. */
const HALF = 4;
const MARGIN = 1.5;

/** The scene as SVG. Ways are places (x, y): x ahead, y to the left. */
export function drawFork({ position, towards = "right", behind, ahead, label = "fork", ...ways }: ForkDrawing): Markup {
  const { goal, obstacle } = FORK;
  const from = behind === undefined ? -MARGIN : position[0] - behind;
  const to = ahead === undefined ? goal + MARGIN : position[0] + ahead;
  const place =
    towards === "right"
      ? (x: number, y: number) => [(x - from) * SCALE, (HALF - y) * SCALE] as const
      : (x: number, y: number) => [(HALF - y) * SCALE, (to - x) * SCALE] as const;
  const [length, width] = [(to - from) * SCALE, 2 * HALF * SCALE];
  const [viewWidth, viewHeight] = towards === "right" ? [length, width] : [width, length];
  const [x, y] = place(...position).map(coordinate);
  const [ox, oy] = place(obstacle.x, obstacle.y).map(coordinate);
  const [[gx1, gy1], [gx2, gy2]] = [place(goal, -HALF), place(goal, HALF)].map((point) => point.map(coordinate));
  return markup`<svg class="scene" viewBox="0 0 ${coordinate(viewWidth)} ${coordinate(viewHeight)}" role="img" aria-label="${label}">
<rect class="road" width="${coordinate(viewWidth)}" height="${coordinate(viewHeight)}" rx="8"/>
<line class="finish" x1="${gx1}" y1="${gy1}" x2="${gx2}" y2="${gy2}"/>
<circle class="disc" cx="${ox}" cy="${oy}" r="${coordinate(obstacle.radius * SCALE)}"/>
${drawWays(ways, { place, width: 2.2 })}
<circle class="ego" cx="${x}" cy="${y}" r="6"/>
</svg>`;
}
