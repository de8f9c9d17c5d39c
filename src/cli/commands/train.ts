/** `apprentice train`: behavioural cloning from demonstrations. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import { InputError } from "../../base/index.ts";
import { cloningPart, type RecipePart, recipeOver } from "../../recipes/index.ts";
import { type DataChoice, POLICY_FILE, trainPolicy } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { scoreTable, summary } from "../held-out.ts";
import { untilInterrupted } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { addRecipeFlags, readRecipeFile, recipeOfFlags } from "../recipe-flags.ts";

interface TrainOptions extends Record<string, unknown> {
  readonly out: string;
  readonly recipe?: string;
  readonly threads: number;
  readonly snapshotEvery?: number;
  readonly resume: boolean;
  readonly json: boolean;
}

export function registerTrain(program: Command): void {
  const command = program
    .command("train")
    .description(
      "behavioural cloning from demonstrations, with held-out errors beside trivial predictors; a field of the recipe that is not chosen has the default of task and head",
    )
    .argument("[data...]", "datasets, each as PATH or PATH:WEIGHT; default: those of the recipe")
    .requiredOption("--out <run>", "folder of the run: recipe, metrics, checkpoints, policy.onnx, report.html")
    .option("--recipe <file>", "fields of the recipe, YAML or JSON; RUN/recipe.json repeats a run; flags go before it")
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--snapshot-every <n>", "keep the policy's parameters at every n-th update", wholeNumber(1))
    .option("--resume", "go on with the run in --out from its last checkpoint", false)
    .option("--json", "print one JSON object and nothing else", false);
  addRecipeFlags(command).action(trainCommand);
}

async function trainCommand(data: readonly string[], options: TrainOptions): Promise<void> {
  const { out, threads, snapshotEvery, resume, json } = options;
  const flags = recipeOfFlags(options);
  const file: RecipePart = options.recipe === undefined ? {} : cloningPart(await readRecipeFile(options.recipe));
  if (data.length === 0 && options.recipe === undefined && !resume) {
    throw new InputError("train: found neither data nor --recipe, expected one of them");
  }
  let progress: ReturnType<typeof progressLine> | null = null;
  // the error of trainPolicy says how to go on
  const result = await untilInterrupted(null, (signal) =>
    trainPolicy({
      datasets: data.length > 0 ? data.map(dataChoice) : undefined,
      out,
      recipe: recipeOver(file, flags),
      where: options.recipe === undefined ? "flags" : `recipe ${options.recipe}`,
      resume,
      threads,
      snapshotEvery,
      signal,
      onNote: (line) => process.stderr.write(`${line}\n`),
      onProgress({ update, updates, loss }) {
        progress ??= progressLine("train");
        progress.show(update, updates, `· loss ${loss.toPrecision(4)}`);
      },
    }),
  ).finally(() => progress?.end());
  const { seconds } = result;
  if (json) {
    process.stdout.write(`${JSON.stringify({ ...summary(result, result.heldOut), seconds, report: result.report })}\n`);
    return;
  }
  const table = scoreTable(result.heldOut, result.dataset);
  process.stdout.write(
    `\n${table}\n\nTrained in ${seconds.toFixed(1)} s. The policy is ${join(out, POLICY_FILE)}, the report ${result.report}.\n`,
  );
}

/** PATH or PATH:WEIGHT. A path that is there as it is written is one, whatever colons it has. */
function dataChoice(text: string): DataChoice {
  const colon = text.lastIndexOf(":");
  const [path, weight] = [text.slice(0, colon), text.slice(colon + 1)];
  if (colon < 1 || existsSync(text)) return { path: text, weight: 1 };
  if (/^\d+(\.\d+)?$/.test(weight)) return { path, weight: Number(weight) };
  if (!existsSync(path)) return { path: text, weight: 1 };
  throw new InputError(`dataset ${text}: found "${weight}", expected PATH or PATH:WEIGHT, a weight above 0`);
}
