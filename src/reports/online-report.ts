/** The report of an online run: success against what it cost whoever supervised. */
import type { Rate } from "../base/index.ts";
import type { Account } from "../supervisors/index.ts";
import { scoresPicture } from "./charts/curves.ts";
import { markup } from "./markup.ts";
import { gallery, pageOf, section } from "./page.ts";
import { fieldList, resultTable } from "./tables.ts";

/** What is shown of a round. */
export interface ReportedRound {
  readonly round: number;
  readonly episodes: number;
  readonly success: Rate;
  readonly collected: Rate;
  readonly loss: number;
  readonly account: Account;
  readonly total: Account;
}

export interface OnlineReport {
  /** As it stands in recipe.json. */
  readonly recipe: { readonly algorithm: string; readonly task: string };
  readonly rounds: readonly ReportedRound[];
  /** The round whose policy is the run's. */
  readonly best: number;
}

const WHO: Readonly<Record<string, string>> = {
  clone: "The expert adds demonstrations; the policy is cloned from all of them.",
  dagger: "The policy drives, the expert says in every state what it would do (DAgger).",
  "hg-dagger": "The policy drives, the model of an operator takes over and hands back (HG-DAgger).",
  smile: "A mixture of the expert and all policies so far drives (SMILe).",
  dart: "The expert drives, disturbed as much as the policy errs (DART).",
  "safe-dagger": "The policy drives, the expert where a classifier takes the policy to be wrong (SafeDAgger).",
  "lazy-dagger": "The same classifier calls the expert, who drives until both agree (LazyDAgger).",
  "ensemble-dagger":
    "The expert says everywhere what it would do, and drives where it differs or an ensemble doubts (EnsembleDAgger).",
  "thrifty-dagger": "The policy drives, the expert where things are novel or risky, within a budget (ThriftyDAgger).",
  "diff-dagger": "The policy drives, the expert where the policy denoises its own plan badly (Diff-DAgger).",
  stac: "The policy drives, the expert where plans that follow one another do not agree (STAC).",
  recoverability: "The policy drives, the expert where it will soon be too late to be saved (recoverability).",
  random: "The policy drives, the expert by chance.",
};

/** The report as one HTML file. */
export function onlineReport({ recipe, rounds, best }: OnlineReport): string {
  const last = rounds[rounds.length - 1];
  const chosen = rounds[best];
  const lead = `${WHO[recipe.algorithm]} The best of ${rounds.length} rounds, ${best}, succeeds in ${percent(chosen.success.rate)} of ${chosen.success.n} episodes of selection (95 % interval ${percent(chosen.success.low)} to ${percent(chosen.success.high)}); judge it on others with apprentice evaluate.`;
  const curve = (xLabel: string, caption: string, x: (round: ReportedRound) => number) =>
    scoresPicture({
      series: [
        { name: "success", scores: rounds.map((round) => ({ x: x(round), rate: round.success })), colour: "policy" },
      ],
      xLabel,
      yLabel: "success",
      caption,
    });
  const pictures = [
    curve("round", "Success of each round's policy, with 95 % Wilson intervals.", ({ round }) => round),
    curve("expert's steps and labels so far", "The same, against what was asked of the expert.", ({ total }) =>
      Math.max(total.labels, total.expertSteps),
    ),
  ];
  const { total } = last;
  const body = markup`<p class="lead">${lead}</p>
${section("Success", gallery(pictures))}
${section(
  "Rounds",
  resultTable({
    columns: ["round", "episodes", "success", "while recording", "interventions", "expert's steps", "labels", "loss"],
    rows: rounds.map(({ round, episodes, success, collected, account, loss }) => [
      String(round),
      String(episodes),
      success,
      percent(collected.rate),
      String(account.interventions),
      percent(account.expertSteps / Math.max(1, account.steps)),
      String(account.labels),
      loss.toPrecision(3),
    ]),
  }),
)}
${section(
  "The supervisor's account",
  fieldList({
    episodes: total.episodes,
    steps: total.steps,
    labels: total.labels,
    "steps driven by the expert": total.expertSteps,
    interventions: total.interventions,
    switches: total.switches,
    "steps imagined ahead": total.lookAhead,
    "attention, s": Math.round(total.attention),
    "successes per 1000 steps of the expert": Number(
      ((1000 * total.successes) / Math.max(1, total.expertSteps)).toFixed(1),
    ),
  }),
)}
${section("Recipe", fieldList(recipe))}`;
  return pageOf({ title: `${recipe.algorithm} on ${recipe.task}`, kicker: "Apprentice · online run", body });
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
