/** `apprentice dagger`: the online half with a scripted expert or the model of an operator. */
import { join } from "node:path";
import type { Command } from "commander";
import { type RecipePart, recipeOver } from "../../recipes/index.ts";
import { learnOnline, POLICY_FILE, type RoundFacts } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { untilInterrupted } from "../interrupt.ts";
import { ONLINE_FLAGS } from "../online-flags.ts";
import { progressLine } from "../progress.ts";
import { addRecipeFlags, readRecipeFile, recipeOfFlags } from "../recipe-flags.ts";
import { table } from "../table.ts";

interface DaggerOptions extends Record<string, unknown> {
  readonly out: string;
  readonly recipe?: string;
  readonly threads: number;
  readonly resume: boolean;
  readonly json: boolean;
}

export function registerDagger(program: Command): void {
  const command = program
    .command("dagger")
    .description(
      "learning online: rounds in which the policy acts, an expert labels or takes over, and a new policy learns from all of it; prints a line per round",
    )
    .argument("<task>", "name of a task (see `apprentice tasks`), or path of a module of your own: ./task.ts")
    .requiredOption("--out <run>", "folder of the run: recipe, data, rounds, policy.onnx, report.html")
    .option("--recipe <file>", "fields of the recipe, YAML or JSON; RUN/recipe.json repeats a run; flags go before it")
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--resume", "go on with the run in --out", false)
    .option("--json", "print one JSON object and nothing else", false);
  addRecipeFlags(command, ONLINE_FLAGS).action(daggerCommand);
}

async function daggerCommand(task: string, options: DaggerOptions): Promise<void> {
  const { out, threads, resume, json } = options;
  const file: RecipePart = options.recipe === undefined ? {} : await readRecipeFile(options.recipe);
  const progress = progressLine(`dagger ${task}`);
  const result = await untilInterrupted("stopped; the same command with --resume goes on from here", (signal) =>
    learnOnline({
      task,
      out,
      recipe: recipeOver(file, recipeOfFlags(options, ONLINE_FLAGS)),
      where: options.recipe === undefined ? "flags" : `recipe ${options.recipe}`,
      resume,
      threads,
      signal,
      onProgress: ({ round, stage, position, total }) => progress.show(position, total, `· round ${round}, ${stage}`),
      onRound(facts) {
        progress.end();
        process.stderr.write(`${lineOf(facts)}\n`);
      },
    }),
  ).finally(() => progress.end());
  if (json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
    return;
  }
  const { rounds, best, report } = result;
  const policy = join(out, POLICY_FILE);
  process.stdout.write(`\n${roundTable(rounds)}\n\nThe best is round ${best}: ${policy}. The report is ${report}.\n`);
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;

/** A round while the run goes on. */
function lineOf({ round, episodes, success, total, loss, account }: RoundFacts): string {
  return (
    `round ${round}: ${episodes} episodes, success ${percent(success.rate)} (${percent(success.low)} – ${percent(success.high)}), ` +
    `${account.interventions} interventions, expert ${percent(account.expertSteps / Math.max(1, account.steps))} of steps, ` +
    `${total.labels} labels so far, loss ${loss.toPrecision(3)}`
  );
}

function roundTable(rounds: readonly RoundFacts[]): string {
  const header = [
    "round",
    "episodes",
    "success",
    "95% interval",
    "interventions",
    "expert's steps",
    "labels",
    "loss",
    "s",
  ];
  const rows = rounds.map(({ round, episodes, success, account, loss, seconds }) => [
    String(round),
    String(episodes),
    percent(success.rate),
    `${percent(success.low)} – ${percent(success.high)}`,
    String(account.interventions),
    percent(account.expertSteps / Math.max(1, account.steps)),
    String(account.labels),
    loss.toPrecision(3),
    (seconds.recording + seconds.training + seconds.judging).toFixed(1),
  ]);
  return table(header, rows);
}
