/** Success over fixed seeds: the same seeds give every policy the same starts and the same random streams. */
import { type Rate, wilson } from "../base/index.ts";
import { rolloutMany } from "../rollouts/index.ts";
import type { BatchActor, Environment, Episode } from "../world/index.ts";

/** How the episode of one seed went. */
export interface SeedResult {
  readonly seed: number;
  readonly success: boolean;
  readonly steps: number;
  /** Sum of the rewards. */
  readonly reward: number;
  /** Which of the task's modes it took, where the world said so. */
  readonly mode?: string;
}

export interface Evaluation {
  readonly task: string;
  readonly actor: string;
  readonly episodes: number;
  readonly success: Rate;
  /** How often each of the task's modes was taken, out of all episodes; empty for a task without modes. */
  readonly modes: Readonly<Record<string, Rate>>;
  /** In the order of the seeds. */
  readonly perSeed: readonly SeedResult[];
}

/** What the episodes, all of one task, come to. Throws RangeError where there are none. */
export function judge(episodes: readonly Episode[]): Evaluation {
  if (episodes.length === 0) throw new RangeError("evaluation: found no episodes, expected at least one");
  const [{ spec, actor }] = episodes;
  const perSeed = episodes.map(({ seed, length, reward, info }) => ({
    seed,
    success: info.success,
    steps: length,
    reward: reward.reduce((sum, value) => sum + value, 0),
    ...(info.mode !== undefined && { mode: info.mode }),
  }));
  const share = (holds: (result: SeedResult) => boolean) => wilson(perSeed.filter(holds).length, perSeed.length);
  return {
    task: spec.name,
    actor,
    episodes: perSeed.length,
    success: share(({ success }) => success),
    modes: Object.fromEntries((spec.modes ?? []).map((name) => [name, share(({ mode }) => mode === name)])),
    perSeed,
  };
}

export interface EvaluationRequest {
  readonly makeEnvironment: () => Environment;
  readonly planner: BatchActor;
  /** Distinct; to compare two policies, give both the same. */
  readonly seeds: readonly number[];
  /** How many environments advance together, and the largest batch that the planner sees. */
  readonly together?: number;
  readonly onProgress?: (episodes: number, total: number) => void;
}

/** One rollout per seed, judged. */
export async function evaluate({
  makeEnvironment,
  planner,
  seeds,
  together = 256,
  onProgress,
}: EvaluationRequest): Promise<Evaluation> {
  if (new Set(seeds).size !== seeds.length)
    throw new RangeError("evaluation: a seed comes twice, expected distinct seeds");
  const episodes: Episode[] = [];
  while (episodes.length < seeds.length) {
    const part = seeds.slice(episodes.length, episodes.length + together);
    episodes.push(...(await rolloutMany(makeEnvironment, planner, part)));
    onProgress?.(episodes.length, seeds.length);
  }
  return judge(episodes);
}
