/** The report of one run: how training went, what the policy is worth, and what it does. */
import type { HeldOutReport } from "../algorithms/index.ts";
import type { Evaluation } from "../evaluation/index.ts";
import { curvesPicture, type Score, scoresPicture } from "./charts/curves.ts";
import { histogramPicture } from "./charts/histogram.ts";
import { ratesPicture } from "./charts/rates.ts";
import { type Markup, markup } from "./markup.ts";
import { grouped, rateText, significant } from "./number.ts";
import { gallery, pageOf, section } from "./page.ts";
import type { Picture } from "./picture.ts";
import { fieldList, resultTable } from "./tables.ts";

export interface RunReport {
  readonly title: string;
  /** A sentence beneath the title. */
  readonly summary?: string;
  /** What makes this run again. */
  readonly command?: string;
  /** As in recipe.json. */
  readonly recipe: object;
  /** Of what took part: the package, the runtime, Node, the machine. */
  readonly versions: Readonly<Record<string, string>>;
  /** Where the demonstrations come from: source, digest, episodes, steps, whatever is known. */
  readonly dataset?: Readonly<Record<string, string | number>>;
  /** Training losses, as in metrics.jsonl. */
  readonly losses: readonly { readonly update: number; readonly loss: number }[];
  /** Losses on held-out episodes, where they were measured during training. */
  readonly heldOutLosses?: readonly { readonly update: number; readonly loss: number }[];
  readonly heldOut?: HeldOutReport;
  readonly evaluation?: Evaluation;
  /** Success of checkpoints, on seeds other than those of `evaluation`. */
  readonly checkpoints?: readonly Score[];
  /** Sampled actions over the scene: `scenesOf`. */
  readonly scenes: readonly Picture[];
  /** Episodes at a glance: `rolloutStrip`. */
  readonly strips: readonly Picture[];
  /** What must be said beside the numbers. */
  readonly notes: readonly string[];
}

/** The report as one HTML file. */
export function runReport(report: RunReport): string {
  const { title, summary, command, recipe, versions, dataset, scenes, strips, notes } = report;
  const body = markup`${summary && markup`<p class="lead">${summary}</p>`}${headline(report)}
${section("Success", report.evaluation && successPart(report.evaluation), report.checkpoints && checkpointPart(report.checkpoints))}
${section("Sampled actions", gallery(scenes))}
${section("Rollouts", gallery(strips))}
${section("Training", lossPart(report))}
${section("Held-out demonstrations", report.heldOut && heldOutPart(report.heldOut))}
${section("Notes", notes.length > 0 && markup`<ul class="notes">${notes.map((note) => markup`<li>${note}</li>`)}</ul>`)}
${section("Recipe", command !== undefined && markup`<pre class="command">${command}</pre>`, fieldList(recipe))}
${section("Data", dataset && fieldList(dataset))}
${section("Versions", Object.keys(versions).length > 0 && fieldList(versions))}`;
  return pageOf({ title, kicker: "Apprentice · run", body });
}

function headline({ evaluation, heldOut, losses }: RunReport): Markup | null {
  const last = losses.at(-1);
  const [policy] = heldOut?.scores ?? [];
  const items: { name: string; value: string; beside?: string }[] = [];
  if (evaluation) {
    const { rate, interval, n } = rateText(evaluation.success);
    items.push({ name: `success in ${n} episodes`, value: rate, beside: `95 % interval ${interval}` });
  }
  if (policy) items.push({ name: "nats per action dimension, held out", value: significant(policy.natsPerDimension) });
  if (last) items.push({ name: `loss after ${grouped(last.update)} updates`, value: significant(last.loss) });
  if (items.length === 0) return null;
  return markup`<dl class="headline">${items.map(
    ({ name, value, beside }) =>
      markup`<div><dt>${name}</dt><dd>${value}${beside && markup` <small>${beside}</small>`}</dd></div>`,
  )}</dl>`;
}

