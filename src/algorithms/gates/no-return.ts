/**
 * Points of no return: from which step of a failed episode on the expert could not have saved it any more. Found by forking
 * the world along the episode and letting the expert drive on (docs/algorithms/gates.md, "Recoverability").
 */
import { foldIn, type Key, randomStream } from "../../base/index.ts";
import { type Actor, clampTo, type Episode, type Observation, type World } from "../../world/index.ts";

export interface NoReturnOptions {
  /** A world of the episode's spec, and an expert that looks into that one and answers at once. */
  readonly world: World;
  readonly expert: Actor;
  /** s within which the expert has to have failed; what goes on longer is saved. Default 5. */
  readonly within?: number;
  /** Forks of each step, and how many of them the expert has to fail in; default 8 of 10. */
  readonly forks?: number;
  readonly lost?: number;
  /** Steps from one that is looked at to the next; default 2. */
  readonly stride?: number;
  /** Standard deviation of what the expert's hand adds to its actions, in half ranges of them: what forks differ by. Default 0.05. */
  readonly unsteadiness?: number;
  readonly key: Key;
}

export interface NoReturn {
  /** The first step looked at from which the expert is lost, in the stretch before the failure; the length where it never is. */
  readonly step: number;
  /** Steps that were simulated in the forks, and to get there. */
  readonly simulated: number;
}

/**
 * Looks from the failure backwards, so that a danger that was passed earlier does not count. Throws RangeError for an episode
 * that no failure ended, and where the world does not repeat it.
 */
export function pointOfNoReturn(episode: Episode, options: NoReturnOptions): NoReturn {
  const { world, expert, within = 5, forks = 10, lost = 8, stride = 2, unsteadiness = 0.05, key } = options;
  if (!episode.terminated || episode.info.success) throw new RangeError("no return: expected an episode that failed");
  const { action: space, controlRate } = world.spec;
  const size = space.names.length;
  const moments: { step: number; snapshot: ReturnType<World["snapshot"]>; observation: Observation }[] = [];
  let { observation } = world.reset(episode.seed);
  let ended = false;
  for (let step = 0; step < episode.length; step++) {
    if (step % stride === 0) moments.push({ step, snapshot: world.snapshot(), observation });
    const result = world.step(episode.action.slice(step * size, (step + 1) * size));
    observation = result.observation;
    ended = result.terminated;
  }
  if (!ended) throw new RangeError("no return: the world does not repeat the episode");
  let simulated = episode.length;
  const most = Math.round(within * controlRate);
  const deviations = space.low.map((low, i) => (unsteadiness * (space.high[i] - low)) / 2);

  const fails = ({ snapshot, observation: first }: (typeof moments)[number], own: Key): boolean => {
    const hand = randomStream(own);
    world.restore(snapshot);
    let seen = first;
    for (let step = 0; step < most; step++) {
      const wanted = expert.act(seen) as Float32Array;
      const result = world.step(
        clampTo(
          space,
          wanted.map((value, i) => value + deviations[i] * hand.normal()),
        ),
      );
      simulated += 1;
      if (result.terminated || result.truncated) return !result.info.success;
      seen = result.observation;
    }
    return false;
  };
  const isLost = (moment: (typeof moments)[number]): boolean => {
    let [failed, saved] = [0, 0];
    for (let fork = 0; failed < lost && saved <= forks - lost; fork++) {
      expert.reset(episode.seed);
      if (fails(moment, foldIn(foldIn(key, moment.step), fork))) failed += 1;
      else saved += 1;
    }
    return failed >= lost;
  };
  let first = episode.length;
  for (const moment of moments.toReversed()) {
    if (!isLost(moment)) break;
    first = moment.step;
  }
  return { step: first, simulated };
}
