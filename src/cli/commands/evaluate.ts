/** `apprentice evaluate`: what a run's policy is worth, in its task and on the demonstrations that were held out. */
import { type Command, InvalidArgumentError } from "commander";
import type { Evaluation } from "../../evaluation/index.ts";
import { evaluateOnlineRun, evaluateRun, isOnlineRun, type RunEvaluation } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { scoreTable, summary } from "../held-out.ts";
import { progressLine } from "../progress.ts";
import { isScored } from "../score.ts";
import { table } from "../table.ts";

interface EvaluateOptions {
  readonly episodes: number;
  readonly task?: string;
  readonly seed: number;
  readonly workers: number;
  readonly threads: number;
  readonly ensemble?: number;
  readonly json: boolean;
}

export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description(
      "a run's policy, read again from its files: rollouts in its task, with the success rate's interval, and the demonstrations that were held out; writes evaluation.json and report.html",
    )
    .argument("<run>", "folder of a run")
    .option("--episodes <n>", "rollouts; 0: held-out demonstrations only", wholeNumber(0), 100)
    .option("--task <name>", "task, or module of a task of your own; default: the run's, where it is one of ours")
    .option("--seed <n>", "seed of the episodes: the same for every run that is to be compared", wholeNumber(0), 0)
    .option("--workers <n>", "threads that roll out", wholeNumber(1), 1)
    .option("--threads <n>", "threads of one operator, shared by the workers", wholeNumber(1), 2)
    .option("--ensemble <m>", "average overlapping chunks, weights exp(-m i) from the oldest", decay)
    .option("--json", "print one JSON object and nothing else", false)
    .action(evaluateCommand);
}

/** The m of temporal ensembling. */
function decay(text: string): number {
  const value = /^[-+.\deE]+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isFinite(value)) return value;
  throw new InvalidArgumentError(`found "${text}", expected a number.`);
}

async function evaluateCommand(run: string, options: EvaluateOptions): Promise<void> {
  const { ensemble, json, ...request } = options;
  const progress = progressLine("evaluate");
  const asked = {
    ...request,
    run,
    ...(ensemble !== undefined && { execution: { kind: "ensemble", m: ensemble } as const }),
    onProgress: (episodes: number, total: number) => progress.show(episodes, total),
  };
  if (await isOnlineRun(run)) {
    const evaluation = await evaluateOnlineRun(asked).finally(() => progress.end());
    process.stdout.write(json ? `${JSON.stringify({ run, ...evaluation })}\n` : `\n${evaluationTable(evaluation)}\n`);
    return;
  }
  const result = await evaluateRun(asked).finally(() => progress.end());
  const { evaluation } = result;
  if (json) {
    process.stdout.write(
      `${JSON.stringify({ ...summary(result, result.heldOut), ...evaluation, report: result.report })}\n`,
    );
    return;
  }
  const parts = [...(evaluation ? [evaluationTable(evaluation)] : []), scoreTable(result.heldOut, result.dataset)];
  process.stdout.write(`\n${parts.join("\n\n")}\n\nThe report is ${result.report}.${advice(result)}\n`);
}

function advice({ withoutTask }: RunEvaluation): string {
  return withoutTask === null ? "" : ` Nothing was rolled out: ${withoutTask}; --task names a world for it.`;
}

/** Success, score and what the world told, each with its 95 % interval. */
function evaluationTable(evaluation: Evaluation): string {
  const { success, score, metrics, modes, episodes } = evaluation;
  const rows = [
    ["success", ...cells(success)],
    ...(isScored(evaluation) ? [["score: greatest reward", ...cells(score)]] : []),
    ...Object.entries(modes).map(([name, rate]) => [`mode ${name}`, ...cells(rate)]),
    ...Object.entries(metrics).map(([name, measure]) => [name, ...cells(measure)]),
  ];
  return `${table([`${episodes} episodes`, "", "95% interval"], rows)}`;
}

function cells(measure: { low: number; high: number } & ({ rate: number } | { mean: number })): [string, string] {
  const show = (value: number) => ("rate" in measure ? `${(100 * value).toFixed(1)}%` : value.toPrecision(4));
  const value = "rate" in measure ? measure.rate : measure.mean;
  return [show(value), `${show(measure.low)} – ${show(measure.high)}`];
}
