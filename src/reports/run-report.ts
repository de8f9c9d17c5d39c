/** The report of one run: how training went, what the policy is worth, and what it does. */
import type { HeldOutReport } from "../algorithms/index.ts";
import type { Evaluation } from "../evaluation/index.ts";
import { curvesPicture, type Score, scoresPicture } from "./charts/curves.ts";
import { histogramPicture } from "./charts/histogram.ts";
import { ratesPicture } from "./charts/rates.ts";
import { type Markup, markup } from "./markup.ts";
import { grouped, measureText, significant, words } from "./number.ts";
import { gallery, pageOf, section } from "./page.ts";
import type { Picture } from "./picture.ts";
import { titleOf } from "./scenes/multiples.ts";
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
  readonly versions: object;
  /** Where the demonstrations come from: source, digest, episodes, steps, whatever is known. */
  readonly dataset?: object;
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
${section("Success", successPart(report))}
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
    const { value, interval, n } = measureText(evaluation.success);
    items.push({ name: `success in ${n} episodes`, value, beside: `95 % interval ${interval}` });
    if (SCORED.includes(evaluation.task)) {
      const score = measureText(evaluation.score);
      items.push({ name: "score: greatest reward, mean", value: score.value, beside: score.interval });
    }
  }
  if (policy && Number.isFinite(policy.natsPerDimension)) {
    items.push({ name: "nats per action dimension, held out", value: significant(policy.natsPerDimension) });
  }
  if (last) items.push({ name: `loss after ${grouped(last.update)} updates`, value: significant(last.loss) });
  if (items.length === 0) return null;
  return markup`<dl class="headline">${items.map(
    ({ name, value, beside }) =>
      markup`<div><dt>${name}</dt><dd>${value}${beside && markup` <small>${beside}</small>`}</dd></div>`,
  )}</dl>`;
}

function successPart({ evaluation, checkpoints = [] }: RunReport): Markup | null {
  const pictures = [
    ...(evaluation ? successPictures(evaluation) : []),
    ...(checkpoints.length > 0 ? [checkpointsPicture(checkpoints)] : []),
  ];
  if (pictures.length === 0) return null;
  return markup`${gallery(pictures)}${evaluation && failuresOf(evaluation)}`;
}

function successPictures(evaluation: Evaluation): Picture[] {
  const { task, success, modes, perSeed, episodes } = evaluation;
  const rows = [
    { label: "success", rate: success },
    ...Object.entries(modes).map(([label, rate]) => ({ label, rate, colour: "muted" as const })),
  ];
  const ways = rows.length > 1 ? ", and how the task was solved," : "";
  const caption = `${task}: success${ways} over ${grouped(episodes)} seeds, with 95\u202f% Wilson intervals.`;
  const steps = perSeed.filter(({ success }) => success).map(({ steps }) => steps);
  const isVaried = steps.length >= 10 && new Set(steps).size >= 4;
  const metrics = metricsPicture(evaluation);
  return [
    ratesPicture({ rows, xLabel: "share of episodes", caption }),
    ...(metrics ? [metrics] : []),
    ...(isVaried ? [stepsPicture(steps)] : []),
  ];
}

/** Tasks whose greatest reward in an episode is the field's own score (ALGORITHMS.md 10.1). */
const SCORED = ["push-t"];

/** Everything else that was measured; null where nothing was. */
function metricsPicture({ task, score, metrics }: Evaluation): Picture | null {
  const measured = SCORED.includes(task) ? { score, ...metrics } : metrics;
  const rows = Object.entries(measured).map(([name, value]) => [words(name), value]);
  if (rows.length === 0) return null;
  return {
    drawing: resultTable({ columns: ["metric", "mean or share"], rows }),
    caption: `What else was measured in the same episodes, with 95\u202f% intervals.${
      "score" in measured ? " Score: the greatest reward of an episode." : ""
    }`,
  };
}

/** Seeds of failures that are named at most. */
const MOST_FAILURES = 12;

function failuresOf({ perSeed, episodes }: Evaluation): Markup {
  const failed = perSeed.filter(({ success }) => !success).map(({ seed }) => seed);
  if (failed.length === 0) return markup`<p class="small">Every episode succeeded.</p>`;
  const rest = failed.length > MOST_FAILURES ? ` and ${failed.length - MOST_FAILURES} more` : "";
  const seeds = failed.slice(0, MOST_FAILURES).join(", ");
  return markup`<p class="small">Not successful: ${failed.length} of ${episodes} episodes, seeds ${seeds}${rest}.</p>`;
}

/** Bins of whole steps, at most 24. */
function stepsPicture(steps: readonly number[]): Picture {
  const [low, high] = [Math.min(...steps), Math.max(...steps)];
  const width = Math.ceil((high - low + 1) / 24);
  const bins = Math.ceil((high - low + 1) / width);
  const caption = "Length of the successful episodes.";
  return histogramPicture({ values: steps, xLabel: "steps", domain: [low, low + bins * width], bins, caption });
}

function checkpointsPicture(scores: readonly Score[]): Picture {
  const caption = "Success of the checkpoints, on seeds other than those reported, with 95\u202f% intervals.";
  return scoresPicture({ series: [{ name: "checkpoint", scores, colour: "policy" }], yLabel: "success", caption });
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
  const perDimension = scores[0]?.error.perDimension ?? [];
  // Errors of different units have no common mean.
  const isPooled = new Set(perDimension.map(({ unit }) => unit)).size === 1;
  const isSplit = perDimension.length > 1 || !isPooled;
  const pooled = isPooled ? ["rms error", "mean |error|"].map((name) => titleOf(name, perDimension[0].unit)) : [];
  const each = isSplit ? perDimension.map(({ name, unit }) => `rms ${titleOf(name, unit)}`) : [];
  const from = episodes === 1 ? "one episode" : `${grouped(episodes)} episodes`;
  return resultTable({
    caption: `${grouped(windows)} windows of ${from} not trained on. Nats: log density of the chunks per action dimension, higher is better.`,
    columns: ["predictor", ...pooled, ...each, "nats per dimension"],
    rows: scores.map(({ predictor, error, natsPerDimension }) => [
      predictor,
      ...(isPooled ? [error.rms, error.meanAbsolute] : []),
      ...(isSplit ? error.perDimension.map(({ rms }) => rms) : []),
      Number.isNaN(natsPerDimension) ? null : natsPerDimension,
    ]),
  });
}
