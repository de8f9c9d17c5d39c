/** Numbers over time as small charts side by side: for worlds without a drawing. */
import * as Plot from "@observablehq/plot";
import type { Episode } from "../../world/index.ts";
import { type Markup, markup } from "../markup.ts";
import { tickText } from "../number.ts";
import { type Colour, colourOf } from "../picture.ts";
import { plotted } from "../plot.ts";
import { type Point, thinned } from "../thin.ts";

/** One small chart: lines over a common x. */
export interface Small {
  readonly title: string;
  readonly lines: readonly { readonly points: readonly Point[]; readonly colour: Colour; readonly opacity?: number }[];
}

/** Charts that are drawn at most; what is beyond is counted in `rest`. */
export const MOST_CHARTS = 12;
const MOST_POINTS = 200;

/** The charts in a grid. */
export function drawMultiples(charts: readonly Small[], xLabel: string): Markup {
  return markup`<div class="multiples">${charts.map(
    ({ title, lines }) => markup`<figure>${drawSmall(title, lines, xLabel)}<figcaption>${title}</figcaption></figure>`,
  )}</div>`;
}

function drawSmall(title: string, lines: Small["lines"], xLabel: string): Markup {
  return plotted(
    {
      width: 230,
      height: 120,
      marginLeft: 44,
      marginRight: 8,
      marginTop: 8,
      marginBottom: 22,
      x: { label: null, ticks: 3, tickSize: 3 },
      y: {
        label: null,
        ticks: 3,
        grid: true,
        tickSize: 0,
        nice: true,
        tickFormat: tickText,
      },
      marks: lines.map(({ points, colour, opacity = 1 }) =>
        Plot.line(thinned(points, MOST_POINTS), {
          x: "x",
          y: "y",
          stroke: colourOf(colour),
          strokeOpacity: opacity,
          strokeWidth: 1.3,
        }),
      ),
    },
    `${title} over ${xLabel}`,
  );
}

/** Actions first, then observations, of an episode over its time in s; and how many numbers are left out. */
export function chartsOf({ spec, time, action, observation }: Episode): { charts: Small[]; rest: number } {
  const chart = (title: string, values: Float32Array, size: number, i: number, colour: Colour): Small => ({
    title,
    lines: [{ colour, points: Array.from(time, (x, step) => ({ x, y: values[step * size + i] })) }],
  });
  const all = [
    ...spec.action.names.map((name, i) => ({
      name,
      unit: spec.action.units[i],
      i,
      values: action,
      box: spec.action,
      colour: "policy" as Colour,
    })),
    ...Object.entries(spec.observation).flatMap(([array, box]) =>
      box.names.map((name, i) => ({
        name: `${array}.${name}`,
        unit: box.units[i],
        i,
        values: observation[array],
        box,
        colour: "muted" as Colour,
      })),
    ),
  ];
  const charts = all
    .slice(0, MOST_CHARTS)
    .map(({ name, unit, i, values, box, colour }) => chart(titleOf(name, unit), values, box.names.length, i, colour));
  return { charts, rest: all.length - charts.length };
}

/** A name with its unit, "1" being none. */
export const titleOf = (name: string, unit: string): string =>
  unit === "1" || unit === "" ? name : `${name} (${unit})`;
