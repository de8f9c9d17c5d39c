/** What scores have in common: how they read moments, what they remember of an episode, how they are put together. */
import { pickRows } from "../../base/index.ts";
import type { Normaliser } from "../../datasets/index.ts";
import type { GateMoments, GateScore } from "../../rollouts/index.ts";
import type { Box, Horizons } from "../../world/index.ts";

/** A score that runs a model; `close` frees it. */
export interface OpenScore extends GateScore {
  close(): Promise<void>;
}

/** scale · x + offset, row by row `[…, D]`: actions are compared where all dimensions have one scale. */
export function normalised(values: Float32Array, { scale, offset }: Normaliser): Float32Array {
  const size = scale.length;
  return values.map((value, i) => value * scale[i % size] + offset[i % size]);
}

/** `[N, Da]`: what the policy is about to do in each moment; of a chunk that has ended, its last action. */
export function plannedActions(
  { chunks, places }: Pick<GateMoments, "chunks" | "places">,
  { horizons, action }: { readonly horizons: Horizons; readonly action: Pick<Box, "names"> },
): Float32Array {
  const { observationHorizon: To, predictionHorizon: Tp } = horizons;
  const size = action.names.length;
  const actions = new Float32Array(places.length * size);
  places.forEach((place, row) => {
    const from = (row * Tp + Math.min(To - 1 + place, Tp - 1)) * size;
    actions.set(chunks.subarray(from, from + size), row * size);
  });
  return actions;
}

/** Some of the rows. */
export function someOf(moments: GateMoments, rows: readonly number[]): GateMoments {
  const { histories, chunks, places, keys, episodes, steps, expert } = moments;
  if (rows.length === keys.length) return moments;
  const some = (values: Float32Array) => pickRows(values, values.length / keys.length, rows);
  return {
    histories: some(histories),
    chunks: some(chunks),
    places: Int32Array.from(rows, (row) => places[row]),
    keys: rows.map((row) => keys[row]),
    episodes: rows.map((row) => episodes[row]),
    steps: Int32Array.from(rows, (row) => steps[row]),
    expert: expert && some(expert),
  };
}

export interface Memory {
  /** Whether a chunk is judged once, where it was planned, and its reading holds until the next; else every moment is. */
  readonly oncePerPlan: boolean;
  /** Readings of an episode whose sum is read: 1 for the newest alone, Infinity for all of them. */
  readonly window: number;
}

/**
 * A score of one reading that remembers: `judge` gives a number for each moment that is to be judged, and what is read is
 * the sum of the newest of them in the episode. A moment in a chunk that was never judged has no reading.
 */
export function remembering(
  { oncePerPlan, window }: Memory,
  judge: (moments: GateMoments) => Promise<Float32Array>,
): Pick<GateScore, "start" | "read"> {
  if (!(window >= 1)) throw new RangeError(`window: found ${window}, expected 1 or more`);
  const memory = new Map<number, { sum: number; recent: number[] }>();
  return {
    start: (episode) => void memory.delete(episode),
    async read(moments) {
      const { places, episodes } = moments;
      const rows = [...places.keys()].filter((row) => !oncePerPlan || places[row] === 0);
      const judged = rows.length > 0 ? await judge(someOf(moments, rows)) : new Float32Array(0);
      rows.forEach((row, i) => {
        const own = memory.get(episodes[row]) ?? { sum: 0, recent: [] };
        own.recent.push(judged[i]);
        if (window === Number.POSITIVE_INFINITY) own.sum += own.recent.pop() ?? 0;
        else if (own.recent.length > window) own.recent.shift();
        memory.set(episodes[row], own);
      });
      return Float32Array.from(episodes, (episode) => {
        const own = memory.get(episode);
        return own ? own.recent.reduce((sum, value) => sum + value, own.sum) : Number.NaN;
      });
    },
  };
}

const ASKING = ["never", "driving", "always"] as const satisfies readonly GateScore["asksExpert"][];

/** Several scores as one: it has the readings of all, and asks the expert as often as the one that asks most. */
export function together(name: string, scores: readonly (GateScore & Partial<OpenScore>)[]): OpenScore {
  const readings = scores.flatMap((score) => score.readings);
  return {
    name,
    readings,
    asksExpert: ASKING[Math.max(...scores.map(({ asksExpert }) => ASKING.indexOf(asksExpert)))],
    start(episode) {
      for (const score of scores) score.start(episode);
    },
    async read(moments) {
      const count = moments.keys.length;
      const all = new Float32Array(count * readings.length);
      let column = 0;
      for (const score of scores) {
        const width = score.readings.length;
        const own = await score.read(moments);
        for (let row = 0; row < count; row++) {
          all.set(own.subarray(row * width, (row + 1) * width), row * readings.length + column);
        }
        column += width;
      }
      return all;
    },
    async close() {
      for (const score of scores) await score.close?.();
    },
  };
}
