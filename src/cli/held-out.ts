/** Held-out scores as commands print them. */
import type { HeldOutReport } from "../algorithms/index.ts";
import type { Dataset } from "../datasets/index.ts";
import type { FinishedRun } from "../verbs/index.ts";
import { table } from "./table.ts";

/** What scripts read of a run and its held-out scores. */
export function summary(
  { path, recipe, dataset }: Pick<FinishedRun, "path" | "recipe" | "dataset">,
  report: HeldOutReport,
) {
  return {
    run: path,
    task: recipe.task,
    head: recipe.policy.head.kind,
    updates: recipe.updates,
    seed: recipe.seed,
    heldOut: {
      episodes: report.episodes,
      windows: report.windows,
      unit: dataset.action.units[0],
      scores: report.scores.map(({ predictor, error, natsPerDimension }) => ({
        predictor,
        rms: error.rms,
        meanAbsolute: error.meanAbsolute,
        natsPerDimension,
      })),
    },
  };
}

export function scoreTable({ episodes, windows, scores }: HeldOutReport, { action }: Dataset): string {
  const unit = action.units[0] === "1" ? "" : ` (${action.units[0]})`;
  const header = ["held out", `rms error${unit}`, `mean |error|${unit}`, "nats per action dimension"];
  const rows = scores.map(({ predictor, error, natsPerDimension }) => [
    predictor,
    error.rms.toPrecision(4),
    error.meanAbsolute.toPrecision(4),
    Number.isNaN(natsPerDimension) ? "–" : natsPerDimension.toFixed(3),
  ]);
  return `${table(header, rows)}\n\n${windows} windows of ${episodes} held-out ${episodes === 1 ? "part" : "episodes"}; errors of the executed steps, densities of whole chunks.`;
}
