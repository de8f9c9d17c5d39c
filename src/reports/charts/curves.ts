/** Curves over updates or checkpoints: losses, held-out losses, scores with their intervals. */
import * as Plot from "@observablehq/plot";
import { grouped, type Measure, middleOf, type Notation, percent, tickText } from "../number.ts";
import { type Colour, colourOf, type Picture, seriesColour } from "../picture.ts";
import { type ChartSize, inBothWidths, plotted, WIDTHS } from "../plot.ts";
import { type Point, smoothed, thinned } from "../thin.ts";

/** A point with its interval, where it has one. */
export interface CurvePoint extends Point {
  readonly low?: number;
  readonly high?: number;
}

export interface CurveSeries {
  readonly name: string;
  readonly points: readonly CurvePoint[];
  readonly colour?: Colour;
  /** `points`: no line through them, for what was measured beside what was expected; `dashes`: the line alone. Default `line`. */
  readonly form?: "line" | "points" | "dashes";
}

export interface CurvesRequest {
  readonly series: readonly CurveSeries[];
  readonly xLabel: string;
  readonly yLabel: string;
  readonly caption: string;
  /** "auto": logarithmic where all values are positive and the largest is at least ten times the smallest. */
  readonly scale?: "auto" | "linear" | "log";
  /** Of x; default "linear". */
  readonly xScale?: "linear" | "log";
  /** Draws a running mean over the points, these behind it and pale: for losses of single batches. */
  readonly trend?: boolean;
  /** Default "half". */
  readonly size?: ChartSize;
}

/** Points of a curve that are drawn at most. */
const MOST_POINTS = 500;
/** A trend is the mean over this share of the points. */
const TREND_SHARE = 0.03;

/** Curves over a common x. Points that are not finite are left out. Throws RangeError where none is left. */
export function curvesPicture({
  series,
  xLabel,
  yLabel,
  caption,
  scale = "auto",
  xScale = "linear",
  trend,
  size = "half",
}: CurvesRequest): Picture {
  const values = series.flatMap(({ points }) => points.map(({ y }) => y).filter(Number.isFinite));
  if (values.length === 0) throw new RangeError(`chart "${yLabel}": found no finite values, expected at least one`);
  const [low, high] = [values.reduce((a, b) => Math.min(a, b)), values.reduce((a, b) => Math.max(a, b))];
  const top = ceilingOf(series, high);
  const isLog = scale === "log" || (scale === "auto" && low > 0 && high >= 10 * low);
  if (isLog && low <= 0) throw new RangeError(`chart "${yLabel}": found ${low}, expected positive values`);
  const drawn = series.map(({ points, colour, form = "line" }, i) => ({
    colour: colourOf(colour ?? seriesColour(i)),
    form,
    points: thinned(points, MOST_POINTS),
    intervals: points.filter(({ low, high }) => low !== undefined && high !== undefined && (!isLog || low > 0)),
    trend: trend && points.length > 40 ? thinned(smoothed(points, points.length * TREND_SHARE), MOST_POINTS) : null,
  }));
  const shown = { x: "x", y: "y" } as const;
  const draw = (width: number) =>
    plotted(
      {
        ...frameOf(width),
        x: {
          label: xLabel,
          labelArrow: "none",
          type: xScale,
          ticks: xScale === "log" ? [...new Set(series.flatMap(({ points }) => points.map(({ x }) => x)))] : width / 90,
          tickFormat: grouped,
          nice: false,
        },
        y: {
          label: yLabel,
          labelArrow: "none",
          type: isLog ? "log" : "linear",
          nice: !isLog,
          ...(!isLog && top < high && { domain: [low, top] }),
          grid: true,
          tickSize: 0,
          ticks: isLog ? logTicks(low, high) : 5,
          tickFormat: tickText,
        },
        marks: [
          ...drawn.flatMap(({ intervals, colour }) =>
            intervals.length > 0
              ? [
                  Plot.ruleX(intervals, {
                    x: "x",
                    y1: "low",
                    y2: "high",
                    stroke: colour,
                    strokeOpacity: 0.45,
                    clip: true,
                  }),
                ]
              : [],
          ),
          ...drawn.flatMap(({ points, colour, trend, form }) =>
            form === "points"
              ? []
              : [
                  Plot.line(points, {
                    ...shown,
                    stroke: colour,
                    strokeWidth: trend ? 1 : 1.6,
                    strokeOpacity: trend ? 0.3 : 1,
                    ...(form === "dashes" && { strokeDasharray: "5 4" }),
                    clip: true,
                  }),
                ],
          ),
          ...drawn.flatMap(({ trend, colour }) =>
            trend ? [Plot.line(trend, { ...shown, stroke: colour, strokeWidth: 2, clip: true })] : [],
          ),
          ...drawn.flatMap(({ points, colour, form }) =>
            form !== "dashes" && points.length <= 30 ? [Plot.dot(points, { ...shown, r: 2.5, fill: colour })] : [],
          ),
        ],
      },
      caption,
    );
  const legend = series.map(({ name, colour }, i) => ({ label: name, colour: colour ?? seriesColour(i) }));
  return { drawing: inBothWidths(draw, size), caption, size, ...(legend.length > 1 && { legend }) };
}

