/** One cell: an online run, and what the policy of each of its rounds is worth on the episodes of evaluation. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Evaluation } from "../../evaluation/index.ts";
import { exportPolicy, type Policy } from "../../policies/index.ts";
import { writeFileAtomic } from "../../runs/node.ts";
import { evaluateExpert, evaluatePolicy, learnOnline, roundPolicyFile } from "../../verbs/index.ts";
import type { Work, WorkContext } from "../../workers/index.ts";
import type { CellRows } from "../cells.ts";
import { type Cell, EVALUATION_SEED, EXPERT, recipeOf, TASK } from "./settings.ts";

/** Rows that a policy plans at once while it is judged. */
const BATCH = 64;

/** The work of a thread (src/workers). */
export const work = (): Work<Cell, CellRows> => ({ run: runCell });

async function runCell(cell: Cell, { report, signal }: WorkContext): Promise<CellRows> {
  const { method, seed, delay, run } = cell;
  if (method === "expert") return judgeExpert(cell);
  const resume = await stat(join(run, "recipe.json")).then(Boolean, () => false);
  const judged: Evaluation[] = [];
  const { rounds, best } = await learnOnline({
    task: TASK,
    out: run,
    recipe: recipeOf(cell),
    resume,
    threads: 1,
    signal,
    onProgress: report,
    async onRound({ round }, policy) {
      judged.push(await judgeRound(cell, round, policy, signal));
    },
  });
  const demonstrated = rounds[0].account.expertSteps;
  return rounds.map(({ round, total, account, collected, seconds }) => ({
    method,
    seed,
    delay,
    round,
    isBest: round === best,
    ...outcomeOf(judged[round]),
    // what the expert drove or said, each step once: what it drives after the demonstrations it labels too, but for `clone`
    expertSteps: Math.max(total.expertSteps, demonstrated + total.labels),
    labels: total.labels,
    drivenByExpert: total.expertSteps,
    interventions: total.interventions,
    attention: Math.round(total.attention),
    expertShare: account.expertSteps / account.steps,
    whileRecording: { rate: collected.rate, low: collected.low, high: collected.high, n: collected.n },
    seconds: Math.round(seconds.recording + seconds.training),
  }));
}

/** The evaluation of a round's policy, kept beside it: a run that goes on does not judge its first rounds again. */
async function judgeRound(
  { run, episodes }: Cell,
  round: number,
  policy: Policy | null,
  signal: AbortSignal,
): Promise<Evaluation> {
  const file = join(run, `evaluation-${round}.json`);
  const known = await readFile(file, "utf8").catch(() => null);
  if (known !== null) return JSON.parse(known);
  const asked = policy ? exportPolicy(policy, { batch: BATCH }) : join(run, roundPolicyFile(round));
  const evaluation = await evaluatePolicy({ policy: asked, task: TASK, episodes, seed: EVALUATION_SEED, signal });
  await writeFileAtomic(file, JSON.stringify(evaluation));
  return evaluation;
}

async function judgeExpert({ method, seed, delay, episodes }: Cell): Promise<CellRows> {
  const evaluation = await evaluateExpert({ task: TASK, experts: [EXPERT], episodes, seed: EVALUATION_SEED });
  return [{ method, seed, delay, round: 0, isBest: true, ...outcomeOf(evaluation), expertSteps: 0 }];
}

function outcomeOf({ success: { rate, low, high, n }, perSeed }: Evaluation) {
  return {
    success: { rate, low, high, n },
    succeeded: perSeed.map(({ success }) => (success ? "1" : "0")).join(""),
  };
}
