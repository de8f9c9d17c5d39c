/** Ways over a scene: what a policy would do, what an expert would, where something has been. */
import { type Markup, markup } from "../markup.ts";
import { type Colour, colourOf } from "../picture.ts";

/** Places in the scene's own coordinates, in order of time. */
export type Way = readonly (readonly [number, number])[];

export interface Ways {
  /** Drawn from a policy. */
  readonly sampled?: readonly Way[];
  readonly demonstrated?: readonly Way[];
  /** A mean of predictions, or the prediction of a policy that draws nothing. */
  readonly mean?: readonly Way[];
  /** Where it has been so far. */
  readonly travelled?: Way;
}

export interface WaysStyle {
  /** From the scene's coordinates to those of the drawing. */
  readonly place: (x: number, y: number) => readonly [number, number];
  /** Width of a line, in the drawing's units. */
  readonly width: number;
}

/** A coordinate with two decimals at most. */
export const coordinate = (value: number): string => String(Math.round(value * 100) / 100);

/** `points` as the data of a path, open. */
export function pathData(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${coordinate(x)} ${coordinate(y)}`).join("");
}

/** Points of a polygon's attribute. */
export function corners(points: readonly (readonly [number, number])[]): string {
  return points.map(([x, y]) => `${coordinate(x)},${coordinate(y)}`).join(" ");
}

/** Travelled ways beneath, then demonstrated ones, broader than what lies over them, then sampled and mean ones. */
export function drawWays({ sampled = [], demonstrated = [], mean = [], travelled }: Ways, style: WaysStyle): Markup {
  const broad = { ...style, width: style.width * 2.2 };
  return markup`${travelled && travelled.length > 1 && drawTravelled(travelled, style)}${[
    ...demonstrated.map((way) => drawFading(way, "demonstrated", opacityOf(demonstrated.length), broad)),
    ...sampled.map((way) => drawFading(way, "policy", opacityOf(sampled.length), style)),
    ...mean.map((way) => drawFading(way, "mean", 1, broad)),
  ]}`;
}

/** Of one way among `count`: where many lie over each other they look as strong as one alone. */
function opacityOf(count: number): number {
  return count > 50 ? 0.25 : count > 12 ? 0.4 : count > 3 ? 0.65 : 0.95;
}

function drawTravelled(way: Way, { place, width }: WaysStyle): Markup {
  return markup`<path class="travelled" d="${pathData(way.map(([x, y]) => place(x, y)))}" fill="none" stroke="${colourOf("muted")}" stroke-width="${coordinate(width)}" stroke-linejoin="round"/>`;
}

/** A way is drawn in at most this many pieces, each paler than the one before. */
const PIECES = 6;
/** What is left of the opacity at the end. */
const LAST = 0.25;

function drawFading(way: Way, colour: Colour, opacity: number, { place, width }: WaysStyle): Markup {
  const points = way.map(([x, y]) => place(x, y));
  const segments = points.length - 1;
  if (segments < 1) return markup``;
  const count = Math.min(PIECES, segments);
  const pieces = Array.from({ length: count }, (_, i) => {
    const [from, to] = [Math.round((i * segments) / count), Math.round(((i + 1) * segments) / count)];
    const fade = count === 1 ? 1 : 1 - (1 - LAST) * (i / (count - 1));
    return markup`<path d="${pathData(points.slice(from, to + 1))}" opacity="${coordinate(opacity * fade)}"/>`;
  });
  return markup`<g class="${colour}" fill="none" stroke="${colourOf(colour)}" stroke-width="${coordinate(width)}" stroke-linecap="butt" stroke-linejoin="round">${pieces}</g>`;
}
