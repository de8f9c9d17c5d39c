/**
 * Consistency in time (STAC: Agia et al. 2024, "Sentinel"): whether what the policy might do now goes with what it might
 * have done when it planned last, where the two plans overlap.
 */
import { joined } from "../../base/index.ts";
import type { GateMoments } from "../../rollouts/index.ts";
import type { Draws, Sampler } from "./samples.ts";
import { type OpenScore, remembering } from "./score.ts";

/** What was drawn at an episode's last plan. */
interface Drawn {
  readonly step: number;
  /** `[S, Tp, Da]`. */
  readonly chunks: Float32Array;
}

/**
 * Reads `inconsistency`, the squared maximum mean discrepancy between the samples of two plans that follow one another, over
 * the steps that both plan; 0 where they have none in common, and at first. It is added up over the newest `window` plans of
 * the episode; default all of them, as in the paper, whose episodes all last equally long.
 */
export function stac(
  sampler: Sampler | Draws,
  { window = Number.POSITIVE_INFINITY }: { window?: number } = {},
): OpenScore {
  const { horizons, actionSize: size } = "policy" in sampler ? sizesOf(sampler) : sampler;
  const { observationHorizon: To, predictionHorizon: Tp } = horizons;
  const memory = new Map<number, Drawn>();

  /** The steps from `first` on, so many of them, of every sample: `[S, steps · Da]`. */
  const part = (chunks: Float32Array, first: number, steps: number) => {
    const picked = new Float32Array(sampler.samples * steps * size);
    for (let s = 0; s < sampler.samples; s++) {
      const from = (s * Tp + first) * size;
      picked.set(chunks.subarray(from, from + steps * size), s * steps * size);
    }
    return picked;
  };

  const judge = async ({ histories, keys, episodes, steps }: GateMoments) => {
    const drawn = await sampler.draw(histories, keys);
    const width = drawn.length / keys.length;
    return Float32Array.from(episodes, (episode, row) => {
      const chunks = drawn.slice(row * width, (row + 1) * width);
      const before = memory.get(episode);
      memory.set(episode, { step: steps[row], chunks });
      // index To - 1 of a chunk belongs to the step in which it was planned
      const shift = before ? steps[row] - before.step : Tp;
      const common = Tp - (To - 1) - shift;
      if (!before || common <= 0) return 0;
      const [earlier, later] = [part(before.chunks, To - 1 + shift, common), part(chunks, To - 1, common)];
      return squaredDiscrepancy(earlier, later, common * size);
    });
  };
  const remembered = remembering({ oncePerPlan: true, window }, judge);

  return {
    name: "stac",
    readings: ["inconsistency"],
    asksExpert: "never",
    start(episode) {
      memory.delete(episode);
      remembered.start(episode);
    },
    read: remembered.read,
    close: () => sampler.close(),
  };
}

const sizesOf = ({ policy: { spec } }: Sampler): Pick<Draws, "horizons" | "actionSize"> => ({
  horizons: spec.horizons,
  actionSize: spec.action.names.length,
});

/**
 * MMD² of two sets of points `[S, size]` with the kernel exp(-γ d²), its biased form, which is never below 0 (Gretton et al.
 * 2012, eq. 5). γ is 1 / (2 · the median of the positive d² of all pairs) where it is not given; 0 where all points agree.
 */
export function squaredDiscrepancy(x: Float32Array, y: Float32Array, size: number, gamma?: number): number {
  const [m, n] = [x.length / size, y.length / size];
  const squares = pairwiseSquares(joined(Float32Array, [x, y]), size);
  const scale = gamma ?? bandwidth(squares);
  if (scale === null) return 0;
  // each pair of one set counts twice, and each point with itself is 1
  let [withinX, withinY, between, pair] = [m, n, 0, 0];
  for (let i = 0; i < m + n; i++) {
    for (let j = 0; j < i; j++) {
      const k = Math.exp(-scale * squares[pair++]);
      if (i < m) withinX += 2 * k;
      else if (j >= m) withinY += 2 * k;
      else between += k;
    }
  }
  return Math.max(0, withinX / (m * m) + withinY / (n * n) - (2 * between) / (m * n));
}

/** The squared distances of points j < i, in the order of i, then j. */
function pairwiseSquares(points: Float32Array, size: number): Float64Array {
  const count = points.length / size;
  const squares = new Float64Array((count * (count - 1)) / 2);
  for (let i = 0, pair = 0; i < count; i++) {
    for (let j = 0; j < i; j++, pair++) {
      for (let column = 0; column < size; column++) {
        const difference = points[i * size + column] - points[j * size + column];
        squares[pair] += difference * difference;
      }
    }
  }
  return squares;
}

function bandwidth(squares: Float64Array): number | null {
  const positive = squares.filter((square) => square > 0).sort();
  if (positive.length === 0) return null;
  const half = positive.length >> 1;
  const median = positive.length % 2 === 1 ? positive[half] : (positive[half - 1] + positive[half]) / 2;
  return 1 / (2 * median);
}
