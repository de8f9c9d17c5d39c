/** What the report of gates says of detectors: all training seeds of a task together. */
import { type ExperimentSection, type ResultTable, ratesPicture } from "../../reports/index.ts";
import { pooledRate, type ResultRow } from "../cells.ts";

interface Interval {
  readonly low: number;
  readonly high: number;
}
type Rate = Interval & { readonly rate: number; readonly n: number };
type Area = Interval & { readonly auroc: number };
type Difference = Interval & { readonly difference: number };

/** A row as it is read again. */
export interface DetectorLine {
  readonly kind: string;
  readonly task: string;
  readonly seed: number;
  readonly detector: string;
  readonly saw: string;
  readonly failures: number;
  readonly successes: number;
  readonly auroc: Area;
  readonly aurocInTime: Area;
  readonly oursLess: Difference;
  readonly oursLessInTime: Difference;
  readonly atEqual: {
    readonly truePositives: Rate;
    readonly inTime: Rate | null;
    readonly leadSteps: { readonly mean: number } | null;
  };
  readonly promised: readonly { readonly alpha: number; readonly falseAlarms: Rate; readonly truePositives: Rate }[];
}

/** The standard normal quantile at 0.975. */
const Z = 1.959963984540054;

/** The mean over independent parts, each with its 95 % interval: their standard errors add up in squares. */
export function meanOfParts(
  parts: readonly (Interval & { readonly value: number })[],
): Interval & { readonly mean: number } {
  const mean = parts.reduce((sum, { value }) => sum + value, 0) / parts.length;
  const squares = parts.reduce((sum, { low, high }) => sum + ((high - low) / (2 * Z)) ** 2, 0);
  const half = (Z * Math.sqrt(squares)) / parts.length;
  return { mean, low: mean - half, high: mean + half };
}

export function detectorSections(rows: readonly ResultRow[]): ExperimentSection[] {
  const lines = (rows as unknown as readonly DetectorLine[]).filter(({ kind }) => kind === "detectors");
  const tasks = [...new Set(lines.map(({ task }) => task))];
  return tasks.map((task) =>
    sectionOf(
      task,
      lines.filter((line) => line.task === task),
    ),
  );
}

const show = ({ mean, low, high }: Interval & { readonly mean: number }) =>
  `${mean.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;

function sectionOf(task: string, lines: readonly DetectorLine[]): ExperimentSection {
  const names = [...new Set(lines.map(({ detector }) => detector))];
  const of = (name: string) => lines.filter(({ detector }) => detector === name);
  const area = (name: string, pick: (line: DetectorLine) => Area) =>
    meanOfParts(of(name).map((line) => ({ value: pick(line).auroc, ...boundsOf(pick(line)) })));
  const less = (name: string, pick: (line: DetectorLine) => Difference) =>
    meanOfParts(of(name).map((line) => ({ value: pick(line).difference, ...boundsOf(pick(line)) })));
  const sum = (pick: (line: DetectorLine) => number) => of(names[0]).reduce((total, line) => total + pick(line), 0);
  const areas: ResultTable = {
    columns: [
      "score",
      "learned from, besides",
      "AUROC",
      "before no return",
      "ours less it",
      "ours less it, before no return",
    ],
    rows: names.map((name) => [
      name,
      of(name)[0].saw,
      show(area(name, ({ auroc }) => auroc)),
      show(area(name, ({ aurocInTime }) => aurocInTime)),
      show(less(name, ({ oursLess }) => oursLess)),
      show(less(name, ({ oursLessInTime }) => oursLessInTime)),
    ]),
  };
  const alphas = lines[0].promised.map(({ alpha }) => alpha);
  const alarms: ResultTable = {
    columns: [
      "score",
      "failures found at 5 % false alarms",
      "found before no return",
      "steps before no return",
      ...alphas.map((alpha) => `false alarms, promised ${alpha}`),
    ],
    rows: names.map((name) => {
      const leads = of(name).flatMap(({ atEqual }) => (atEqual.leadSteps ? [atEqual.leadSteps.mean] : []));
      return [
        name,
        pooledRate(of(name).map(({ atEqual }) => atEqual.truePositives)),
        pooledRate(of(name).flatMap(({ atEqual }) => atEqual.inTime ?? [])),
        (leads.reduce((total, lead) => total + lead, 0) / Math.max(1, leads.length)).toFixed(1),
        ...alphas.map((_, i) => pooledRate(of(name).map(({ promised }) => promised[i].falseAlarms))),
      ];
    }),
  };
  return {
    heading: `Detectors on ${task}`,
    text: [
      `${of(names[0]).length} policies, ${sum(({ failures }) => failures)} failures and ${sum(({ successes }) => successes)} successes. Areas are means over the policies; "before no return" leaves out what was read when the expert could no longer have saved the episode.`,
    ],
    pictures: [
      ratesPicture({
        rows: names.map((name) => ({ label: name, rate: rateOfArea(area(name, ({ aurocInTime }) => aurocInTime)) })),
        xLabel: "area under the curve",
        caption: "Failures and successes told apart by what was read before no return.",
      }),
    ],
    tables: [areas, alarms],
  };
}

const boundsOf = ({ low, high }: Interval) => ({ low, high });
const rateOfArea = ({ mean, low, high }: Interval & { readonly mean: number }) => ({ rate: mean, low, high, n: 1 });
