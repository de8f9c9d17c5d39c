/** dagger-driving: the same expert, the same policy, the same number of its steps; asked in different ways. */
import { resolve } from "node:path";
import { meanOfValues, newcombePaired, wilson } from "../../base/index.ts";
import {
  curvesPicture,
  type ExperimentSection,
  experimentReport,
  type ResultTable,
  ratesPicture,
} from "../../reports/index.ts";
import { siblingModule } from "../../workers/index.ts";
import { type ResultRow, runReported } from "../cells.ts";
import type { Experiment, ExperimentOptions } from "../experiment.ts";
import { type Cell, DELAYS, EPISODES, METHODS, SEEDS } from "./settings.ts";

/** Folder of the cells' runs: not committed. */
const RUNS = "runs/dagger-driving";

export const daggerDriving: Experiment = {
  name: "dagger-driving",
  description:
    "driving: more demonstrations, DAgger and HG-DAgger at equal numbers of the expert's steps; operators who react late",
  run(options) {
    const request = { ...options, cells: allCells(), module: siblingModule(import.meta.url, "cell") };
    return runReported<Cell>(request, (rows) => drawReport(rows, options));
  },
};

function allCells(): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  const add = (name: string, cell: Pick<Cell, "method" | "seed" | "delay">) =>
    cells.set(name, { ...cell, episodes: EPISODES, run: resolve(RUNS, name.replaceAll("/", "-")) });
  add("expert", { method: "expert", seed: 0, delay: null });
  for (const method of METHODS) for (const seed of SEEDS) add(`${method}/${seed}`, { method, seed, delay: null });
  for (const delay of DELAYS) {
    for (const seed of SEEDS) add(`hg-dagger/delay-${delay}/${seed}`, { method: "hg-dagger", seed, delay });
  }
  return cells;
}

/** A row as it is read again. */
interface Line {
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

const nameOf = ({ method, delay }: Pick<Line, "method" | "delay">): string =>
  delay === null ? method : `${method}, ${delay} s late`;

const successes = ({ succeeded }: Line): number => [...succeeded].filter((mark) => mark === "1").length;

/** All seeds together, the last round of each. */
function lastOf(lines: readonly Line[]): Line[] {
  const seeds = [...new Set(lines.map(({ seed }) => seed))];
  return seeds.map((seed) => lines.filter((line) => line.seed === seed).reduce((a, b) => (b.round > a.round ? b : a)));
}

const pooled = (lines: readonly Line[]) =>
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

function drawReport(rows: readonly ResultRow[], { command }: ExperimentOptions): string {
  const all = rows as unknown as readonly Line[];
  const expert = all.filter(({ method }) => method === "expert");
  const names = [...new Set(all.filter(({ method }) => method !== "expert").map(nameOf))];
  const of = (name: string) => all.filter((line) => line.method !== "expert" && nameOf(line) === name);
  const cloned = of("clone");
  const table: ResultTable = {
    columns: [
      "method",
      "seeds",
      "expert's steps",
      "interventions",
      "attention, min",
      "success, last round",
      "less cloning's at equal steps",
    ],
    rows: names.map((name) => {
      const last = lastOf(of(name));
      const mean = (pick: (line: Line) => number) => Math.round(meanOfValues(last.map(pick)).mean);
      const difference = name === "clone" ? null : againstCloning(of(name), cloned);
      return [
        name,
        String(last.length),
        String(mean(({ expertSteps }) => expertSteps)),
        String(mean(({ interventions }) => interventions)),
        String(mean(({ attention }) => attention / 60)),
        pooled(last),
        difference
          ? `${difference.difference.toFixed(3)} [${difference.low.toFixed(3)}, ${difference.high.toFixed(3)}]`
          : "",
      ];
    }),
  };
  const undelayed = names.filter((name) => of(name)[0].delay === null);
  const sections: ExperimentSection[] = [
    {
      heading: "Success against the expert's steps",
      text: [
        "Every method starts from the same 10 demonstrations. The steps of the expert are those that it drove or said what it would do in.",
      ],
      pictures: undelayed.length > 0 ? [curvesOf(undelayed, of)] : [],
      tables: [table],
    },
    {
      heading: "Operators who react late",
      text: ["The same operator, its hands 0.25 s to 2 s behind its eyes: what the policy is worth in the end."],
      pictures: delayPictures(names, of),
    },
  ];
  return experimentReport({
    title: "DAgger and HG-DAgger on driving",
    summary:
      expert.length > 0
        ? `The expert succeeds in ${(100 * pooled(expert).rate).toFixed(1)} % of the same ${EPISODES} episodes.`
        : undefined,
    command,
    sections,
    notes: [
      "The expert is scripted, and so is the operator: a model of a person, which sees the future in a fork of the world.",
      "Cloning at equal steps is the first of its rounds with at least as many of the expert's steps, or its last.",
    ],
  });
}

function curvesOf(names: readonly string[], of: (name: string) => readonly Line[]) {
  const pointsOf = (name: string) => {
    const rounds = [...new Set(of(name).map(({ round }) => round))].sort((a, b) => a - b);
    return rounds.map((round) => {
      const lines = of(name).filter((line) => line.round === round);
      return { x: meanOfValues(lines.map(({ expertSteps }) => expertSteps)).mean, y: pooled(lines).rate };
    });
  };
  return curvesPicture({
    series: names.map((name) => ({ name, points: pointsOf(name) })),
    xLabel: "expert's steps",
    yLabel: "success",
    caption: "Success over all training seeds; each point is a round.",
    scale: "linear",
    size: "full",
  });
}

function delayPictures(names: readonly string[], of: (name: string) => readonly Line[]) {
  const late = names.filter((name) => name.startsWith("hg-dagger"));
  if (late.length < 2) return [];
  return [
    ratesPicture({
      rows: late.map((name) => ({ label: name, rate: pooled(lastOf(of(name))) })),
      xLabel: "success",
      caption: "The policy of the last round, alone.",
    }),
  ];
}
