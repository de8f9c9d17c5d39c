/** The online half from nothing to a run on disk: rounds of recording under supervision and learning from all of it. */
import { copyFile, readFile } from "node:fs/promises";
import { join } from "node:path";
import { aggregate, boundedSpec, cloneRecorded } from "../algorithms/index.ts";
import { InputError, wilson } from "../base/index.ts";
import { type Evaluation, evaluate } from "../evaluation/index.ts";
import { exportPolicy, openPolicy, type Policy, type PolicyActor } from "../policies/index.ts";
import {
  completeOnlineRecipe,
  learningOf,
  type OnlineRecipe,
  type RecipePart,
  readOnlineRecipe,
} from "../recipes/index.ts";
import { onlineReport } from "../reports/index.ts";
import { createRun, openRun, type Run } from "../runs/node.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { type Account, accountOf, addAccounts } from "../supervisors/index.ts";
import { expertOf, type Task } from "../tasks/index.ts";
import { type Episode, episodeSeeds } from "../world/index.ts";
import {
  type RoundFacts,
  readRounds,
  roundParametersFile,
  roundPolicyFile,
  roundStore,
  writeRound,
} from "./online-files.ts";
import type { Trials } from "./online-gate.ts";
import { type RecordedRound, recordRound, watchingOf } from "./online-round.ts";
import { refuseOther } from "./refuse.ts";
import { type TaskReference, taskOf } from "./rollout-work.ts";
import { PARAMETERS_FILE, POLICY_FILE, parametersFile, parametersIn, REPORT_FILE, VERSIONS_FILE } from "./run-files.ts";
import { versions } from "./versions.ts";

export interface OnlineRequest {
  readonly task: TaskReference;
  /** Folder of the run. */
  readonly out: string;
  /** The fields of the recipe that are chosen, over defaults that suit the task. */
  readonly recipe?: RecipePart;
  /** What messages call the recipe; default "recipe". */
  readonly where?: string;
  /** Whether the run in `out` goes on where it was stopped. */
  readonly resume?: boolean;
  /** Threads of one operator; default 2. */
  readonly threads?: number;
  /**
   * Each round as soon as it is finished, with its policy; those that were finished before come at once, without. Waited for.
   */
  readonly onRound?: (facts: RoundFacts, policy: Policy | null) => void | Promise<void>;
  readonly onProgress?: (progress: OnlineProgress) => void;
  readonly signal?: AbortSignal;
}

export interface OnlineProgress {
  readonly round: number;
  readonly stage: "recording" | "training" | "judging";
  readonly position: number;
  readonly total: number;
}

export interface OnlineResult {
  readonly path: string;
  readonly recipe: OnlineRecipe;
  readonly rounds: readonly RoundFacts[];
  /** The round whose policy is the run's: the best on the episodes of selection, the latest of those. */
  readonly best: number;
  /** Path of the report. */
  readonly report: string;
}

/** Environments that advance together where a policy is judged, and rows of its file. */
const BATCH = 64;

/**
 * Round 0 is the expert's demonstrations and a policy of them; each later round lets the policy of the round before act
 * under supervision, adds what was recorded, and trains on all. Every episode is on disk when it is over, every round when it
 * is finished: killed at any moment, the run goes on with `resume`, the training of the round at hand anew. Throws an InputError
 * for an unknown task or expert, an unfit recipe, and a folder that holds something else.
 */
export async function learnOnline(request: OnlineRequest): Promise<OnlineResult> {
  const { out, onRound, onProgress, signal, threads = 2 } = request;
  const task = await taskOf(request.task);
  const { run, recipe } = await openOrCreate(request, task);
  const { spec } = task.makeEnvironment();
  const store = await roundStore(out, spec, [`scripted expert: ${recipe.expert}`, `algorithm: ${recipe.algorithm}`]);
  const rounds = await readRounds(out, recipe.rounds);
  const planners: PolicyActor[] = [];
  const episodes: Episode[] = [];
  const trials: Trials = new Map();
  let total = accountOf([], "person");
  let previous: readonly Episode[] = [];
  /** Of the round before, once this process has trained or read it. */
  let latest: Policy | null = null;
  await run.rewind(rounds.length);
  try {
    for (let round = 0; round <= recipe.rounds; round++) {
      const report = (stage: OnlineProgress["stage"]) => (position: number, total: number) =>
        onProgress?.({ round, stage, position, total });
      const started = performance.now();
      const before = episodes.length;
      const policyBefore = async () => (latest ??= await readPolicy(out, round - 1, episodes.slice(0, before), recipe));
      const recorded = await recordRound({
        ...{ recipe, task, store, round, planners, previous, trials, threads, out, signal },
        recorded: episodes,
        policy: policyBefore,
        onProgress: report("recording"),
      });
      const recordedAt = performance.now();
      previous = recorded.episodes;
      episodes.push(...recorded.episodes, ...recorded.ahead);
      const account = accountOfRound(recorded, recipe);
      total = addAccounts(total, account);
      let fresh: Policy | null = null;
      if (!rounds[round]) {
        const shown = recipe.algorithm === "smile" && round > 0 ? [...previous, ...recorded.ahead] : episodes;
        const warm = recipe.start === "warm" && round > 0 ? await policyBefore() : null;
        const trained = await learn(shown, {
          ...{ recipe, warm, threads, signal },
          seed: recipe.seed + SEED_STRIDE * round,
          onProgress: report("training"),
        });
        const trainedAt = performance.now();
        fresh = trained.policy;
        const judged = await judgePolicy(trained.policy, task, recipe, report("judging"));
        await run.writeFile(roundPolicyFile(round), exportPolicy(trained.policy));
        await run.writeFile(roundParametersFile(round), parametersFile(trained.policy));
        rounds.push({
          round,
          episodes: recorded.episodes.length,
          collected: wilson(account.successes, account.episodes),
          account,
          total,
          rows: trained.rows,
          loss: trained.loss,
          success: judged.success,
          score: judged.score.mean,
          gate: recorded.gate,
          seconds: {
            recording: (recordedAt - started) / 1000,
            training: (trainedAt - recordedAt) / 1000,
            judging: (performance.now() - trainedAt) / 1000,
          },
        });
        run.appendMetrics(metricsOf(rounds[round]));
        await writeRound(run, rounds[round]);
      }
      latest = fresh;
      planners.push(await openPolicy(nodeRuntime({ threads: 1 }), await readFile(join(out, roundPolicyFile(round)))));
      await onRound?.(rounds[round], fresh);
    }
    const best = bestOf(rounds);
    await copyFile(join(out, roundParametersFile(best)), join(out, PARAMETERS_FILE));
    await copyFile(join(out, roundPolicyFile(best)), join(out, POLICY_FILE));
    const report = join(out, REPORT_FILE);
    await run.writeFile(REPORT_FILE, onlineReport({ recipe, rounds, best }));
    return { path: out, recipe, rounds, best, report };
  } finally {
    run.close();
    for (const planner of planners) await planner.close();
  }
}

