/** `apprentice compare`: the policies of runs on the same seeds. */
import type { Command } from "commander";
import type { Mean } from "../../base/index.ts";
import { compareRuns, evaluateRuns, type NamedEvaluation, type PairComparison } from "../../verbs/index.ts";
import { wholeNumber } from "../arguments.ts";
import { type ProgressLine, progressLine } from "../progress.ts";
import { isScored } from "../score.ts";
import { table } from "../table.ts";
import { defaultWorkers } from "../workers.ts";

export function registerCompare(program: Command): void {
  program
    .command("compare")
    .description(
      "rolls out the policy of each run on the same seeds, and tests every pair for a difference (exact McNemar)",
    )
    .argument("<runs...>", "two or more: folders of runs, or .onnx files of policies")
    .option(
      "--task <task>",
      "name of a task, or path of a module of your own; default: what the policies say they are for",
    )
    .option("--episodes <n>", "episodes of each policy", wholeNumber(1), 500)
    .option("--seed <n>", "seed of the episodes: another gives other starts", wholeNumber(0), 0)
    .option("--workers <n>", "threads; default: as many as there are cores and it is worth", wholeNumber(1))
    .option("--json", "print one JSON object and nothing else", false)
    .action(compareCommand);
}

interface CompareOptions {
  readonly task?: string;
  readonly episodes: number;
  readonly seed: number;
  readonly workers?: number;
  readonly json: boolean;
}

async function compareCommand(runs: readonly string[], options: CompareOptions, command: Command): Promise<void> {
  if (runs.length < 2) command.error(`error: found one run, ${runs[0]}, expected two or more to compare`);
  const { json, episodes, workers = defaultWorkers(episodes), ...rest } = options;
  const lines = new Map<string, ProgressLine>();
  const evaluations = await evaluateRuns({
    ...rest,
    runs,
    episodes,
    workers,
    onProgress(run, position, total) {
      const line = lines.get(run) ?? progressLine(`evaluate ${run}`);
      lines.set(run, line);
      line.show(position, total);
      if (position === total) line.end();
    },
  });
  const pairs = compareRuns(evaluations);
  process.stdout.write(
    json ? `${JSON.stringify(summary(evaluations, pairs, options.seed))}\n` : report(evaluations, pairs),
  );
}

function summary(evaluations: readonly NamedEvaluation[], pairs: readonly PairComparison[], seed: number) {
  const [{ evaluation }] = evaluations;
  return {
    task: evaluation.task,
    episodes: evaluation.episodes,
    seed,
    runs: evaluations.map(({ name, evaluation: { actor, success, score, modes, metrics, perSeed } }) => ({
      run: name,
      head: actor,
      success,
      score,
      modes,
      metrics,
      perSeed,
    })),
    pairs: pairs.map(({ names: [first, second], difference, scoreDifference, ...rest }) => ({
      first,
      second,
      successDifference: difference,
      scoreDifference,
      onlyFirst: rest.onlyFirst,
      onlySecond: rest.onlySecond,
      pValue: rest.pValue,
      adjustedPValue: rest.adjustedPValue,
    })),
  };
}

const percent = (share: number) => `${(100 * share).toFixed(1)}%`;
const points = (share: number) => `${share >= 0 ? "+" : "−"}${(100 * Math.abs(share)).toFixed(1)}`;
const probability = (p: number) => (p < 0.001 ? p.toExponential(0) : p.toFixed(3));
const meanOf = ({ mean, low, high }: Mean) => `${mean.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;

function report(evaluations: readonly NamedEvaluation[], pairs: readonly PairComparison[]): string {
  const [{ evaluation }] = evaluations;
  const letters = new Map(evaluations.map(({ name }, i) => [name, letterOf(i)]));
  const scored = evaluations.some(({ evaluation }) => isScored(evaluation));
  const runs = table(
    ["run", "head", "success", "95% interval", ...(scored ? ["score (95% interval)"] : [])],
    evaluations.map(({ name, evaluation: { actor, success, score } }) => [
      `${letters.get(name)}  ${name}`,
      actor,
      percent(success.rate),
      `${percent(success.low)} – ${percent(success.high)}`,
      ...(scored ? [meanOf(score)] : []),
    ]),
  );
  const several = pairs.length > 1;
  const compared = table(
    [
      "pair",
      "success, points",
      "95% interval",
      "only first",
      "only second",
      "McNemar p",
      ...(several ? ["Holm p"] : []),
    ],
    pairs.map(({ names: [first, second], difference, onlyFirst, onlySecond, pValue, adjustedPValue }) => [
      `${letters.get(first)} − ${letters.get(second)}`,
      points(difference.difference),
      `${points(difference.low)} to ${points(difference.high)}`,
      String(onlyFirst),
      String(onlySecond),
      probability(pValue),
      ...(several ? [probability(adjustedPValue)] : []),
    ]),
  );
  const meaning = scored ? "; the score is the mean of each episode's greatest reward" : "";
  const legend = `${evaluation.task}, ${evaluation.episodes} episodes on the same seeds for all${meaning}.`;
  return `\n${runs}\n\n${compared}\n\n${legend}\n`;
}

/** A, B … Z, AA … */
const letterOf = (i: number): string =>
  (i < 26 ? "" : letterOf(Math.floor(i / 26) - 1)) + String.fromCharCode(65 + (i % 26));
