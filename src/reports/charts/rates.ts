/** Rates with their intervals, one line each: what a comparison is read from. */
import * as Plot from "@observablehq/plot";
import type { Markup } from "../markup.ts";
import { type Measure, measureText, middleOf, type Notation, percent } from "../number.ts";
import { type Colour, colourOf, type LegendEntry, type Picture } from "../picture.ts";
import { type ChartSize, inBothWidths, plotted, WIDTHS } from "../plot.ts";

export interface RateRow {
  readonly label: string;
  /** From 0 to 1. */
  readonly rate: Measure;
  /** Rows of one group stand together under its name; groups come in the order of their first rows. */
  readonly group?: string;
  readonly colour?: Colour;
}

export interface RatesRequest {
  readonly rows: readonly RateRow[];
  /** What the rates are of: "success". */
  readonly xLabel: string;
  readonly caption: string;
  /** Lines to compare with: a published figure, an aim. */
  readonly references?: readonly { readonly value: number; readonly label: string }[];
  readonly as?: Notation;
  readonly legend?: readonly LegendEntry[];
  /** Default "half". */
  readonly size?: ChartSize;
}

/** A line of the chart from the top: a group's name, or a row. Heights in px. */
interface Line {
  readonly y: number;
  readonly heading?: string;
  readonly row?: RateRow;
}

const ROW = { wide: 24, narrow: 38 } as const;
const HEADING = 34;

/** Dots with horizontal intervals over [0, 1]. Throws RangeError where there are no rows. */
export function ratesPicture(request: RatesRequest): Picture {
  if (request.rows.length === 0) throw new RangeError("chart of rates: found no rows, expected at least one");
  const { caption, legend, size = "half" } = request;
  return { drawing: inBothWidths((width) => drawRates(request, width), size), caption, legend, size };
}

function drawRates({ rows, xLabel, caption, references = [], as = "percent" }: RatesRequest, width: number): Markup {
  const form = width === WIDTHS.narrow ? "narrow" : "wide";
  const { lines, height } = linesOf(rows, form);
  const named = lines.filter((line): line is Line & { row: RateRow } => line.row !== undefined);
  const longest = Math.max(...rows.map(({ label }) => label.length));
  const left = form === "wide" ? Math.min(260, 16 + 6.6 * longest) : 8;
  const at = (pick: (rate: Measure) => number) => (line: { row: RateRow }) => pick(line.row.rate);
  const colour = ({ row }: { row: RateRow }) => colourOf(row.colour ?? "policy");
  const top = references.length > 0 ? 34 : 12;
  const marks: Plot.Markish[] = [
    Plot.ruleX(references, { x: "value", stroke: colourOf("muted"), strokeDasharray: "3 3" }),
    Plot.text(references, {
      x: "value",
      text: "label",
      frameAnchor: "top",
      dy: -16,
      fill: colourOf("muted"),
      textAnchor: "middle",
    }),
    Plot.link(named, {
      x1: at(({ low }) => Math.max(0, low)),
      x2: at(({ high }) => Math.min(1, high)),
      y1: "y",
      y2: "y",
      stroke: colour,
      strokeWidth: 2,
      strokeOpacity: 0.55,
    }),
    Plot.dot(named, { x: at(middleOf), y: "y", r: 4, fill: colour }),
    Plot.text(named, {
      text: ({ row }: { row: RateRow }) => measureText(row.rate, as).value,
      y: "y",
      frameAnchor: "right",
      dx: form === "wide" ? 58 : 48,
      textAnchor: "end",
      fontVariant: "tabular-nums",
    }),
    Plot.text(named, {
      text: ({ row }: { row: RateRow }) => row.label,
      y: "y",
      frameAnchor: "left",
      dx: form === "wide" ? -12 : 0,
      dy: form === "wide" ? 0 : -15,
      textAnchor: form === "wide" ? "end" : "start",
    }),
    Plot.text(
      lines.filter(({ heading }) => heading !== undefined),
      {
        text: "heading",
        y: "y",
        frameAnchor: "left",
        dx: form === "wide" ? -left : 0,
        textAnchor: "start",
        fontWeight: 600,
      },
    ),
  ];
  return plotted(
    {
      width,
      height: height + top + 44,
      marginLeft: left,
      marginRight: form === "wide" ? 64 : 54,
      marginTop: top,
      marginBottom: 44,
      x: {
        domain: [0, 1],
        label: xLabel,
        labelArrow: "none",
        grid: true,
        tickSize: 0,
        ticks: width > 900 ? 10 : 5,
        tickFormat: (value: number) => (as === "percent" ? percent(value, 0) : String(value)),
      },
      y: { axis: null, domain: [0, height], range: [top, top + height] },
      marks,
    },
    caption,
  );
}

function linesOf(rows: readonly RateRow[], form: "wide" | "narrow"): { lines: Line[]; height: number } {
  const groups = [...new Set(rows.map(({ group }) => group))];
  const lines: Line[] = [];
  let height = 0;
  for (const group of groups) {
    if (group !== undefined) {
      lines.push({ y: height + HEADING - 14, heading: group });
      height += HEADING;
    }
    for (const row of rows.filter((row) => row.group === group)) {
      lines.push({ y: height + (form === "wide" ? ROW.wide / 2 : 26), row });
      height += ROW[form];
    }
  }
  return { lines, height };
}
