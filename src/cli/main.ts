/** The commands and their flags. Exit codes: 0 success, 1 a job failed, 2 bad usage or bad input with one clear line. */
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { InputError } from "../base/index.ts";
import { evaluateRun, NOISE_SEED } from "./evaluate.ts";
import { lesson } from "./lesson.ts";
import { trainCommand } from "./train.ts";

const wholeNumber = (least: number) => (text: string) => {
  const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(value) && value >= least) return value;
  throw new InvalidArgumentError(`found "${text}", expected a whole number from ${least}.`);
};

function buildProgram(): Command {
  const program = new Command("apprentice");
  program
    .description("Imitation learning: demonstrations in, policies out.")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text.replace(/^error: /, ""))) });

  program
    .command("lesson")
    .description(
      "the lecture's central experiment: two policies learn to pass an obstacle from contradictory demonstrations",
    )
    .option("--out <folder>", "folder for the policies", "runs/lesson")
    .option("--demonstrations <n>", "demonstrations to learn from", wholeNumber(10), 200)
    .option("--episodes <n>", "rollouts to judge each policy by", wholeNumber(1), 500)
    .option("--seed <n>", "seed of demonstrations and training", wholeNumber(0), 0)
    .option("--json", "print one JSON object and nothing else", false)
    .action(lesson);

  program
    .command("train")
    .description("behavioural cloning from real demonstrations, with held-out errors beside trivial predictors")
    .argument("<path>", "demonstrations: a Push-T zarr folder, or the folder of a driving log")
    .requiredOption("--out <run>", "folder of the run: recipe, metrics, checkpoints, policy.onnx")
    .addOption(new Option("--head <head>", "action head").choices(["l2", "gmm"]).makeOptionMandatory())
    .option("--updates <n>", "optimizer steps; default: what suits the task", wholeNumber(2))
    .option("--seed <n>", "seed of initial parameters, batches and noise", wholeNumber(0), 0)
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--resume", "go on with the run in --out from its last checkpoint", false)
    .option("--json", "print one JSON object and nothing else", false)
    .action(trainCommand);

  program
    .command("evaluate")
    .description("the policy of a run, read again from its file, on the demonstrations that were held out")
    .argument("<run>", "folder of a run")
    .option("--seed <n>", "seed of the noise with which a mixture is asked", wholeNumber(0), NOISE_SEED)
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--json", "print one JSON object and nothing else", false)
    .action(evaluateRun);
  return program;
}

const oneLine = (message: string) => `apprentice: ${message.trim().replace(/\s*\n\s*/g, " ")}\n`;

/** Runs the command in `argv` (as process.argv); returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    await buildProgram().parseAsync(argv as string[]);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(oneLine((error as Error).message));
    return error instanceof InputError ? 2 : 1;
  }
}
