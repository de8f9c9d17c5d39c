/** `apprentice lesson`: the lecture's first half in about a minute, without a screen. */

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "commander";
import { cloneBehaviour } from "../../algorithms/index.ts";
import { InputError } from "../../base/index.ts";
import { datasetOf, splitDataset } from "../../datasets/index.ts";
import { forkWorld } from "../../environments/index.ts";
import { type Evaluation, evaluate } from "../../evaluation/index.ts";
import { forkExpert } from "../../experts/index.ts";
import { exportPolicy, openPolicy, type Policy } from "../../policies/index.ts";
import { cloningOptimizer, recipeDefaults } from "../../recipes/index.ts";
import { rollout } from "../../rollouts/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import type { Episode } from "../../world/index.ts";
import { wholeNumber } from "../arguments.ts";
import { progressLine } from "../progress.ts";
import { table } from "../table.ts";

export function registerLesson(program: Command): void {
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
}

export interface LessonOptions {
  readonly out: string;
  readonly seed: number;
  readonly demonstrations: number;
  readonly episodes: number;
  readonly json: boolean;
}

type LessonHead = "l2" | "gmm";

/** Episodes are judged on seeds far from those of the demonstrations. */
const EVALUATION_SEEDS = 100_000;
/** Rows that a policy plans at once while it is judged. */
const BATCH = 50;

export async function lesson(options: LessonOptions): Promise<void> {
  const { out, seed, demonstrations, episodes } = options;
  await mkdir(out, { recursive: true }).catch(({ message }: Error) => {
    throw new InputError(`--out ${out}: cannot be a folder: ${message}`);
  });
  const note = (line: string) => process.stderr.write(`${line}\n`);
  note("A car meets an obstacle. An expert passes it, left or right as it pleases. Two policies learn from watching.");
  const shown = await demonstrate(demonstrations, seed);
  const sides = shown.filter(({ info }) => info.mode === "left").length;
  note(`${shown.length} demonstrations: ${sides} on the left, ${shown.length - sides} on the right.`);

  const rows: LessonRow[] = [];
  for (const head of ["l2", "gmm"] as const) {
    const started = performance.now();
    const policy = await clone(shown, head, seed);
    const seconds = (performance.now() - started) / 1000;
    const file = join(out, `${head}.onnx`);
    await writeFile(file, exportPolicy(policy));
    rows.push({ head, seconds, file, evaluation: await judge(policy, episodes) });
  }
  process.stdout.write(options.json ? `${JSON.stringify(summary(options, rows))}\n` : report(rows));
}

async function demonstrate(count: number, seed: number): Promise<Episode[]> {
  const progress = progressLine("demonstrate");
  const [world, expert] = [forkWorld(), forkExpert()];
  const episodes: Episode[] = [];
  for (let index = 0; index < count; index++) {
    episodes.push(await rollout(world, expert, { seed: seed * count + index }));
    progress.show(index + 1, count);
  }
  progress.end();
  return episodes;
}

async function clone(episodes: readonly Episode[], head: LessonHead, seed: number): Promise<Policy> {
  const dataset = datasetOf(episodes, { format: "rollouts", source: "lesson", notes: [] });
  const recipe = { ...recipeDefaults("fork", head), seed };
  const progress = progressLine(`train ${head}`);
  const policy = await cloneBehaviour({
    ...recipe,
    dataset,
    split: splitDataset(dataset, { validationFraction: recipe.validationFraction, seed: recipe.splitSeed }),
    optimizer: cloningOptimizer(recipe),
    runtime: nodeRuntime(),
    onProgress: ({ update, updates, loss }) => progress.show(update, updates, `· loss ${loss.toPrecision(4)}`),
  });
  progress.end();
  return policy;
}

async function judge(policy: Policy, episodes: number): Promise<Evaluation> {
  const planner = await openPolicy(nodeRuntime(), exportPolicy(policy, { batch: BATCH }));
  const progress = progressLine(`judge ${planner.name}`);
  const seeds = Array.from({ length: episodes }, (_, index) => EVALUATION_SEEDS + index);
  const evaluation = await evaluate({
    makeEnvironment: () => forkWorld(),
    planner,
    seeds,
    together: BATCH,
    onProgress: (position, total) => progress.show(position, total),
  });
  progress.end();
  await planner.close();
  return evaluation;
}

interface LessonRow {
  readonly head: LessonHead;
  readonly seconds: number;
  readonly file: string;
  readonly evaluation: Evaluation;
}

const EXPLANATIONS: Readonly<Record<LessonHead, string>> = {
  l2: "regression: the mean of left and right",
  gmm: "mixture of 5 Gaussians: left or right",
};

function report(rows: readonly LessonRow[]): string {
  const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
  const lines = rows.map(({ head, seconds, evaluation: { success, modes, episodes } }) => [
    `${head}  ${EXPLANATIONS[head]}`,
    percent(success.rate),
    `${percent(success.low)} – ${percent(success.high)}`,
    String(episodes),
    percent(modes.left.rate),
    `${seconds.toFixed(1)} s`,
  ]);
  const header = ["policy", "success", "95% interval", "episodes", "passed left", "trained in"];
  const files = rows.map(({ file }) => file).join(" and ");
  return `\n${table(header, lines)}\n\nThe policies are in ${files}: one ONNX file each, for Node, browsers, Python, C++, C#.\n`;
}

function summary({ seed, demonstrations }: LessonOptions, rows: readonly LessonRow[]) {
  return {
    task: "fork",
    seed,
    demonstrations,
    rows: rows.map(({ head, seconds, file, evaluation: { episodes, success, modes } }) => ({
      head,
      episodes,
      success,
      modes,
      trainingSeconds: seconds,
      policy: file,
    })),
  };
}
