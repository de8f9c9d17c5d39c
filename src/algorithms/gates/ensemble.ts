/**
 * Doubt of an ensemble: where members that were trained alike disagree, the data said little. Actions are compared in
 * normalised numbers; over a chunk the doubt is the mean over the Ta actions that would be executed. With one-step
 * policies that are normalised by unit ranges, these are the papers' own.
 */
import type { EnsembleActor } from "../../policies/index.ts";
import type { GateMoments, GateScore } from "../../rollouts/index.ts";
import { normalised } from "./score.ts";

/** HG-DAgger (Kelly et al. 2019): the L2 norm of the actions' variances, each with K - 1. */
export function hgDaggerDoubt(actor: EnsembleActor): GateScore {
  return doubt("hg-dagger", actor, (variances) =>
    Math.hypot(...variances.map((v) => (v * actor.members) / (actor.members - 1))),
  );
}

/** ThriftyDAgger's novelty (Hoque et al. 2021): the mean of the actions' variances, each with K. */
export function thriftyNovelty(actor: EnsembleActor): GateScore {
  return {
    ...doubt("thrifty-dagger", actor, (variances) => sumOf(variances) / variances.length),
    readings: ["novelty"],
  };
}

/**
 * EnsembleDAgger (Menda et al. 2018): `discrepancy`, the squared distance of the mean action from the expert's, who is
 * asked in every moment, and `doubt`, the sum of the actions' variances, each with K.
 */
export function ensembleDagger(actor: EnsembleActor): GateScore {
  const variance = doubt("ensemble-dagger", actor, sumOf);
  return {
    ...variance,
    readings: ["discrepancy", "doubt"],
    asksExpert: "always",
    async read(moments) {
      const chunks = await actor.planEach(moments.histories, moments.keys);
      const [apart, doubts] = [discrepancies(actor, chunks, moments), doubtsOf(actor, chunks, sumOf)];
      return Float32Array.from({ length: 2 * apart.length }, (_, i) => (i % 2 === 0 ? apart : doubts)[i >> 1]);
    },
  };
}

/** How far the mean action is from the expert's while the expert drives: ThriftyDAgger hands back where it is small. */
export function ensembleDiscrepancy(actor: EnsembleActor): GateScore {
  return {
    ...doubt("ensemble-discrepancy", actor, sumOf),
    readings: ["discrepancy"],
    asksExpert: "driving",
    async read(moments) {
      if (!moments.expert) return new Float32Array(moments.keys.length).fill(Number.NaN);
      return discrepancies(actor, await actor.planEach(moments.histories, moments.keys), moments);
    },
  };
}

/**
 * HG-DAgger's learned threshold: the mean of the last quarter, in time order, of the doubts at which the expert took over.
 * Throws RangeError where there are none.
 */
export function doubtAtTakeOver(doubts: readonly number[]): number {
  const last = doubts.slice(Math.floor(0.75 * doubts.length));
  if (last.length === 0) throw new RangeError("doubts: found no intervention, expected at least one");
  return sumOf(last) / last.length;
}

type Summary = (variances: readonly number[]) => number;

/** The mean over the executed actions of what `summary` makes of their variances `[Da]`, each with K. */
function doubt(name: string, actor: EnsembleActor, summary: Summary): GateScore {
  if (actor.members < 2)
    throw new RangeError(`${name}: found an ensemble of ${actor.members}, expected 2 members or more`);
  return {
    name,
    readings: ["doubt"],
    asksExpert: "never",
    start: () => {},
    read: async ({ histories, keys }) => doubtsOf(actor, await actor.planEach(histories, keys), summary),
  };
}

/** `[N]`, from chunks `[K, N, Tp, Da]`. */
function doubtsOf({ members, spec }: EnsembleActor, chunks: Float32Array, summary: Summary): Float32Array {
  const { observationHorizon: To, predictionHorizon: Tp, actionHorizon: Ta } = spec.horizons;
  const size = spec.action.names.length;
  const values = normalised(chunks, spec.action.normaliser);
  const count = chunks.length / (members * Tp * size);
  return Float32Array.from({ length: count }, (_, row) => {
    let sum = 0;
    for (let place = To - 1; place < To - 1 + Ta; place++) {
      const variances = Array.from({ length: size }, (_, i) =>
        varianceAt(values, (row * Tp + place) * size + i, members),
      );
      sum += summary(variances);
    }
    return sum / Ta;
  });
}

/** Of the same number of each member. */
function varianceAt(values: Float32Array, at: number, members: number): number {
  const stride = values.length / members;
  let mean = 0;
  for (let k = 0; k < members; k++) mean += values[k * stride + at] / members;
  let squares = 0;
  for (let k = 0; k < members; k++) squares += (values[k * stride + at] - mean) ** 2;
  return squares / members;
}

/** `[N]`: ‖mean action - expert's‖², NaN where the expert was not asked. */
function discrepancies({ members, spec }: EnsembleActor, chunks: Float32Array, { expert }: GateMoments): Float32Array {
  const { observationHorizon: To, predictionHorizon: Tp } = spec.horizons;
  const size = spec.action.names.length;
  const { scale } = spec.action.normaliser;
  const stride = chunks.length / members;
  return Float32Array.from({ length: stride / (Tp * size) }, (_, row) => {
    let square = 0;
    for (let i = 0; i < size; i++) {
      let mean = 0;
      for (let k = 0; k < members; k++) mean += chunks[k * stride + (row * Tp + To - 1) * size + i] / members;
      square += ((mean - (expert?.[row * size + i] ?? Number.NaN)) * scale[i]) ** 2;
    }
    return square;
  });
}

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}
