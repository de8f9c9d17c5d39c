/** `apprentice experiment`: repeats a published experiment of ours, cell by cell. */
import { join } from "node:path";
import type { Command } from "commander";
import { InputError, nearestName } from "../../base/index.ts";
import { wholeNumber } from "../arguments.ts";
import { untilInterrupted } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { table } from "../table.ts";

interface ExperimentFlags {
  readonly out?: string;
  readonly only?: string;
  readonly workers: number;
  readonly fresh: boolean;
  readonly figures: boolean;
  readonly json: boolean;
}

export function registerExperiment(program: Command): void {
  program
    .command("experiment")
    .description(
      "repeats a published experiment of ours: finished cells of its result.json stay, missing ones are run; without a name lists them",
    )
    .argument("[name]", "which experiment")
    .option("--out <folder>", "folder of result.json and report.html; default: experiments/NAME")
    .option("--only <text>", "run only cells whose name contains this")
    .option("--workers <n>", "cells beside one another, one thread each", wholeNumber(1), 2)
    .option("--fresh", "run finished cells again", false)
    .option("--no-figures", "leave out figures for which policies have to be trained")
    .option("--seed <n>", "changes nothing: an experiment has seeds of its own")
    .option("--json", "print result.json and nothing else", false)
    .action(runExperiment);
}

async function runExperiment(name: string | undefined, flags: ExperimentFlags): Promise<void> {
  const { EXPERIMENTS } = await import("../../experiments/index.ts");
  if (name === undefined) {
    const lines = EXPERIMENTS.map((one) => [one.name, one.description]);
    process.stdout.write(
      flags.json
        ? `${JSON.stringify({ experiments: EXPERIMENTS.map(({ name, description }) => ({ name, description })) })}\n`
        : `${table(["experiment", "what it shows"], lines)}\n`,
    );
    return;
  }
  const experiment = EXPERIMENTS.find((one) => one.name === name);
  if (!experiment) {
    const names = EXPERIMENTS.map((one) => one.name);
    const nearest = nearestName(name, names);
    throw new InputError(
      `experiment "${name}": expected ${names.join(", ")}${nearest ? `; did you mean "${nearest}"?` : ""}`,
    );
  }
  const progress = progressLine(name);
  const { report, ...result } = await untilInterrupted(
    "stopped; the same command goes on with the cells that are missing",
    (signal) =>
      experiment.run({
        out: flags.out ?? join("experiments", name),
        command: `npx apprentice experiment ${name}`,
        only: flags.only,
        workers: flags.workers,
        fresh: flags.fresh,
        figures: flags.figures,
        onNote: (line) => process.stderr.write(`${line}\n`),
        onProgress: (cells, total) => progress.show(cells, total),
        signal,
      }),
  ).finally(() => progress.end());
  process.stdout.write(
    flags.json ? `${JSON.stringify(result)}\n` : `${result.rows.length} rows; the report is ${report}\n`,
  );
}
