/** An episode run again, exactly, from its seed (or the snapshot it was forked at) and its recorded actions. */
import type { EpisodeDetail, Info, Snapshot, World } from "apprentice";

/** A recording that does not say what the world does: the first step at which they part, and how, in one line. */
export interface Parting {
  readonly step: number;
  readonly reason: string;
}

/** L steps have L + 1 moments: moment k is the world before step k, the last is the end. */
export interface Replay {
  readonly moments: readonly Snapshot[];
  readonly infos: readonly Info[];
  /** Null where all of the recording came about again. */
  readonly parting: Parting | null;
}

export type ToReplay = Pick<EpisodeDetail, "seed" | "info" | "steps" | "actions" | "reward">;

/**
 * `breathe` is called with each moment, and waited for where it says so: the page stays alive. What cannot be replayed is
 * told in `parting`; the moments before it are there.
 */
export async function replayEpisode(
  world: World,
  episode: ToReplay,
  breathe: (moments: number) => Promise<void> | undefined = () => undefined,
): Promise<Replay> {
  const moments: Snapshot[] = [];
  const infos: Info[] = [];
  const parted = (step: number, reason: string): Replay => ({ moments, infos, parting: { step, reason } });

  let info = world.reset(episode.seed).info;
  if (typeof episode.info.snapshot === "string") {
    try {
      info = world.restore(JSON.parse(episode.info.snapshot)).info;
    } catch (error) {
      return parted(0, `its snapshot cannot be read: ${(error as Error).message}`);
    }
  }
  moments.push(world.snapshot());
  infos.push(info);
  for (let step = 0; step < episode.steps; step++) {
    const action = episode.actions[step];
    if (!action)
      return parted(step, `${episode.steps} steps were recorded, ${episode.actions.length} actions are there`);
    let reward: number;
    try {
      ({ reward, info } = world.step(Float32Array.from(action)));
    } catch (error) {
      return parted(step, (error as Error).message);
    }
    // Rewards are a fine check of the whole state: they change with every part of it that matters.
    if (Math.fround(reward) !== Math.fround(episode.reward[step])) {
      return parted(step, `the reward was ${episode.reward[step]} when it was recorded, and is ${reward} now`);
    }
    moments.push(world.snapshot());
    infos.push(info);
    await breathe(moments.length);
  }
  return { moments, infos, parting: null };
}

/** Lets the page live: every 8 ms, at most, it gets its turn. */
export function breather(
  progress: (moments: number) => void,
  isWanted: () => boolean,
): (moments: number) => Promise<void> | undefined {
  let since = performance.now();
  return (moments) => {
    if (performance.now() - since < 8) return undefined;
    progress(moments);
    return new Promise((resolve, reject) =>
      setTimeout(() => {
        since = performance.now();
        if (isWanted()) resolve();
        else reject(new DOMException("another episode was chosen", "AbortError"));
      }),
    );
  };
}
