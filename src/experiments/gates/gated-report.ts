/** What the report of gates says of policies corrected by them: success against what the expert did. */
import { wilson } from "../../base/index.ts";
import { curvesPicture, type ExperimentSection } from "../../reports/index.ts";
import type { ResultRow } from "../cells.ts";

/** A row as it is read again. */
export interface GatedLine {
  readonly kind: string;
  readonly algorithm: string;
  readonly alpha: number | null;
  readonly seed: number;
  readonly round: number;
  readonly success: { readonly rate: number; readonly n: number };
  readonly expertSteps: number;
  readonly switches: number;
  readonly interventions: number;
  readonly simulated: number;
}

const nameOf = ({ algorithm, alpha }: GatedLine): string => (alpha === null ? algorithm : `${algorithm}, ${alpha}`);

/**
 * Success where the cost was `cost`, on the straight line between the rounds before and after; null before the first round
 * and beyond the last. Rounds in their order, of one run.
 */
export function successAt(
  rounds: readonly GatedLine[],
  cost: number,
  costOf: (line: GatedLine) => number,
): number | null {
  for (const [i, line] of rounds.entries()) {
    if (costOf(line) < cost) continue;
    const before = rounds[i - 1];
    if (!before) return costOf(line) === cost ? line.success.rate : null;
    const share = (cost - costOf(before)) / (costOf(line) - costOf(before));
    return before.success.rate + share * (line.success.rate - before.success.rate);
  }
  return null;
}

/** Of the run's round 0: all runs of a seed have it in common. */
function demonstrated({ algorithm, alpha, seed }: GatedLine, lines: readonly GatedLine[]): number {
  const first = lines.find(
    (line) => line.round === 0 && line.algorithm === algorithm && line.alpha === alpha && line.seed === seed,
  );
  return first?.expertSteps ?? 0;
}

export function gatedSections(rows: readonly ResultRow[]): ExperimentSection[] {
  const read = (rows as unknown as readonly GatedLine[]).filter(({ kind }) => kind === "gated");
  const lines = read.map((line) => ({ ...line, expertSteps: line.expertSteps - demonstrated(line, read) }));
  if (lines.length === 0) return [];
  const names = [...new Set(lines.map(nameOf))];
  const of = (name: string) => lines.filter((line) => nameOf(line) === name);
  const runsOf = (name: string) => {
    const seeds = [...new Set(of(name).map(({ seed }) => seed))];
    return seeds.map((seed) =>
      of(name)
        .filter((line) => line.seed === seed)
        .sort((a, b) => a.round - b.round),
    );
  };
  const last = (run: readonly GatedLine[]) => run[run.length - 1];
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const least = (costOf: (line: GatedLine) => number) =>
    Math.min(...names.flatMap((name) => runsOf(name).map((run) => costOf(last(run)))));
  const steps = ({ expertSteps }: GatedLine) => expertSteps;
  const switched = ({ switches }: GatedLine) => switches;
  const matched = (name: string, costOf: (line: GatedLine) => number) => {
    const rates = runsOf(name).flatMap((run) => successAt(run, least(costOf), costOf) ?? []);
    const n = of(name)[0].success.n * rates.length;
    return rates.length > 0 ? wilson(Math.round(mean(rates) * n), n) : "";
  };
  return [
    {
      heading: "Gates: who is asked when",
      text: [
        "Every run of a seed starts from the same 10 demonstrations; the expert's steps are those after them. For every score the threshold leaves the share that is named of the policy's readings above it, found anew in each round; a round ends when the expert has driven or said 1500 steps, or with 20 episodes. The operator of hg-dagger is a model of a person who foresees failures in a fork of the world.",
      ],
      pictures: [
        curvesPicture({
          series: names.map((name) => ({
            name,
            points: [...new Set(of(name).map(({ round }) => round))]
              .sort((a, b) => a - b)
              .map((round) => {
                const own = of(name).filter((line) => line.round === round);
                return { x: mean(own.map(steps)), y: mean(own.map(({ success }) => success.rate)) };
              }),
          })),
          xLabel: "expert's steps",
          yLabel: "success",
          caption: "Success of the policy alone, over all runs; each point is a round.",
          scale: "linear",
          size: "full",
        }),
      ],
      tables: [
        {
          columns: [
            "who asks, share",
            "runs",
            "success, last round",
            "expert's steps",
            "switches",
            `success at ${least(steps)} of the expert's steps`,
            `success at ${least(switched)} switches`,
            "steps simulated",
          ],
          rows: names.map((name) => {
            const ends = runsOf(name).map(last);
            const trials = ends.reduce((sum, { success }) => sum + success.n, 0);
            const succeeded = ends.reduce((sum, { success }) => sum + Math.round(success.rate * success.n), 0);
            return [
              name,
              String(ends.length),
              wilson(succeeded, trials),
              String(Math.round(mean(ends.map(steps)))),
              String(Math.round(mean(ends.map(switched)))),
              matched(name, steps),
              matched(name, switched),
              String(Math.round(mean(ends.map(({ simulated }) => simulated)))),
            ];
          }),
        },
      ],
    },
  ];
}
