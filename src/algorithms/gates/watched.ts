/** A policy watched: what a gate would have seen in its episodes, kept so that any score can be read from it afterwards. */
import { joined, type Key } from "../../base/index.ts";
import { type GateMoments, type GateScore, type Supervisor, supervise } from "../../rollouts/index.ts";
import type { BatchActor, Environment, Episode } from "../../world/index.ts";
import type { Foreseen } from "./recoverability.ts";

/** What there was to see in one episode, oldest first. */
interface Seen {
  readonly histories: Float32Array[];
  readonly chunks: Float32Array[];
  readonly places: number[];
  readonly keys: Key[];
  readonly steps: number[];
}

export interface Watched {
  readonly episode: Episode;
  readonly seen: Seen;
}

export interface WatchOptions {
  readonly makeEnvironment: () => Environment;
  readonly planner: BatchActor;
  readonly seeds: readonly number[];
  readonly reads: "step" | "plan";
  readonly makeSupervisor?: (environment: Environment) => Supervisor;
  readonly signal?: AbortSignal;
}

/** Environments side by side. */
const TOGETHER = 64;

/** One episode per seed, in the order of `seeds`. */
export async function watch({ makeEnvironment, planner, seeds, reads, ...rest }: WatchOptions): Promise<Watched[]> {
  const seen = seeds.map((): Seen => ({ histories: [], chunks: [], places: [], keys: [], steps: [] }));
  const score: GateScore = {
    name: "record",
    readings: ["nothing"],
    asksExpert: "never",
    start: () => {},
    read({ histories, chunks, places, keys, episodes, steps }) {
      rest.signal?.throwIfAborted();
      const [wide, long] = [histories.length / keys.length, chunks.length / keys.length];
      episodes.forEach((episode, row) => {
        seen[episode].histories.push(histories.slice(row * wide, (row + 1) * wide));
        seen[episode].chunks.push(chunks.slice(row * long, (row + 1) * long));
        seen[episode].places.push(places[row]);
        seen[episode].keys.push(keys[row]);
        seen[episode].steps.push(steps[row]);
      });
      return new Float32Array(keys.length);
    },
  };
  const gate = { score, rule: { thresholds: { nothing: 1 } }, reads };
  const { makeSupervisor } = rest;
  const episodes = await supervise(makeEnvironment, planner, seeds, { gate, together: TOGETHER, makeSupervisor });
  return episodes.map((episode, i) => ({ episode, seen: seen[i] }));
}

/** The same where plans were made alone: what a gate sees that does not read in every step. */
export function plansOf(watched: readonly Watched[]): Watched[] {
  return watched.map(({ episode, seen }) => {
    const rows = [...seen.places.keys()].filter((row) => seen.places[row] === 0);
    const some = <T>(values: readonly T[]) => rows.map((row) => values[row]);
    const { histories, chunks, places, keys, steps } = seen;
    const plans = { histories: some(histories), chunks: some(chunks), places: some(places) };
    return { episode, seen: { ...plans, keys: some(keys), steps: some(steps) } };
  });
}

/** What a score reads in each episode, a course for each of its readings. */
export async function readingsOf(
  score: GateScore,
  watched: readonly Watched[],
): Promise<Record<string, Float64Array[]>> {
  const found: Record<string, Float64Array[]> = Object.fromEntries(
    score.readings.map((name) => [name, watched.map(({ seen }) => new Float64Array(seen.steps.length))]),
  );
  for (let start = 0; start < watched.length; start += TOGETHER) {
    const group = watched.slice(start, start + TOGETHER).map((_, i) => start + i);
    for (const episode of group) score.start(episode);
    for (let number = 0; ; number++) {
      const rows = group.filter((episode) => number < watched[episode].seen.steps.length);
      if (rows.length === 0) break;
      const read = await score.read(momentsAt(watched, rows, number));
      rows.forEach((episode, row) => {
        score.readings.forEach((name, i) => {
          found[name][episode][number] = read[row * score.readings.length + i];
        });
      });
    }
  }
  return found;
}

function momentsAt(watched: readonly Watched[], episodes: readonly number[], number: number): GateMoments {
  const all = episodes.map((episode) => watched[episode].seen);
  return {
    histories: joined(
      Float32Array,
      all.map(({ histories }) => histories[number]),
    ),
    chunks: joined(
      Float32Array,
      all.map(({ chunks }) => chunks[number]),
    ),
    places: Int32Array.from(all, ({ places }) => places[number]),
    keys: all.map(({ keys }) => keys[number]),
    episodes,
    steps: Int32Array.from(all, ({ steps }) => steps[number]),
    expert: null,
  };
}

/** s before the step that is foreseen within which every step of an episode is learned from; of the others, every other. */
const DENSE = 4;

/**
 * Moments of episodes, and how long each is before the step that is given for its episode: Infinity where there is none,
 * null where nobody knows, and nothing is learned from it.
 */
export function foreseenIn(watched: readonly Watched[], steps: readonly (number | null)[]): Foreseen {
  const rows = watched.flatMap(({ episode, seen }, i) => {
    const until = steps[i];
    if (until === null) return [];
    const leftAt = (step: number) => (until - step) / episode.spec.controlRate;
    return seen.steps.flatMap((step, row) =>
      step % 2 === 0 || leftAt(step) <= DENSE ? [{ seen, row, left: leftAt(step) }] : [],
    );
  });
  return {
    histories: joined(
      Float32Array,
      rows.map(({ seen, row }) => seen.histories[row]),
    ),
    chunks: joined(
      Float32Array,
      rows.map(({ seen, row }) => seen.chunks[row]),
    ),
    places: rows.map(({ seen, row }) => seen.places[row]),
    left: rows.map(({ left }) => left),
  };
}
