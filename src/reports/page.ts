/** The page: one HTML file with everything in it, which opens from a disk without a network. */
import { type Markup, markup } from "./markup.ts";
import { colourOf, type LegendEntry, type Picture } from "./picture.ts";
import { STYLE } from "./style.ts";

export interface Page {
  readonly title: string;
  /** A line above the title: what kind of report it is. */
  readonly kicker: string;
  readonly body: Markup;
  /** Closing line: versions, dates. */
  readonly footer?: Markup;
}

/** Refuses whatever is not in the file itself. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:";

export function pageOf({ title, kicker, body, footer }: Page): string {
  const style: Markup = { markup: `<style>${STYLE}</style>` };
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<title>${title}</title>
<link rel="icon" href="data:,">
${style}
</head>
<body>
<main>
<header><p class="kicker">${kicker}</p><h1>${title}</h1></header>
${body}
${footer && markup`<footer>${footer}</footer>`}
</main>
</body>
</html>
`.markup;
}

/** A part of the page; nothing where it has no content. */
export function section(heading: string, ...content: readonly (Markup | null | false | undefined)[]): Markup | null {
  const present = content.filter((part) => part);
  return present.length > 0 ? markup`<section><h2>${heading}</h2>${present}</section>` : null;
}

export const paragraphs = (texts: readonly string[]): Markup | null =>
  texts.length > 0 ? markup`${texts.map((text) => markup`<p>${text}</p>`)}` : null;

/** Pictures side by side as far as the width allows, a legend that all share once above them; null where there are none. */
export function gallery(pictures: readonly Picture[]): Markup | null {
  if (pictures.length === 0) return null;
  const keys = pictures.map(({ legend = [] }) => legend);
  const isShared = pictures.length > 1 && keys.every((legend) => JSON.stringify(legend) === JSON.stringify(keys[0]));
  const shown = isShared ? pictures.map((picture) => ({ ...picture, legend: [] })) : pictures;
  return markup`<div class="pictures">${isShared && showLegend(keys[0])}${shown.map(showPicture)}</div>`;
}

function showLegend(legend: readonly LegendEntry[]): Markup | null {
  if (legend.length === 0) return null;
  const keys = legend.map(
    ({ colour, label }) => markup`<li><i style="--colour: ${colourOf(colour)}"></i>${label}</li>`,
  );
  return markup`<ul class="legend">${keys}</ul>`;
}

function showPicture({ drawing, caption, legend = [], size = "half" }: Picture): Markup {
  const shown =
    "markup" in drawing
      ? drawing
      : markup`<div class="wide">${drawing.wide}</div><div class="narrow">${drawing.narrow}</div>`;
  return markup`<figure class="picture ${size}">${shown}${showLegend(legend)}<figcaption>${caption}</figcaption></figure>`;
}
