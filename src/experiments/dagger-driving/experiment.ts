/** dagger-driving: the same expert, the same policy, the same number of its steps; asked in different ways. */
import { resolve } from "node:path";
import { meanOfValues } from "../../base/index.ts";
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
import { againstCloning, type Line, lastOf, pooled } from "./rows.ts";
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

const nameOf = ({ method, delay }: Pick<Line, "method" | "delay">): string =>
  delay === null ? method : `${method}, ${delay} s late`;

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
