/** How often values lie where. */
import * as Plot from "@observablehq/plot";
import { grouped, tickText } from "../number.ts";
import { type Colour, colourOf, type Picture } from "../picture.ts";
import { inBothWidths, plotted, WIDTHS } from "../plot.ts";

export interface HistogramRequest {
  readonly values: ArrayLike<number>;
  readonly xLabel: string;
  readonly caption: string;
  /** Default [least, greatest]. */
  readonly domain?: readonly [number, number];
  /** Default 30. */
  readonly bins?: number;
  readonly colour?: Colour;
  readonly references?: readonly { readonly value: number; readonly label: string }[];
}

/** A histogram of equally wide bins. Values that are not finite are left out. Throws RangeError where none is left. */
export function histogramPicture(request: HistogramRequest): Picture {
  const { xLabel, caption, bins = 30, colour = "policy", references = [] } = request;
  const values = Array.from(request.values).filter(Number.isFinite);
  if (values.length === 0) throw new RangeError(`histogram "${xLabel}": found no finite values, expected at least one`);
  const [low, high] = request.domain ?? [
    values.reduce((a, b) => Math.min(a, b)),
    values.reduce((a, b) => Math.max(a, b)),
  ];
  const isWhole = values.every(Number.isInteger);
  const bars = countIn(values, low, high > low ? high : low + 1, bins);
  const draw = (width: number) =>
    plotted(
      {
        width,
        height: width === WIDTHS.narrow ? 200 : 240,
        marginLeft: 44,
        marginRight: 14,
        marginTop: 28,
        marginBottom: 40,
        x: { label: xLabel, labelArrow: "none", ticks: width / 80, tickFormat: isWhole ? wholeText : tickText },
        y: {
          label: "count",
          labelArrow: "none",
          grid: true,
          tickSize: 0,
          ticks: 4,
          tickFormat: wholeText,
        },
        marks: [
          Plot.rectY(bars, { x1: "from", x2: "to", y: "count", fill: colourOf(colour), fillOpacity: 0.75, inset: 0.5 }),
          Plot.ruleY([0], { stroke: "currentColor", strokeOpacity: 0.4 }),
          Plot.ruleX(references, { x: "value", stroke: colourOf("muted"), strokeDasharray: "3 3" }),
          Plot.text(references, { x: "value", text: "label", frameAnchor: "top", dy: -12, fill: colourOf("muted") }),
        ],
      },
      caption,
    );
  return { drawing: inBothWidths(draw), caption };
}

const wholeText = (value: number): string => (Number.isInteger(value) ? grouped(value) : "");

/** Bins of [low, high], the last one with its upper end; values beyond count in the outermost. */
export function countIn(values: readonly number[], low: number, high: number, bins: number) {
  const width = (high - low) / bins;
  const bars = Array.from({ length: bins }, (_, i) => ({ from: low + i * width, to: low + (i + 1) * width, count: 0 }));
  for (const value of values) bars[Math.min(bins - 1, Math.max(0, Math.floor((value - low) / width)))].count += 1;
  return bars;
}
