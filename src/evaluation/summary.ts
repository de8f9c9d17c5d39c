/** What episodes on fixed seeds come to: rates and means with their intervals. */
import { type Mean, meanOfValues, type Rate, wilson } from "../base/index.ts";
import type { Outcome } from "../rollouts/index.ts";
import type { EnvironmentSpec, Episode } from "../world/index.ts";

/** How the episode of one seed went. */
export interface SeedResult {
  readonly seed: number;
  readonly success: boolean;
  readonly steps: number;
  /** Sum of the rewards. */
  readonly reward: number;
  /** The greatest of the rewards: the score of Push-T, whose reward is how much of the goal is covered. */
  readonly maxReward: number;
  /** Which of the task's modes it took, where the world said so. */
  readonly mode?: string;
  /** All other numbers and yes-or-nos that the world told with the last step. */
  readonly metrics: Readonly<Record<string, number | boolean>>;
}

export interface Evaluation {
  readonly task: string;
  readonly actor: string;
  readonly episodes: number;
  /** With the Wilson interval. */
  readonly success: Rate;
  /** Mean of the greatest reward of each episode, with Student's t interval. */
  readonly score: Mean;
  /** How often each of the task's modes was taken, out of all episodes; empty for a task without modes. */
  readonly modes: Readonly<Record<string, Rate>>;
  /** By name: of a yes-or-no its rate with the Wilson interval, of a number its mean with Student's t interval. */
  readonly metrics: Readonly<Record<string, Rate | Mean>>;
  /** In the order of the seeds. */
  readonly perSeed: readonly SeedResult[];
}

/** The part of an episode that is judged. */
export function seedResult({ seed, length, reward, maxReward, info }: Omit<Outcome, "actor">): SeedResult {
  const { success, mode, ...others } = info;
  const metrics: Record<string, number | boolean> = {};
  for (const [name, value] of Object.entries(others)) {
    if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))) metrics[name] = value;
  }
  return { seed, success, steps: length, reward, maxReward, ...(mode !== undefined && { mode }), metrics };
}

/** What the results, in the order of the seeds, come to. Throws RangeError where there are none. */
export function summarise(
  { name, modes = [] }: Pick<EnvironmentSpec, "name" | "modes">,
  actor: string,
  perSeed: readonly SeedResult[],
): Evaluation {
  if (perSeed.length === 0) throw new RangeError("evaluation: found no episodes, expected at least one");
  const share = (holds: (result: SeedResult) => boolean) => wilson(perSeed.filter(holds).length, perSeed.length);
  return {
    task: name,
    actor,
    episodes: perSeed.length,
    success: share(({ success }) => success),
    score: meanOfValues(perSeed.map(({ maxReward }) => maxReward)),
    modes: Object.fromEntries(modes.map((name) => [name, share(({ mode }) => mode === name)])),
    metrics: metricsOf(perSeed),
    perSeed,
  };
}

/** A metric is of the episodes that have it: its `n` says how many. */
function metricsOf(perSeed: readonly SeedResult[]): Record<string, Rate | Mean> {
  const names = [...new Set(perSeed.flatMap(({ metrics }) => Object.keys(metrics)))];
  return Object.fromEntries(
    names.map((name) => {
      const values = perSeed.flatMap(({ metrics }) => metrics[name] ?? []);
      const isRate = values.every((value) => typeof value === "boolean");
      return [name, isRate ? wilson(values.filter(Boolean).length, values.length) : meanOfValues(values.map(Number))];
    }),
  );
}

/** What the episodes, all of one task, come to. Throws RangeError where there are none. */
export function judge(episodes: readonly Episode[]): Evaluation {
  if (episodes.length === 0) throw new RangeError("evaluation: found no episodes, expected at least one");
  const [{ spec, actor }] = episodes;
  const results = episodes.map(({ reward, ...episode }) =>
    seedResult({
      ...episode,
      reward: reward.reduce((sum, value) => sum + value, 0),
      maxReward: reward.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY),
    }),
  );
  return summarise(spec, actor, results);
}