function successPart({ task, success, modes, perSeed, episodes }: Evaluation): Markup {
  const rows = [
    { label: "success", rate: success },
    ...Object.entries(modes).map(([label, rate]) => ({ label, rate, colour: "muted" as const })),
  ];
  const steps = perSeed.filter(({ success }) => success).map(({ steps }) => steps);
  const failed = perSeed.filter(({ success }) => !success).map(({ seed }) => seed);
  const pictures = [
    ratesPicture({
      rows,
      xLabel: "share of episodes",
      caption: `${task}: success${rows.length > 1 ? ", and how the task was solved," : ""} over ${grouped(episodes)} seeds, with 95 % Wilson intervals.`,
    }),
    ...(new Set(steps).size > 1 ? [stepsPicture(steps)] : []),
  ];
  const most = 12;
  const shown = `${failed.slice(0, most).join(", ")}${failed.length > most ? ` and ${failed.length - most} more` : ""}`;
  const failures =
    failed.length > 0
      ? `Not successful: ${failed.length} of ${episodes} episodes, seeds ${shown}.`
      : "Every episode succeeded.";
  return markup`${gallery(pictures)}<p class="small">${failures}</p>`;
}

/** Bins of whole steps, at most 24. */
function stepsPicture(steps: readonly number[]): Picture {
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  const width = Math.ceil((high - low + 1) / 24);
  const bins = Math.ceil((high - low + 1) / width);
  const caption = "Length of the successful episodes.";
  return histogramPicture({ values: steps, xLabel: "steps", domain: [low, low + bins * width], bins, caption });
}

function checkpointPart(scores: readonly Score[]): Markup | null {
  if (scores.length === 0) return null;
  const caption = "Success of the checkpoints, on seeds other than those reported above, with 95 % intervals.";
  return gallery([
    scoresPicture({ series: [{ name: "checkpoint", scores, colour: "policy" }], yLabel: "success", caption }),
  ]);
}

function lossPart({ losses, heldOutLosses = [] }: RunReport): Markup | null {
  const curve = (name: string, records: RunReport["losses"], colour: "policy" | "demonstrated") => ({
    name,
    colour,
    points: records.map(({ update, loss }) => ({ x: update, y: loss })),
  });
  const series = [
    curve("training", losses, "policy"),
    ...(heldOutLosses.length > 0 ? [curve("held out", heldOutLosses, "demonstrated")] : []),
  ];
  if (!series.some(({ points }) => points.some(({ y }) => Number.isFinite(y)))) return null;
  return gallery([
    curvesPicture({
      series,
      xLabel: "update",
      yLabel: "loss",
      trend: true,
      caption: `Loss over ${grouped(losses.at(-1)?.update ?? 0)} updates${
        losses.length > 40 ? "; the pale line is what was recorded, the strong one its running mean" : ""
      }.`,
    }),
  ]);
}

function heldOutPart({ episodes, windows, scores }: HeldOutReport): Markup {
  const units = [...new Set(scores.flatMap(({ error }) => error.perDimension.map(({ unit }) => unit)))];
  const unit = units.length === 1 && units[0] !== "1" ? ` (${units[0]})` : "";
  const perDimension = scores[0]?.error.perDimension ?? [];
  const names = perDimension.map(({ name, unit }) => `rms ${name}${unit === "1" ? "" : ` (${unit})`}`);
  return resultTable({
    caption: `${grouped(windows)} windows of ${grouped(episodes)} episodes that were not trained on. Nats: log density of the chunks per action dimension, higher is better.`,
    columns: [
      "predictor",
      `rms error${unit}`,
      `mean |error|${unit}`,
      ...(names.length > 1 ? names : []),
      "nats per dimension",
    ],
    rows: scores.map(({ predictor, error, natsPerDimension }) => [
      predictor,
      error.rms,
      error.meanAbsolute,
      ...(names.length > 1 ? error.perDimension.map(({ rms }) => rms) : []),
      natsPerDimension,
    ]),
  });
}
