/** What a chart draws. */

export interface Line {
  readonly name: string;
  /** A custom property of tokens.css. */
  readonly colour: string;
  readonly values: readonly (number | null)[];
  readonly dash?: readonly number[];
  readonly width?: number;
  /** Whether each value holds until the next: actions do. */
  readonly steps?: boolean;
  /** Whether each value is a dot too: those that stand alone make no line. */
  readonly dots?: boolean;
}

/** Free space beside the plot, px: what stands above a chart on the same axis leaves as much. */
export const GUTTER = 46;
export const MARGIN = 10;
