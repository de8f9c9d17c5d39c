/** What the rows of studio-operator come to: the trainings of a course together, version by version. */
import { meanOfValues, type Rate } from "../../base/index.ts";
import { pooledRate } from "../cells.ts";
import type { Course } from "./settings.ts";

/** A version of a policy, as it is read again. */
export interface VersionLine {
  readonly kind: "studio";
  readonly course: Course;
  readonly seed: number;
  /** 1 has learned from the demonstrations alone. */
  readonly version: number;
  readonly success: Rate;
  readonly demonstrations: number;
  readonly watchedEpisodes: number;
  readonly interventions: number;
  readonly rewinds: number;
  readonly minutes: number;
  readonly expertSteps: number;
  /** Steps in which the person said what it would do, those that it drove among them. */
  readonly labels: number;
  readonly trainingSeconds: number;
}

export interface HandsLine {
  readonly kind: "hands";
  readonly course: Course;
  readonly success: Rate;
  readonly seconds: number;
  readonly pressesPerSecond: number;
}

export type Line = VersionLine | HandsLine;

const isOf =
  <Kind extends Line["kind"]>(kind: Kind, course: Course) =>
  (line: Line): line is Extract<Line, { kind: Kind }> =>
    line.kind === kind && line.course === course;

export const handsOf = (lines: readonly Line[], course: Course): HandsLine | undefined =>
  lines.find(isOf("hands", course));

/** The versions of each training, in the order of the seeds. */
export function trainingsOf(lines: readonly Line[], course: Course): VersionLine[][] {
  const own = lines.filter(isOf("studio", course));
  const seeds = [...new Set(own.map(({ seed }) => seed))].sort((a, b) => a - b);
  return seeds.map((seed) => own.filter((line) => line.seed === seed).sort((a, b) => a.version - b.version));
}

/** One version of all trainings: what it cost on average, and its success over all episodes and in each training. */
export interface VersionSummary
  extends Omit<VersionLine, "kind" | "course" | "seed" | "demonstrations" | "watchedEpisodes"> {
  readonly each: readonly number[];
}

export function summaryOf(trainings: readonly (readonly VersionLine[])[]): VersionSummary[] {
  const [first = []] = trainings;
  return first.flatMap(({ version }) => {
    const own = trainings.flatMap((lines) => lines.filter((line) => line.version === version));
    if (own.length < trainings.length) return [];
    const mean = (pick: (line: VersionLine) => number) => meanOfValues(own.map(pick)).mean;
    return [
      {
        version,
        interventions: mean(({ interventions }) => interventions),
        rewinds: mean(({ rewinds }) => rewinds),
        minutes: mean(({ minutes }) => minutes),
        expertSteps: mean(({ expertSteps }) => expertSteps),
        labels: mean(({ labels }) => labels),
        trainingSeconds: mean(({ trainingSeconds }) => trainingSeconds),
        success: pooledRate(own.map(({ success }) => success)),
        each: own.map(({ success }) => success.rate),
      },
    ];
  });
}

/** A version as README and report show it. */
export const tableRow = ({ version, interventions, rewinds, minutes, labels, success, each }: VersionSummary) => [
  String(version),
  String(Math.round(interventions)),
  String(Math.round(rewinds)),
  minutes.toFixed(1),
  Math.round(labels).toLocaleString("en"),
  `${success.rate.toFixed(3)} [${success.low.toFixed(3)}, ${success.high.toFixed(3)}]`,
  each.map((rate) => rate.toFixed(3)).join(", "),
];
