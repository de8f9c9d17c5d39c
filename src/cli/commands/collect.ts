/** `apprentice collect`: demonstrations by scripted experts, as a dataset on disk. */
import { type Command, InvalidArgumentError } from "commander";
import { type Collected, collectDemonstrations } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { untilInterrupted } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { defaultWorkers } from "../workers.ts";

export function registerCollect(program: Command): void {
  program
    .command("collect")
    .description(
      "records demonstrations by scripted experts into a dataset; the same command goes on where it was stopped, and with more --episodes it adds to them",
    )
    .argument("<task>", "name of a task (see `apprentice tasks`), or path of a module of your own: ./task.ts")
    .requiredOption(
      "--expert <names>",
      "expert, or several with commas between them: each episode has one, drawn by its seed",
      names,
    )
    .requiredOption("--out <dataset>", "folder of the dataset")
    .option("--episodes <n>", "how many episodes the dataset is to have", wholeNumber(1), 100)
    .option("--successful-only", "keep successes only, and go on until there are as many", false)
    .option("--seed <n>", "seed of the episodes; others give other ones", wholeNumber(0), 0)
    .option("--workers <n>", "threads; default: as many as there are cores and it is worth", wholeNumber(1))
    .option("--json", "print one JSON object and nothing else", false)
    .action(collectCommand);
}

function names(text: string): string[] {
  const found = text.split(",").map((name) => name.trim());
  if (found.every((name) => name !== "")) return found;
  throw new InvalidArgumentError(`found "${text}", expected names with commas between them.`);
}

interface CollectOptions {
  readonly expert: string[];
  readonly out: string;
  readonly episodes: number;
  readonly successfulOnly: boolean;
  readonly seed: number;
  readonly workers?: number;
  readonly json: boolean;
}

async function collectCommand(task: string, options: CollectOptions): Promise<void> {
  const { expert, episodes, json, workers = defaultWorkers(episodes), ...rest } = options;
  const progress = progressLine(`collect ${task}`);
  const collected = await untilInterrupted("stopped; the same command goes on from here", (signal) =>
    collectDemonstrations({
      ...rest,
      task,
      experts: expert,
      episodes,
      workers,
      onProgress: (position, total) => progress.show(position, total),
      signal,
    }),
  ).finally(() => progress.end());
  process.stdout.write(json ? `${JSON.stringify(collected)}\n` : `${textOf(collected)}\n`);
}

function textOf({ out, task, episodes, recorded, steps, success, experts }: Collected): string {
  const by = Object.entries(experts).map(([name, count]) => `${count} by ${name}`);
  const before = episodes - recorded;
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  return [
    `${out}: ${episodes} episodes of ${task}, ${steps} steps (${by.join(", ")})${before > 0 ? `; ${before} were there before` : ""}`,
    `${percent(success.rate)} of ${success.n} attempts succeeded (95% interval ${percent(success.low)} to ${percent(success.high)})`,
  ].join("\n");
}
