/** One cell: an online run, and what the policy of each of its rounds is worth on the episodes of evaluation. */
import { evaluateExpert } from "../../verbs/index.ts";
import type { Work, WorkContext } from "../../workers/index.ts";
import { type CellRows, rateOf } from "../cells.ts";
import { judgedRounds, outcomeOf } from "../online-cell.ts";
import { type Cell, EVALUATION_SEED, EXPERT, recipeOf, TASK } from "./settings.ts";

/** The work of a thread (src/workers). */
export const work = (): Work<Cell, CellRows> => ({ run: runCell });

async function runCell(cell: Cell, context: WorkContext): Promise<CellRows> {
  const { method, seed, delay, run, episodes } = cell;
  if (method === "expert") return judgeExpert(cell);
  const online = { task: TASK, recipe: recipeOf(cell), run, episodes, evaluationSeed: EVALUATION_SEED };
  const rounds = await judgedRounds(online, context);
  return rounds.map(({ round, isBest, evaluation, asked, total, account, collected, seconds }) => ({
    method,
    seed,
    delay,
    round,
    isBest,
    ...outcomeOf(evaluation),
    expertSteps: asked,
    labels: total.labels,
    drivenByExpert: total.expertSteps,
    interventions: total.interventions,
    attention: Math.round(total.attention),
    expertShare: account.expertSteps / account.steps,
    whileRecording: rateOf(collected),
    seconds: Math.round(seconds.recording + seconds.training),
  }));
}

async function judgeExpert({ method, seed, delay, episodes }: Cell): Promise<CellRows> {
  const evaluation = await evaluateExpert({ task: TASK, experts: [EXPERT], episodes, seed: EVALUATION_SEED });
  return [{ method, seed, delay, round: 0, isBest: true, ...outcomeOf(evaluation), expertSteps: 0 }];
}
