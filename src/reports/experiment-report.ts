/** The report of an experiment: what was asked, what came out, and how to repeat it. */
import { type Markup, markup } from "./markup.ts";
import { gallery, pageOf, paragraphs, section } from "./page.ts";
import type { Picture } from "./picture.ts";
import { fieldList, type ResultTable, resultTable } from "./tables.ts";

export interface ExperimentSection {
  readonly heading: string;
  readonly text?: readonly string[];
  readonly tables?: readonly ResultTable[];
  readonly pictures?: readonly Picture[];
}

export interface ExperimentReport {
  readonly title: string;
  /** What was found, in a sentence or two. */
  readonly summary?: string;
  /** The command that repeats it. */
  readonly command: string;
  /** In the order of the page; text, then tables, then pictures. */
  readonly sections: readonly ExperimentSection[];
  /** What must be said beside the numbers: stand-ins, shortfalls, deviations. */
  readonly notes?: readonly string[];
  /** Commit, machine, versions, durations. */
  readonly circumstances?: object;
}

/** The report as one HTML file. */
export function experimentReport(report: ExperimentReport): string {
  const { title, summary, command, sections, notes = [], circumstances = {} } = report;
  const body = markup`${summary && markup`<p class="lead">${summary}</p>`}
${sections.map(showSection)}
${section("Notes", notes.length > 0 && markup`<ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul>`)}
${section(
  "Repeat it",
  markup`<pre class="command">${command}</pre>`,
  Object.keys(circumstances).length > 0 && fieldList(circumstances),
)}`;
  return pageOf({ title, kicker: "Apprentice · experiment", body });
}

function showSection({ heading, text = [], tables = [], pictures = [] }: ExperimentSection): Markup {
  return markup`<section><h2>${heading}</h2>${paragraphs(text)}${tables.map(resultTable)}${gallery(pictures)}</section>`;
}
