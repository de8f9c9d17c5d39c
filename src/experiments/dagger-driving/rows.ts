/** What the rows of dagger-driving come to: all trainings of a method together, and beside cloning. */
import { newcombePaired, wilson } from "../../base/index.ts";

/** A row as it is read again. */
export interface Line {
  readonly method: string;
  readonly seed: number;
  readonly delay: number | null;
  readonly round: number;
  readonly isBest: boolean;
  readonly succeeded: string;
  readonly expertSteps: number;
  readonly interventions: number;
  readonly attention: number;
  readonly whileRecording: { readonly rate: number; readonly n: number };
}

const successes = ({ succeeded }: Line): number => [...succeeded].filter((mark) => mark === "1").length;

/** All seeds together, the last round of each. */
export function lastOf(lines: readonly Line[]): Line[] {
  const seeds = [...new Set(lines.map(({ seed }) => seed))];
  return seeds.map((seed) => lines.filter((line) => line.seed === seed).reduce((a, b) => (b.round > a.round ? b : a)));
}

/** Success of the policies of these rows together. */
export const pooled = (lines: readonly Line[]) =>
  wilson(
    lines.reduce((sum, line) => sum + successes(line), 0),
    lines.reduce((sum, { succeeded }) => sum + succeeded.length, 0),
  );

/**
 * The last round of each training seed against cloning with at least as many of the expert's steps (or as many as it ever
 * had), episode by episode.
 */
export function againstCloning(own: readonly Line[], cloned: readonly Line[]) {
  const counts = { both: 0, onlyFirst: 0, onlySecond: 0, neither: 0 };
  for (const line of lastOf(own)) {
    const rounds = cloned.filter(({ seed }) => seed === line.seed).sort((a, b) => a.round - b.round);
    const equal = rounds.find(({ expertSteps }) => expertSteps >= line.expertSteps) ?? rounds[rounds.length - 1];
    if (!equal) continue;
    for (const [i, mark] of [...line.succeeded].entries()) {
      const other = equal.succeeded[i] === "1";
      if (mark === "1") counts[other ? "both" : "onlyFirst"] += 1;
      else counts[other ? "onlySecond" : "neither"] += 1;
    }
  }
  return counts.both + counts.onlyFirst + counts.onlySecond + counts.neither > 0 ? newcombePaired(counts) : null;
}
