/** gates: scores of doubt as detectors of failures, on the same episodes of one policy. */
import { resolve } from "node:path";
import { experimentReport } from "../../reports/index.ts";
import { siblingModule } from "../../workers/index.ts";
import { type ResultRow, runReported } from "../cells.ts";
import type { Experiment, ExperimentOptions } from "../experiment.ts";
import { gatedSections } from "./gated-report.ts";
import { detectorSections } from "./report.ts";
import { type Cell, CORRECTED, detectorsCell, RUN_SEEDS, SEEDS, SHARES, TASKS } from "./settings.ts";

export const gates: Experiment = {
  name: "gates",
  description: "scores by which a policy asks for help: which tell failures beforehand, and what they promise",
  run(options) {
    const request = { ...options, cells: allCells(), module: siblingModule(import.meta.url, "cell") };
    return runReported<Cell>(request, (rows) => drawReport(rows, options));
  },
};

function drawReport(rows: readonly ResultRow[], { command }: ExperimentOptions): string {
  return experimentReport({
    title: "Gates: who tells beforehand that a policy is going to fail",
    command,
    sections: [...detectorSections(rows), ...gatedSections(rows)],
    notes: [
      "The expert is scripted. All detectors judge the same episodes of one diffusion policy per training seed, which none of them was trained on.",
      "Recoverability is our own. It was designed on seeds 50 and 51 and evaluated once on the seeds reported.",
      "No return: the first step, in the stretch before the failure, from which the expert fails in 8 of 10 forks of the world within 5 s. The forks differ by noise of 5 % of half the range on what the expert does.",
    ],
  });
}

/** Folder of the cells' runs: not committed. */
const RUNS = "runs/gates";

function allCells(): Map<string, Cell> {
  const cells = new Map<string, Cell>();
  for (const task of TASKS) {
    for (const seed of SEEDS) cells.set(`detectors/${task}/${seed}`, detectorsCell(task, seed));
  }
  for (const seed of RUN_SEEDS) {
    for (const algorithm of CORRECTED) {
      for (const alpha of algorithm === "hg-dagger" ? [null] : SHARES) {
        const name = ["gated", algorithm, ...(alpha === null ? [] : [alpha]), seed].join("/");
        const run = resolve(RUNS, name.replaceAll("/", "-"));
        cells.set(name, { kind: "gated", algorithm, alpha, seed, episodes: 200, run, thoroughness: 1 });
      }
    }
  }
  return cells;
}
