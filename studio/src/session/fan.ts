/** Says what the policy in focus might do, once for each of its plans, where the page wants to draw it. */
import type { LivePolicy, LiveSession } from "apprentice";
import type { FromSession } from "./messages.ts";
import type { Driver } from "./policies.ts";
import { isSame } from "./sampling.ts";

/** After a step: says what is new of the plan under way. */
export type FanPoster = (session: LiveSession, drivers: ReadonlyMap<LivePolicy, Driver>) => void;

export function postFans(post: (message: FromSession) => void): FanPoster {
  /** The plan that was told last, and whether what else it might have been was told with it. */
  let told: { readonly history: Float32Array; readonly isDrawn: boolean } | null = null;
  return (session, drivers) => {
    const plan = session.plan();
    if (!plan) return;
    const { lanes, focus } = session.view();
    const version = lanes[focus].policyVersion;
    const driver = [...drivers.values()].find(({ live }) => live.version === version);
    if (!driver) return;
    const drawn = driver.sampling.at(plan.history);
    const isNews = !told || !isSame(told.history, plan.history);
    if (!isNews && (told?.isDrawn || !drawn)) return;
    told = { history: plan.history.slice(), isDrawn: drawn !== null };
    const { predictionHorizon: Tp, observationHorizon } = driver.live.planner.horizons;
    const size = plan.chunk.length / Tp;
    const [planned] = nested(plan.chunk, Tp, size);
    const chunks = drawn ? nested(drawn.chunks, Tp, size) : [];
    post({ kind: "fan", step: plan.step, first: observationHorizon - 1, planned, chunks });
  };
}

/** [S, Tp, Da] as lists. */
function nested(chunks: Float32Array, steps: number, size: number): number[][][] {
  return Array.from({ length: chunks.length / (steps * size) }, (_, sample) =>
    Array.from({ length: steps }, (_, step) => {
      const from = (sample * steps + step) * size;
      return [...chunks.subarray(from, from + size)];
    }),
  );
}
