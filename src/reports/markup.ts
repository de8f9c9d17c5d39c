/** Text that is HTML or SVG already, and the one way to make it: whatever is put into a template is escaped. */

/** Finished markup: safe to put into a page as it is. */
export interface Markup {
  readonly markup: string;
}

type Filling = string | number | Markup | null | undefined | false | readonly Filling[];

/**
 * A template whose fillings are escaped, but those that are markup. Numbers are written as they are; null, undefined and
 * false as nothing; lists one after another.
 */
export function markup(parts: TemplateStringsArray, ...fillings: readonly Filling[]): Markup {
  return { markup: parts.reduce((text, part, i) => text + write(fillings[i - 1]) + part) };
}

function write(filling: Filling): string {
  if (filling === null || filling === undefined || filling === false) return "";
  if (typeof filling === "object") return "markup" in filling ? filling.markup : filling.map(write).join("");
  return escapeText(String(filling));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** `text` as it may stand between tags and in quoted attributes. */
export function escapeText(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character]);
}
