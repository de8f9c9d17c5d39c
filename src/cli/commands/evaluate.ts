/** `apprentice evaluate`: a run's policy, read again from its files, on the demonstrations that were held out. */
import type { Command } from "commander";
import { judgeHeldOut, NOISE_SEED, readFinishedRun } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { scoreTable, summary } from "../held-out.ts";

interface EvaluateOptions {
  readonly seed: number;
  readonly threads: number;
  readonly json: boolean;
}

export function registerEvaluate(program: Command): void {
  program
    .command("evaluate")
    .description("the policy of a run, read again from its file, on the demonstrations that were held out")
    .argument("<run>", "folder of a run")
    .option("--seed <n>", "seed of the noise with which a mixture is asked", wholeNumber(0), NOISE_SEED)
    .option("--threads <n>", "threads of one operator", wholeNumber(1), 2)
    .option("--json", "print one JSON object and nothing else", false)
    .action(evaluateRun);
}

async function evaluateRun(path: string, { seed, threads, json }: EvaluateOptions): Promise<void> {
  const run = await readFinishedRun(path);
  const report = await judgeHeldOut(run, { threads, seed });
  process.stdout.write(json ? `${JSON.stringify(summary(run, report))}\n` : `${scoreTable(report, run.dataset)}\n`);
}
