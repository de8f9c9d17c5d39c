/** Observable Plot without a browser: a plot's options become SVG text in the report's own colours and type. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Markup } from "./markup.ts";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Sizes in px: charts are drawn for these widths and grow a little with the page. */
export const WIDTHS = { half: 540, full: 1000, narrow: 350 } as const;

/** The plot as markup. `label` says in words what it shows. Text in it is escaped by the serialiser. */
export function plotted(options: Plot.PlotOptions, label: string): Markup {
  const svg = Plot.plot({ ...options, document: document as unknown as Document, className: "plot" });
  svg.querySelector("style")?.remove();
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("font-size", "12");
  svg.removeAttribute("font-family");
  return { markup: withOwnNames(svg.outerHTML) };
}

/**
 * Plot counts its clips through the life of a process. Here their names come from what is drawn, so that the same chart is the same text, and two
 * charts on a page do not share one.
 */
function withOwnNames(svg: string): string {
  const names = [...new Set(svg.match(/plot-clip-\d+/g) ?? [])];
  const content = svg.replaceAll(/plot-clip-\d+/g, (name) => `clip-${names.indexOf(name)}`);
  let hash = 0x811c9dc5; // FNV-1a
  for (let i = 0; i < content.length; i++) hash = Math.imul(hash ^ content.charCodeAt(i), 0x01000193) >>> 0;
  return content.replaceAll(/clip-(\d+)(?=[")])/g, (_, i) => `clip-${hash.toString(36)}-${i}`);
}

/** How much of the page's width a chart takes. */
export type ChartSize = "half" | "full";

/** Both forms of a chart: for wide and for narrow screens. */
export function inBothWidths(draw: (width: number) => Markup, size: ChartSize = "half") {
  return { wide: draw(size === "full" ? WIDTHS.full : WIDTHS.half), narrow: draw(WIDTHS.narrow) };
}
