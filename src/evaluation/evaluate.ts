/** Success over fixed seeds: the same seeds give every policy the same starts and the same random streams. */
import { type Execution, rolloutManyForOutcomes } from "../rollouts/index.ts";
import type { BatchActor, Environment } from "../world/index.ts";
import { type Evaluation, seedResult, summarise } from "./summary.ts";

export interface EvaluationRequest {
  readonly makeEnvironment: () => Environment;
  readonly planner: BatchActor;
  /** Distinct; to compare two policies, give both the same. */
  readonly seeds: readonly number[];
  /** How many environments advance together, and the largest batch that the planner sees. */
  readonly together?: number;
  /** How chunks are executed; default: receding horizon. */
  readonly execution?: Execution;
  /** After each episode. */
  readonly onProgress?: (episodes: number, total: number) => void;
}

/** One rollout per seed, judged. Throws RangeError for no seed, and for one that comes twice. */
export async function evaluate({
  makeEnvironment,
  planner,
  seeds,
  together = 256,
  execution,
  onProgress,
}: EvaluationRequest): Promise<Evaluation> {
  checkSeeds(seeds);
  const options = { together, execution, onProgress };
  const outcomes = await rolloutManyForOutcomes(makeEnvironment, planner, seeds, options);
  return summarise(makeEnvironment().spec, planner.name, outcomes.map(seedResult));
}

/** Throws RangeError where there is no seed, or one comes twice. */
export function checkSeeds(seeds: readonly number[]): void {
  if (seeds.length === 0) throw new RangeError("evaluation: found no seeds, expected at least one");
  if (new Set(seeds).size !== seeds.length)
    throw new RangeError("evaluation: a seed comes twice, expected distinct seeds");
}
