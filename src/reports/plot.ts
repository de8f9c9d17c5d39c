/** Observable Plot without a browser: a plot's options become SVG text in the report's own colours and type. */
import * as Plot from "@observablehq/plot";
import { parseHTML } from "linkedom";
import type { Markup } from "./markup.ts";

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Sizes in px: charts are drawn for these widths and grow a little with the page. */
export const WIDTHS = { wide: 620, narrow: 350 } as const;

/** The plot as markup. `label` says in words what it shows. Text in it is escaped by the serialiser. */
export function plotted(options: Plot.PlotOptions, label: string): Markup {
  const svg = Plot.plot({ ...options, document: document as unknown as Document, className: "plot" });
  svg.querySelector("style")?.remove();
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", label);
  svg.setAttribute("font-size", "12");
  svg.removeAttribute("font-family");
  return { markup: svg.outerHTML };
}

/** Both forms of a chart: for wide and for narrow screens. */
export function inBothWidths(draw: (width: number) => Markup): { wide: Markup; narrow: Markup } {
  return { wide: draw(WIDTHS.wide), narrow: draw(WIDTHS.narrow) };
}
