/**
 * What a policy might do, drawn beside what it does: many chunks at each plan, for its gate and for the eye. They come when
 * they come: no step waits for them. The gate is STAC as the server calibrates it, whose reading holds until the next is there.
 */
import {
  type Gate,
  type GateMoments,
  type GateScore,
  type Key,
  noiseOf,
  randomKey,
  STUDIO_JUDGING,
  stac,
} from "apprentice";
import type { OpenPolicy } from "./policy-client.ts";

/** Chunks [S, Tp, Da] that were drawn at a history, in the task's units. */
export interface Drawn {
  readonly history: Float32Array;
  readonly chunks: Float32Array;
}

export interface Sampling {
  /** Null where there is no threshold, or nothing to draw. */
  readonly gate: Gate | null;
  /** Chunks at this history: those that are there; otherwise, and null, they are drawn soon. */
  at(history: Float32Array): Drawn | null;
  close(): void;
}

/** Histories whose chunks are kept: one for each of nine lanes, and a few. */
const KEPT = 12;
const READING = "inconsistency";

interface Wish {
  readonly history: Float32Array;
  readonly key: Key;
  /** Who reads them; nobody where they are for the eye alone. */
  readonly moment: { readonly episode: number; readonly moments: GateMoments } | null;
}

export function createSampling(policy: OpenPolicy): Sampling {
  const { metadata, threshold, scale } = policy;
  const { samples, window } = STUDIO_JUDGING;
  const { horizons, noiseSize, action } = metadata;
  const isSampled = noiseSize > 0;
  const kept: Drawn[] = [];
  /** The newest wish of each episode, in the order in which they began to wait; those for the eye count as one. */
  const wishes = new Map<number, Wish>();
  let underWay: Wish | null = null;
  let closed = false;

  /** The chunks that the score looks at, once they have been drawn. */
  let atHand = new Float32Array(0);
  const score = stac(
    {
      samples,
      horizons,
      actionSize: action.names.length,
      draw: async () => (scale ? normalised(atHand, scale) : atHand),
      close: async () => {},
    },
    { window },
  );
  /** The last reading of each episode; an episode that begins anew has another number of times that it began. */
  const readings = new Map<number, number>();
  const begun = new Map<number, number>();

  async function work(): Promise<void> {
    if (underWay) return;
    for (const [slot, wish] of wishes) {
      wishes.delete(slot);
      underWay = wish;
      await fulfil(wish).catch(() => {
        // Where the policy fails, its plans fail too, and the session says so.
      });
    }
    underWay = null;
  }

  async function fulfil({ history, key, moment }: Wish): Promise<void> {
    const { episode = 0, moments } = moment ?? {};
    const times = begun.get(episode);
    const chunks = await policy.draw(history, noiseOf(key, samples * noiseSize));
    kept.push({ history, chunks });
    if (kept.length > KEPT) kept.shift();
    if (!moments || begun.get(episode) !== times) return;
    atHand = chunks as Float32Array<ArrayBuffer>;
    const [reading] = await score.read(moments);
    readings.set(episode, reading);
  }

  const wish = (slot: number, one: Wish) => {
    if (closed) return;
    wishes.set(slot, one);
    void work();
  };

  const gateScore: GateScore = {
    name: "stac",
    readings: [READING],
    asksExpert: "never",
    start(episode) {
      begun.set(episode, (begun.get(episode) ?? 0) + 1);
      readings.delete(episode);
      wishes.delete(episode);
      score.start(episode);
    },
    read(moments) {
      const size = moments.histories.length / moments.keys.length;
      moments.episodes.forEach((episode, row) => {
        if (moments.places[row] !== 0) return;
        const history = moments.histories.slice(row * size, (row + 1) * size);
        const alone = momentOf(moments, row, history);
        wish(episode, { history, key: moments.keys[row], moment: { episode, moments: alone } });
      });
      // 0 is what the score itself reads at an episode's first plan.
      return Float32Array.from(moments.episodes, (episode) => readings.get(episode) ?? 0);
    },
  };

  return {
    gate:
      isSampled && threshold !== null && scale
        ? { score: gateScore, rule: { thresholds: { [READING]: threshold } }, reads: "step" }
        : null,
    at(history) {
      if (!isSampled) return null;
      const found = kept.find((one) => isSame(one.history, history));
      const wished = underWay ? [underWay, ...wishes.values()] : [];
      const isWished = wished.some((one) => isSame(one.history, history));
      if (!found && !isWished) wish(EYE, { history: history.slice(), key: randomKey(0), moment: null });
      return found ?? null;
    },
    close() {
      closed = true;
      wishes.clear();
    },
  };
}

/** A place among the wishes that no episode has. */
const EYE = -1;

/** One row, as the moments of it alone. */
function momentOf(moments: GateMoments, row: number, history: Float32Array): GateMoments {
  const width = moments.chunks.length / moments.keys.length;
  return {
    histories: history,
    chunks: moments.chunks.slice(row * width, (row + 1) * width),
    places: Int32Array.of(moments.places[row]),
    keys: [moments.keys[row]],
    episodes: [moments.episodes[row]],
    steps: Int32Array.of(moments.steps[row]),
    expert: null,
  };
}

const normalised = (values: Float32Array, { scale, offset }: { scale: Float32Array; offset: Float32Array }) =>
  values.map((value, i) => value * scale[i % scale.length] + offset[i % scale.length]);

/** Whether they hold the same numbers. */
export const isSame = (one: Float32Array, other: Float32Array): boolean =>
  one.length === other.length && one.every((value, i) => value === other[i]);
