/** Pictures as one SVG file that stands alone: for pages that show images and hold no report. */
import { type Markup, markup } from "./markup.ts";
import { colourOf, type Picture } from "./picture.ts";
import { DARK, LIGHT } from "./style.ts";

const GAP = 24;
/** px above the drawings, for the legend. */
const TOP = 34;
/** px from one entry of the legend to the next, but for its letters, and of a letter. */
const ENTRY = { apart: 44, letter: 6.6 } as const;

/** Drawings in a row. */
const COLUMNS = 2;

/**
 * The drawings in their wide form, two in a row, under the legend of the first; light or dark, as the reader's page is. Throws
 * RangeError where there is none, or a drawing does not say its size.
 */
export function figureFile(pictures: readonly Picture[], title: string): string {
  if (pictures.length === 0) throw new RangeError("figure: found no picture, expected at least one");
  const drawings = pictures.map(({ drawing }) => sized("wide" in drawing ? drawing.wide : drawing));
  const [across, down] = [GAP + most(drawings, "width"), most(drawings, "height")];
  const width = across * Math.min(COLUMNS, drawings.length) - GAP;
  const height = TOP + down * Math.ceil(drawings.length / COLUMNS);
  const placed = drawings.map(({ svg }, i): Markup => {
    const [x, y] = [across * (i % COLUMNS), TOP + down * Math.floor(i / COLUMNS)];
    return { markup: svg.replace("<svg", `<svg x="${x}" y="${y}"`) };
  });
  const style: Markup = {
    markup: `<style>:root { ${LIGHT} color: var(--ink); } @media (prefers-color-scheme: dark) { :root { ${DARK} } }</style>`,
  };
  const figure = markup`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="12">
<title>${title}</title>
${style}
<rect width="${width}" height="${height}" fill="var(--paper)"/>
${legendOf(pictures[0])}
${placed}
</svg>`;
  return `${figure.markup}\n`;
}

interface Sized {
  readonly svg: string;
  readonly width: number;
  readonly height: number;
}

const most = (drawings: readonly Sized[], side: "width" | "height") => Math.max(...drawings.map((one) => one[side]));

function sized({ markup: svg }: Markup): Sized {
  const size = /^<svg[^>]* viewBox="0 0 ([\d.]+) ([\d.]+)"/.exec(svg);
  if (!size) throw new RangeError(`figure: found ${svg.slice(0, 60)}, expected an svg with a viewBox from 0 0`);
  return { svg, width: Number(size[1]), height: Number(size[2]) };
}

function legendOf({ legend = [] }: Picture): readonly Markup[] {
  let x = 12;
  return legend.map(({ colour, label }) => {
    const place = x;
    x += ENTRY.apart + ENTRY.letter * label.length;
    return markup`<rect x="${place}" y="15" width="16" height="3" fill="${colourOf(colour)}"/><text x="${place + 22}" y="20" fill="var(--soft)">${label}</text>`;
  });
}
