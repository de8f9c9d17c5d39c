/** What a report shows: a drawing or a chart, with the words beneath it. */
import type { Markup } from "./markup.ts";

/** A colour of the report's palette: its CSS variable, light in the light scheme and dark in the dark one. */
export type Colour =
  | "policy"
  | "demonstrated"
  | "mean"
  | "good"
  | "bad"
  | "muted"
  | `series-${1 | 2 | 3 | 4 | 5 | 6 | 7}`;

export interface LegendEntry {
  readonly colour: Colour;
  readonly label: string;
}

export interface Picture {
  /** The drawing, or its forms for wide and narrow screens. */
  readonly drawing: Markup | { readonly wide: Markup; readonly narrow: Markup };
  /** One sentence or two. */
  readonly caption: string;
  readonly legend?: readonly LegendEntry[];
  /** How much of the page's width it wants; default "half". */
  readonly size?: "quarter" | "half" | "full";
}

export const colourOf = (colour: Colour): string => `var(--${colour})`;

/** The colour of the i-th of several equals. */
export const seriesColour = (i: number): Colour => `series-${((i % 7) + 1) as 1}`;
