/** The commands and their flags. Exit codes: 0 success, 1 a job failed, 2 bad usage or bad input with one clear line. */
import { Command, CommanderError } from "commander";
import { InputError, isFull, unusable } from "../base/index.ts";
import type { Register } from "./arguments.ts";
import { registerCollect } from "./commands/collect.ts";
import { registerCompare } from "./commands/compare.ts";
import { registerDagger } from "./commands/dagger.ts";
import { registerDataset } from "./commands/dataset.ts";
import { registerEvaluate } from "./commands/evaluate.ts";
import { registerExperiment } from "./commands/experiment.ts";
import { registerExport } from "./commands/export.ts";
import { registerLesson } from "./commands/lesson.ts";
import { registerStudio } from "./commands/studio.ts";
import { registerTasks } from "./commands/tasks.ts";
import { registerTrain } from "./commands/train.ts";
import { FailedVerdict } from "./verdict.ts";

/** In the order in which `--help` lists them. */
const COMMANDS: readonly Register[] = [
  registerStudio,
  registerLesson,
  registerTasks,
  registerCollect,
  registerTrain,
  registerDagger,
  registerEvaluate,
  registerCompare,
  registerExport,
  registerDataset,
  registerExperiment,
];

function buildProgram(): Command {
  const program = new Command("apprentice");
  program
    .description("Imitation learning: demonstrations in, policies out.")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(oneLine(text.replace(/^error: /, ""))) });
  for (const register of COMMANDS) register(program);
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
    if (error instanceof FailedVerdict) return 1;
    // A disk can be full wherever something is written.
    const refusal = isFull(error) ? unusable(placeOf(error), "written", error) : error;
    process.stderr.write(oneLine((refusal as Error).message));
    return refusal instanceof InputError ? 2 : 1;
  }
}

/** What the system says of where it was: a path, or only what was called. */
const placeOf = (error: unknown): string => {
  const { path, syscall = "write" } = error as NodeJS.ErrnoException;
  return path ?? `a file (${syscall})`;
};