/**
 * Where a linear axis may end: losses fall far in the first updates and little afterwards, so that the rest would be a flat line. The
 * highest value after the first 4 % of a long series, if that is much lower than the highest of all.
 */
function ceilingOf(series: readonly CurveSeries[], high: number): number {
  const later = series.flatMap(({ points }) => (points.length > 40 ? points.slice(points.length * 0.04) : points));
  const values = later.map(({ y }) => y).filter(Number.isFinite);
  if (values.length === 0) return high;
  const [top, low] = [values.reduce((a, b) => Math.max(a, b)), values.reduce((a, b) => Math.min(a, b))];
  return high - low > 2 * (top - low) ? top : high;
}

/** 1, 2 and 5 times powers of ten from `low` to `high`, or the powers alone where these are many. */
export function logTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const last = Math.ceil(Math.log10(high));
  const steps = last - first > 3 ? [1] : [1, 2, 5];
  return Array.from({ length: last - first + 1 }, (_, i) => first + i)
    .flatMap((power) => steps.map((step) => Number(`${step}e${power}`)))
    .filter((tick) => tick >= low * 0.999 && tick <= high * 1.001);
}

/** What a checkpoint was worth. */
export interface Score {
  /** Where it stands: the update, the round, the labels so far. */
  readonly x: number;
  /** From 0 to 1. */
  readonly rate: Measure;
}

export interface ScoresRequest {
  readonly series: readonly { readonly name: string; readonly scores: readonly Score[]; readonly colour?: Colour }[];
  /** Default "update". */
  readonly xLabel?: string;
  readonly yLabel: string;
  readonly caption: string;
  readonly as?: Notation;
  /** Default "half". */
  readonly size?: ChartSize;
}

/** Scores from 0 to 1 over checkpoints, with their intervals as bars. */
export function scoresPicture({
  series,
  xLabel = "update",
  yLabel,
  caption,
  as = "percent",
  size = "half",
}: ScoresRequest): Picture {
  const drawn = series.map(({ scores, colour }, i) => ({ scores, colour: colourOf(colour ?? seriesColour(i)) }));
  const value = ({ rate }: Score) => middleOf(rate);
  const low = ({ rate }: Score) => Math.max(0, rate.low);
  const high = ({ rate }: Score) => Math.min(1, rate.high);
  const draw = (width: number) =>
    plotted(
      {
        ...frameOf(width),
        x: { label: xLabel, labelArrow: "none", ticks: width / 90, tickFormat: grouped },
        y: {
          label: yLabel,
          labelArrow: "none",
          domain: [0, 1],
          grid: true,
          tickSize: 0,
          ticks: 5,
          tickFormat: (value: number) => (as === "percent" ? percent(value, 0) : String(value)),
        },
        marks: drawn.flatMap(({ scores, colour }) => [
          Plot.ruleX(scores, { x: "x", y1: low, y2: high, stroke: colour, strokeOpacity: 0.45 }),
          Plot.line(scores, { x: "x", y: value, stroke: colour, strokeWidth: 1.6 }),
          Plot.dot(scores, { x: "x", y: value, r: 3, fill: colour }),
        ]),
      },
      caption,
    );
  const legend = series.map(({ name, colour }, i) => ({ label: name, colour: colour ?? seriesColour(i) }));
  return { drawing: inBothWidths(draw, size), caption, size, ...(legend.length > 1 && { legend }) };
}

/** The size of a chart over updates and the room around it, px. */
function frameOf(width: number) {
  const height = width === WIDTHS.narrow ? 220 : 280;
  return { width, height, marginLeft: 52, marginRight: 20, marginTop: 28, marginBottom: 40 };
}
