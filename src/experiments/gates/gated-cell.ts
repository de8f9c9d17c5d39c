/** One cell: a policy corrected where a gate asks, and what the policy of each round is worth. */
import type { WorkContext } from "../../workers/index.ts";
import { type CellRows, rateOf } from "../cells.ts";
import { judgedRounds, outcomeOf } from "../online-cell.ts";
import { EVALUATION_SEED, type GatedCell, recipeOf } from "./settings.ts";

const TASK = "driving";

export async function runGated(cell: GatedCell, context: WorkContext): Promise<CellRows> {
  const { algorithm, alpha, seed, run, episodes: judgedOn } = cell;
  const online = { task: TASK, recipe: recipeOf(cell), run, episodes: judgedOn, evaluationSeed: EVALUATION_SEED };
  const rounds = await judgedRounds(online, context);
  return rounds.map(({ round, evaluation, asked, total, account, collected, gate, episodes }) => ({
    kind: "gated",
    algorithm,
    alpha,
    seed,
    round,
    ...outcomeOf(evaluation),
    expertSteps: asked,
    episodes,
    interventions: total.interventions,
    switches: total.switches,
    alarms: total.alarms,
    attention: Math.round(total.attention),
    simulated: total.lookAhead,
    expertShare: account.expertSteps / account.steps,
    whileRecording: rateOf(collected),
    thresholds: gate && { ...gate.thresholds },
    alone: gate && rateOf(gate.alone),
  }));
}
