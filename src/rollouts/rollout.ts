/** An actor alone in an environment: observe, act, clamp, step, record. */
import type { Actor, Environment, Episode } from "../world/index.ts";
import { isLater } from "./later.ts";
import { type Beginning, type Outcome, type Recording, recordEpisode, recordOutcome } from "./recording.ts";

/** One episode of `actor` in `environment`, both reset with `seed`. Throws Error for an action that is not finite. */
export function rollout(environment: Environment, actor: Actor, { seed }: { seed: number }): Promise<Episode> {
  return rolloutAlone(environment, actor, seed, recordEpisode);
}

/** The same, of which nothing is kept but how it went. */
export function rolloutForOutcome(
  environment: Environment,
  actor: Actor,
  { seed }: { seed: number },
): Promise<Outcome> {
  return rolloutAlone(environment, actor, seed, recordOutcome);
}

async function rolloutAlone<Kept>(
  environment: Environment,
  actor: Actor,
  seed: number,
  record: (beginning: Beginning) => Recording<Kept>,
): Promise<Kept> {
  const { spec } = environment;
  const { controller } = actor;
  actor.reset(seed);
  const recording = record({ spec, seed, actor, first: await environment.reset(seed) });
  while (!recording.ended) {
    const proposed = actor.act(recording.observation);
    const executed = recording.admit(isLater(proposed) ? await proposed : proposed);
    const result = environment.step(executed);
    recording.add({ executed, chunkPlace: 0, controller }, isLater(result) ? await result : result);
  }
  return recording.kept();
}
