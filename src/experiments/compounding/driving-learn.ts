/** BC and DAgger on the driving task, with as many of the expert's steps and the same training. */
import { drivingWorld } from "../../environments/index.ts";
import { drivingExpert } from "../../experts/index.ts";
import type { Policy } from "../../policies/index.ts";
import { cloningOptimizer, recipeDefaults } from "../../recipes/index.ts";
import { rollout, supervise } from "../../rollouts/index.ts";
import { coinSupervisor } from "../../supervisors/index.ts";
import { type BatchActor, type Episode, episodeSeeds } from "../../world/index.ts";
import { clone, dagger, type Learning } from "./dagger.ts";
import { DRIVING_POLICY, type DrivingCell } from "./settings.ts";

const STYLE = "left";

export interface Learned {
  readonly policy: Policy;
  readonly episodes: readonly Episode[];
  /** In which the expert drove or said what it would do: all. */
  readonly steps: number;
}

/** DAgger's policy, and BC's of the first demonstrations of the same seed that have at least as many steps together. */
export async function learnDriving(cell: DrivingCell, signal: AbortSignal): Promise<{ dagger: Learned; bc: Learned }> {
  const learning = learningOf(cell, signal);
  const { rounds } = cell;
  const corrected = await dagger({ rounds, record: roundsOf(cell), together: TOGETHER, learning });
  const steps = stepsOf(corrected.episodes);
  const episodes: Episode[] = [];
  for (let next = 0; stepsOf(episodes) < steps; next++) {
    signal.throwIfAborted();
    episodes.push(...(await demonstrate(demonstrationSeeds(cell, next, 1))));
  }
  const policy = await clone(episodes, learning);
  return { dagger: { ...corrected, steps }, bc: { policy, episodes, steps: stepsOf(episodes) } };
}

/** The task's own, but for what is fixed here so that the result stands when they change. */
function learningOf({ seed, updates }: DrivingCell, signal: AbortSignal): Learning {
  const settings = { ...recipeDefaults("driving", "l1"), ...DRIVING_POLICY, ...(updates !== undefined && { updates }) };
  return { ...settings, optimizer: cloningOptimizer(settings), seed, signal };
}

/** Environments that advance together: also how many episodes a round is extended by while its labels last. */
const TOGETHER = 4;
/** Seeds from those of one round to those of the next: more than it ever has episodes. */
const SEEDS_OF_ROUND = 10_000;

const demonstrationSeeds = ({ seed }: DrivingCell, first: number, count: number): number[] =>
  episodeSeeds("demonstrations", seed, first + count).slice(first);

function roundsOf(cell: DrivingCell): (planner: BatchActor | null, round: number) => Promise<Episode[]> {
  return async (planner, round) => {
    if (!planner) return demonstrate(demonstrationSeeds(cell, 0, cell.demonstrations));
    const episodes: Episode[] = [];
    while (stepsOf(episodes) < cell.labels) {
      const first = round * SEEDS_OF_ROUND + episodes.length;
      episodes.push(...(await shadow(planner, demonstrationSeeds(cell, first, TOGETHER))));
    }
    return episodes;
  };
}

export async function demonstrate(seeds: readonly number[]): Promise<Episode[]> {
  const world = drivingWorld();
  const expert = drivingExpert(world, STYLE);
  const episodes: Episode[] = [];
  for (const seed of seeds) episodes.push(await rollout(world, expert, { seed }));
  return episodes;
}

/** The policy drives, and the expert says in every state what it would do. */
export const shadow = (planner: BatchActor, seeds: readonly number[], together = TOGETHER): Promise<Episode[]> =>
  supervise(() => drivingWorld(), planner, seeds, {
    together,
    makeSupervisor: (world) => coinSupervisor(drivingExpert(world as ReturnType<typeof drivingWorld>, STYLE), COIN),
  });

const COIN = { beta: 0, every: 1 } as const;

export const stepsOf = (episodes: readonly Episode[]): number => episodes.reduce((sum, { length }) => sum + length, 0);
