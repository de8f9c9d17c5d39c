/** `apprentice lesson`: the lecture's first half in a few minutes, without a screen. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { Lesson, LessonRow } from "../../experiments/index.ts";
import { wholeNumber } from "../arguments.ts";
import { untilInterrupted } from "../interrupt.ts";
import { progressLine } from "../progress.ts";
import { table } from "../table.ts";

interface LessonOptions {
  readonly out: string;
  readonly seed: number;
  readonly demonstrations: number;
  readonly episodes: number;
  readonly workers: number;
  readonly quick: number;
  readonly json: boolean;
}

export function registerLesson(program: Command): void {
  program
    .command("lesson")
    .description(
      "the lecture's central experiment on driving: from one style of demonstrations and from two that contradict each other, regression and diffusion learn to pass an obstacle",
    )
    .option("--out <folder>", "folder for the policies and the report", "runs/lesson")
    .option("--demonstrations <n>", "demonstrations of each kind", wholeNumber(10), 1000)
    .option("--episodes <n>", "rollouts to judge each policy by", wholeNumber(1), 500)
    .option("--workers <n>", "policies that are trained beside one another", wholeNumber(1), 2)
    .addOption(
      new Option("--quick [share]", "train with this share of the updates only, to see that it runs; a tenth by itself")
        .preset("0.1")
        .default(1, "all of them")
        .argParser(share),
    )
    .option("--seed <n>", "seed of demonstrations and training", wholeNumber(0), 0)
    .option("--json", "print one JSON object and nothing else", false)
    .action(lesson);
}

function share(text: string): number {
  const value = /^\d*\.?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0 && value <= 1) return value;
  throw new InvalidArgumentError(`found "${text}", expected a number above 0 and at most 1.`);
}

async function lesson({ json, quick, ...request }: LessonOptions): Promise<void> {
  const { giveLesson } = await import("../../experiments/index.ts");
  process.stderr.write(
    "A crate falls onto the road. Experts pass it: all on the left, or half on the left and half on the right. Policies learn from watching.\n",
  );
  const progress = progressLine("lesson");
  const given = await untilInterrupted("stopped", (signal) =>
    giveLesson({
      ...request,
      thoroughness: quick,
      signal,
      onProgress: (updates, total) => progress.show(updates, total, "· updates of four policies"),
    }),
  ).finally(() => progress.end());
  const { seed, demonstrations, episodes } = request;
  process.stdout.write(
    json
      ? `${JSON.stringify({ task: "driving-urgent", seed, demonstrations, episodes, thoroughness: quick, ...given })}\n`
      : lessonTable(given, episodes),
  );
}

const EXPLANATIONS: Readonly<Record<LessonRow["head"], string>> = {
  l2: "regression",
  diffusion: "a generative model",
};

function lessonTable({ rows, report }: Lesson, episodes: number): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const lines = rows.map(({ style, head, success, obstacleCollision, left, trainingSeconds }) => [
    `${style === "one" ? "left" : "left or right"}   ${head}, ${EXPLANATIONS[head]}`,
    percent(success.rate),
    `${percent(success.low)} – ${percent(success.high)}`,
    percent(obstacleCollision.rate),
    percent(left.rate),
    `${trainingSeconds} s`,
  ]);
  const header = ["demonstrated   policy", "success", "95% interval", "hit the crate", "passed left", "trained in"];
  return `\n${table(header, lines)}\n\n${episodes} episodes each, the same for all. The report is ${report};\nthe policies lie beside it: one ONNX file each, for Node, browsers, Python, C++, C#.\n`;
}
