/** Tables of results, and lists of settings. */
import type { Rate } from "../base/index.ts";
import { type Markup, markup } from "./markup.ts";
import { rateText, significant } from "./number.ts";

/** A cell: text, a number, a rate (shown with its interval and n), or nothing. */
export type Cell = string | number | Rate | null;

export interface ColumnSpec {
  readonly title: string;
  /** Rates in percent (the default) or as numbers from 0 to 1 (scores). */
  readonly as?: "percent" | "number";
  /** Significant digits of numbers; default 3. Whole numbers are written in full. */
  readonly digits?: number;
}

export interface ResultTable {
  readonly caption?: string;
  readonly columns: readonly (string | ColumnSpec)[];
  /** A cell per column. The first column names the row. */
  readonly rows: readonly (readonly Cell[])[];
}

/** Columns of text to the left, of numbers to the right. Throws RangeError for a row of another length. */
export function resultTable({ caption, columns, rows }: ResultTable): Markup {
  const specs = columns.map((column): ColumnSpec => (typeof column === "string" ? { title: column } : column));
  rows.forEach((row, i) => {
    if (row.length !== specs.length) {
      throw new RangeError(`table row ${i}: found ${row.length} cells, expected ${specs.length}`);
    }
  });
  const isText = specs.map((_, i) => i === 0 || rows.some((row) => typeof row[i] === "string"));
  const head = specs.map(({ title }, i) => markup`<th scope="col"${isText[i] && TEXT}>${title}</th>`);
  const body = rows.map(
    (row) =>
      markup`<tr>${row.map((cell, i) =>
        i === 0
          ? markup`<th scope="row" class="text">${showCell(cell, specs[i])}</th>`
          : markup`<td${isText[i] && TEXT}>${showCell(cell, specs[i])}</td>`,
      )}</tr>\n`,
  );
  return markup`<div class="scroll"><table>${caption && markup`<caption>${caption}</caption>`}<thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

const TEXT: Markup = { markup: ' class="text"' };

function showCell(cell: Cell, { as = "percent", digits = 3 }: ColumnSpec): Markup {
  if (cell === null) return markup`–`;
  if (typeof cell === "string") return markup`${cell}`;
  if (typeof cell === "number") return markup`${significant(cell, digits)}`;
  const { rate, interval, n } = rateText(cell, as);
  return markup`${rate}<span class="interval">${interval}</span><span class="n">n ${n}</span>`;
}

/** Anything of JSON as a list of names and values; what is nested gets names like `policy.head`. */
export function fieldList(value: object): Markup {
  const rows = flatten(value, "").map(([name, text]) => markup`<div><dt>${name}</dt><dd>${text}</dd></div>`);
  return markup`<dl class="fields">${rows}</dl>`;
}

function flatten(value: object, prefix: string): [name: string, text: string][] {
  return Object.entries(value).flatMap(([name, inner]): [string, string][] => {
    const path = `${prefix}${name}`;
    if (inner === undefined) return [];
    if (Array.isArray(inner)) {
      const isPlain = inner.every((item) => typeof item !== "object" || item === null);
      return [[path, isPlain ? inner.join(", ") : JSON.stringify(inner)]];
    }
    if (typeof inner === "object" && inner !== null) return flatten(inner, `${path}.`);
    return [[path, String(inner)]];
  });
}