/** From the seed of one round's training to that of the next. */
const SEED_STRIDE = 1000;

async function openOrCreate(request: OnlineRequest, task: Task): Promise<{ run: Run; recipe: OnlineRecipe }> {
  const { out, recipe: part = {}, where = "recipe", resume = false, threads = 2 } = request;
  if (resume) {
    const run = await openRun(out);
    const recipe = readOnlineRecipe(run.recipe, join(out, "recipe.json"));
    refuseOther({ task: task.name, ...part }, recipe, `--resume ${out}`);
    return { run, recipe };
  }
  const expert = typeof part.expert === "string" ? part.expert : Object.keys(task.experts)[0];
  if (expert === undefined) throw new InputError(`task "${task.name}": has no expert to ask, expected one`);
  expertOf(task, expert);
  const recipe = completeOnlineRecipe(part, { task: task.name, expert, where });
  const run = await createRun(out, recipe);
  await run.writeFile(VERSIONS_FILE, `${JSON.stringify(versions(threads), null, 2)}\n`);
  return { run, recipe };
}

/** What a round cost; steps that were imagined count apart from those that were driven. */
function accountOfRound({ episodes, ahead, gate }: RecordedRound, recipe: OnlineRecipe): Account {
  const imagined = ahead.reduce((sum, { length }) => sum + length, 0) + (gate?.simulated ?? 0);
  return { ...accountOf(episodes, watchingOf(recipe)), lookAhead: imagined };
}

interface Learning {
  readonly recipe: OnlineRecipe;
  /** The policy to go on from; null: from scratch. */
  readonly warm: Policy | null;
  readonly seed: number;
  readonly threads: number;
  readonly onProgress: (position: number, total: number) => void;
  readonly signal?: AbortSignal;
}

interface Learned {
  readonly policy: Policy;
  /** Rows that count. */
  readonly rows: number;
  /** Mean over the last tenth of the updates. */
  readonly loss: number;
}

async function learn(episodes: readonly Episode[], learning: Learning): Promise<Learned> {
  const { recipe, warm, threads, onProgress, ...rest } = learning;
  const losses: number[] = [];
  const { policy, supervision } = await cloneRecorded(episodes, {
    ...learningOf(recipe),
    ...rest,
    aggregation: recipe,
    spec: warm?.spec,
    initial: warm?.parameters,
    runtime: nodeRuntime({ threads }),
    onProgress({ update, updates, loss }) {
      if (update > 0.9 * updates) losses.push(loss);
      onProgress(update, updates);
    },
  });
  return {
    policy,
    rows: supervision.weights.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0),
    loss: losses.reduce((sum, loss) => sum + loss, 0) / Math.max(1, losses.length),
  };
}

/** The policy of a round, from its files: of the spec of round 0 where rounds go on from one another, else of its own data. */
async function readPolicy(
  out: string,
  round: number,
  episodes: readonly Episode[],
  recipe: OnlineRecipe,
): Promise<Policy> {
  const shown = recipe.start === "warm" ? episodes.slice(0, recipe.demonstrations) : episodes;
  const { dataset } = aggregate(shown, { weighting: "expert" });
  const bounds = shown[0].spec.action;
  const spec = boundedSpec({ ...learningOf(recipe), dataset, bounds });
  const path = join(out, roundParametersFile(round));
  return { spec, parameters: parametersIn(await readFile(path), path, spec) };
}

async function judgePolicy(
  policy: Policy,
  { makeEnvironment }: Task,
  { seed, selection }: OnlineRecipe,
  onProgress: (position: number, total: number) => void,
): Promise<Evaluation> {
  const planner = await openPolicy(nodeRuntime({ threads: 1 }), exportPolicy(policy, { batch: BATCH }));
  try {
    const seeds = episodeSeeds("selection", seed, selection);
    return await evaluate({ makeEnvironment, planner, seeds, together: BATCH, onProgress });
  } finally {
    await planner.close();
  }
}

function metricsOf({ round, success, score, loss, total }: RoundFacts) {
  const { expertSteps, labels, interventions, attention } = total;
  return { update: round + 1, success: success.rate, score, loss, expertSteps, labels, interventions, attention };
}

/** Of the best success, the latest. */
function bestOf(rounds: readonly RoundFacts[]): number {
  return rounds.reduce((a, b) => (b.success.rate >= a.success.rate ? b : a)).round;
}
