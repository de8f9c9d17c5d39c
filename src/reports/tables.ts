/** Tables of results, and lists of settings. */
import { type Markup, markup } from "./markup.ts";
import { grouped, type Measure, measureText, minus, type Notation, significant } from "./number.ts";

/** A cell: text, a number, a rate or a mean (shown with its interval and n), or nothing. */
export type Cell = string | number | Measure | null;

export interface ColumnSpec {
  readonly title: string;
  /** Default: rates in percent, means as numbers. */
  readonly as?: Notation;
  /** Significant digits of the largest number; the others get as many decimals. Default 3. */
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
  const styles = specs.map(({ digits = 3 }, i): ColumnStyle => {
    const cells = rows.map((row) => row[i]);
    const counts = new Set(cells.flatMap((cell) => (isMeasure(cell) ? [cell.n] : [])));
    return { decimals: decimalsOf(cells, digits), count: counts.size === 1 ? [...counts][0] : null };
  });
  const isText = specs.map((_, i) => i === 0 || rows.some((row) => typeof row[i] === "string"));
  const head = specs.map(
    ({ title }, i) => markup`<th scope="col"${isText[i] && TEXT}>${title}${showCount(styles[i])}</th>`,
  );
  const body = rows.map(
    (row) =>
      markup`<tr>${row.map((cell, i) =>
        i === 0
          ? markup`<th scope="row" class="text">${showCell(cell, specs[i], styles[i])}</th>`
          : markup`<td${isText[i] && TEXT}>${showCell(cell, specs[i], styles[i])}</td>`,
      )}</tr>\n`,
  );
  return markup`${caption && markup`<p class="small">${caption}</p>`}<div class="scroll"><table${caption && markup` aria-label="${caption}"`}><thead><tr>${head}</tr></thead><tbody>${body}</tbody></table></div>`;
}

/** What the cells of a column have in common. */
interface ColumnStyle {
  readonly decimals: number | null;
  /** n of all its measures, where it is one. */
  readonly count: number | null;
}

const isMeasure = (cell: Cell): cell is Measure => typeof cell === "object" && cell !== null;

const showCount = ({ count }: ColumnStyle): Markup | null =>
  count === null ? null : markup`<span class="n">n ${grouped(count)}</span>`;

const TEXT: Markup = { markup: ' class="text"' };

function showCell(cell: Cell, { as, digits = 3 }: ColumnSpec, { decimals, count }: ColumnStyle): Markup {
  if (cell === null) return markup`–`;
  if (typeof cell === "string") return markup`${cell}`;
  if (typeof cell === "number")
    return markup`${decimals === null ? significant(cell, digits) : minus(cell.toFixed(decimals))}`;
  const { value, interval, n } = measureText(cell, as);
  return markup`${value}<span class="interval">${interval}</span>${count === null && markup`<span class="n">n ${n}</span>`}`;
}

/** Decimals that suit all numbers of a column; null where none do: whole numbers, very large and very small ones. */
function decimalsOf(cells: readonly Cell[], digits: number): number | null {
  const sizes = cells.filter((cell) => typeof cell === "number").map(Math.abs);
  const largest = Math.max(...sizes, 0);
  const isOdd = sizes.some((size) => !Number.isFinite(size) || (size > 0 && size < 1e-3 * largest));
  if (isOdd || largest >= 1e6 || largest < 1e-3 || sizes.every(Number.isInteger)) return null;
  return Math.max(0, digits - 1 - Math.floor(Math.log10(largest)));
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
