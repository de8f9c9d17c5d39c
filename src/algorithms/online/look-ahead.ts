/**
 * Labels of whole chunks: an expert cannot say what it would do in the future of a state that it does not drive into, but
 * where the world can be forked, it drives there (ALGORITHMS.md 5.5). Each such drive is kept as a short episode of its own.
 */
import {
  type Actor,
  clampTo,
  type Episode,
  episodeOf,
  type Observation,
  type Step,
  type World,
} from "../../world/index.ts";

export interface LookAheadOptions {
  /** A second world of the same spec, and an expert that looks into that one and answers at once. */
  readonly fork: World;
  readonly expert: Actor;
  /** Steps that are driven: at least as many as a chunk plans ahead. */
  readonly steps: number;
}

/** How the expert would go on from the present state of `world`, whose observation is given: the columns of an episode. */
export function lookAhead(
  world: World,
  observation: Observation,
  { fork, expert, steps, seed }: LookAheadOptions & { readonly seed: number },
): Episode {
  fork.restore(world.snapshot());
  const { action, controlRate } = fork.spec;
  const taken: Step[] = [];
  let info = { success: false } as Episode["info"];
  for (let step = 0; step < steps; step++) {
    const executed = clampTo(action, expert.act(observation) as Float32Array);
    const result = fork.step(executed);
    const { reward, terminated, truncated } = result;
    const time = step / controlRate;
    taken.push({
      observation,
      action: executed,
      controller: "expert",
      chunkPlace: 0,
      reward,
      terminated,
      truncated,
      time,
    });
    info = result.info;
    if (terminated || truncated) break;
    observation = result.observation;
  }
  return episodeOf({ spec: fork.spec, seed, actor: expert.name, info }, taken);
}
