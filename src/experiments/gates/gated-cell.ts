/** One cell: a policy corrected where a gate asks, and what the policy of each round is worth. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Evaluation } from "../../evaluation/index.ts";
import { exportPolicy, type Policy } from "../../policies/index.ts";
import { writeFileAtomic } from "../../runs/node.ts";
import { evaluatePolicy, learnOnline, roundPolicyFile } from "../../verbs/index.ts";
import type { WorkContext } from "../../workers/index.ts";
import type { CellRows } from "../cells.ts";
import { EVALUATION_SEED, type GatedCell, recipeOf } from "./settings.ts";

const TASK = "driving";
/** Rows that a policy plans at once while it is judged. */
const BATCH = 64;

export async function runGated(cell: GatedCell, { report, signal }: WorkContext): Promise<CellRows> {
  const { algorithm, alpha, seed, run } = cell;
  const resume = await stat(join(run, "recipe.json")).then(Boolean, () => false);
  const judged: Evaluation[] = [];
  const { rounds } = await learnOnline({
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
  return rounds.map(({ round, total, account, collected, gate, episodes }) => {
    const { success, perSeed } = judged[round];
    return {
      kind: "gated",
      algorithm,
      alpha,
      seed,
      round,
      success: rateOf(success),
      succeeded: perSeed.map((one) => (one.success ? "1" : "0")).join(""),
      // what the expert drove or said, each step once: what it drives after the demonstrations it labels too
      expertSteps: Math.max(total.expertSteps, demonstrated + total.labels),
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
    };
  });
}

/** Kept beside the round's policy: a run that goes on does not judge its first rounds again. */
async function judgeRound(
  { run, episodes }: GatedCell,
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

const rateOf = ({ rate, low, high, n }: Evaluation["success"]) => ({ rate, low, high, n });
