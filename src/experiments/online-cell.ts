/** What cells of online runs have in common: the run goes on where it was stopped, and the policy of every round is judged. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Evaluation } from "../evaluation/index.ts";
import { exportPolicy, type Policy } from "../policies/index.ts";
import type { RecipePart } from "../recipes/index.ts";
import { writeFileAtomic } from "../runs/node.ts";
import { evaluatePolicy, learnOnline, type RoundFacts, roundPolicyFile } from "../verbs/index.ts";
import type { WorkContext } from "../workers/index.ts";
import { rateOf } from "./cells.ts";

/** Rows that a policy plans at once while it is judged. */
const BATCH = 64;

export interface OnlineCell {
  readonly task: string;
  readonly recipe: RecipePart;
  /** Folder of the run. */
  readonly run: string;
  /** Episodes that each round's policy is judged on, and the seed of them. */
  readonly episodes: number;
  readonly evaluationSeed: number;
}

export interface JudgedRound extends RoundFacts {
  readonly isBest: boolean;
  readonly evaluation: Evaluation;
  /** What the expert drove or said so far, each step once: what it drives after the demonstrations it labels too, but for `clone`. */
  readonly asked: number;
}

/** The rounds of a cell's run, in one thread. */
export async function judgedRounds(cell: OnlineCell, { report, signal }: WorkContext): Promise<JudgedRound[]> {
  const { task, recipe, run } = cell;
  const resume = await stat(join(run, "recipe.json")).then(Boolean, () => false);
  const judged: Evaluation[] = [];
  const { rounds, best } = await learnOnline({
    task,
    out: run,
    recipe,
    resume,
    threads: 1,
    signal,
    onProgress: report,
    async onRound({ round }, policy) {
      judged.push(await judgeRound(cell, round, policy, signal));
    },
  });
  const demonstrated = rounds[0].account.expertSteps;
  return rounds.map((facts, round) => ({
    ...facts,
    isBest: round === best,
    evaluation: judged[round],
    asked: Math.max(facts.total.expertSteps, demonstrated + facts.total.labels),
  }));
}

/** Kept beside the round's policy: a run that goes on does not judge its first rounds again. */
async function judgeRound(
  { task, run, episodes, evaluationSeed: seed }: OnlineCell,
  round: number,
  fresh: Policy | null,
  signal: AbortSignal,
): Promise<Evaluation> {
  const file = join(run, `evaluation-${round}.json`);
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return JSON.parse(known);
  const policy = fresh ? exportPolicy(fresh, { batch: BATCH }) : join(run, roundPolicyFile(round));
  const evaluation = await evaluatePolicy({ policy, task, episodes, seed, signal });
  await writeFileAtomic(file, JSON.stringify(evaluation));
  return evaluation;
}

/** As a result holds it: how often, and which of the episodes, in their order. */
export const outcomeOf = ({ success, perSeed }: Evaluation) => ({
  success: rateOf(success),
  succeeded: perSeed.map((one) => (one.success ? "1" : "0")).join(""),
});
