/** The work of a thread (src/workers): one policy and all detectors on its episodes; the other kind is in gated-cell.ts. */
import {
  chunkEntropy,
  diffusionLossScore,
  distillationNovelty,
  hgDaggerDoubt,
  neighbourDistance,
  openSampler,
  readingsOf,
  recoverability,
  safeDagger,
  stac,
  thriftyNovelty,
  thriftyRisk,
  together,
  type Watched,
} from "../../algorithms/index.ts";
import { wilson } from "../../base/index.ts";
import {
  aurocDifference,
  calibrate,
  judgeDetector,
  levels,
  separation,
  thresholdAt,
  type WatchedEpisode,
} from "../../evaluation/index.ts";
import { openEnsemble } from "../../policies/index.ts";
import type { GateScore } from "../../rollouts/index.ts";
import { nodeRuntime } from "../../runtime/node.ts";
import type { Work, WorkContext } from "../../workers/index.ts";
import { type CellRows, rateOf } from "../cells.ts";
import { runGated } from "./gated-cell.ts";
import { demonstrate, learnBeside, learnEnsemble, learnPolicy, noReturns, watchPolicy } from "./learn.ts";
import { ALPHAS, type Cell, type DetectorsCell, LEVELS, SAMPLES, WINDOW } from "./settings.ts";

export const work = (): Work<Cell, CellRows> => ({
  run: (cell, context) => (cell.kind === "gated" ? runGated(cell, context) : runDetectors(cell, context)),
});

/** What a score learned from besides the demonstrations that the policy was cloned from. */
type Saw = "nothing" | "own episodes" | "own episodes, labelled" | "own episodes, forks";

interface Detector {
  readonly name: string;
  readonly score: GateScore;
  readonly reading: string;
  readonly saw: Saw;
}

/** The detector that the others are compared with: ours. */
export const OURS = "recoverability";

type Readings = Awaited<ReturnType<typeof readingsOf>>;

async function runDetectors(cell: DetectorsCell, { report, signal }: WorkContext): Promise<CellRows> {
  const runtime = nodeRuntime({ threads: 1 });
  const stage = (name: string) => {
    signal.throwIfAborted();
    report({ stage: name });
  };
  const dataset = await demonstrate(cell);
  const policy = await learnPolicy(cell, dataset, runtime);
  stage("policy");
  const { own, calibration, judged } = await watchPolicy(cell, policy, runtime, signal);
  stage("watched");
  const ensemble = await openEnsemble(runtime, await learnEnsemble(cell, dataset, policy, runtime));
  const beside = await learnBeside(cell, policy, { dataset, own }, runtime);
  stage("learned");
  const sampler = await openSampler(runtime, policy, { samples: SAMPLES, batch: 16 });
  const detector = (name: string, saw: Saw, score: GateScore): Detector => ({
    name,
    saw,
    score,
    reading: score.readings[0],
  });
  // both look at the same draws
  const drawing = together("drawing", [stac(sampler, { window: WINDOW }), chunkEntropy(sampler)]);
  const detectors: Detector[] = [
    detector("ensemble doubt", "nothing", hgDaggerDoubt(ensemble)),
    detector("ensemble novelty", "nothing", thriftyNovelty(ensemble)),
    detector("classifier", "own episodes, labelled", await safeDagger(runtime, beside.classifier)),
    detector("risk", "own episodes", await thriftyRisk(runtime, beside.risk)),
    detector("diffusion loss", "nothing", await diffusionLossScore(runtime, policy, { levels: LEVELS })),
    { name: "STAC", saw: "nothing", score: drawing, reading: "inconsistency" },
    { name: "entropy", saw: "nothing", score: drawing, reading: "entropy" },
    detector("distillation", "nothing", await distillationNovelty(runtime, beside.distillation)),
    detector("neighbours", "nothing", neighbourDistance(policy.spec, beside.shown)),
    detector("time to failure", "own episodes", await recoverability(runtime, beside.hazard)),
    detector(OURS, "own episodes, forks", await recoverability(runtime, beside.recovering)),
  ];
  const ends = noReturns(cell, judged);
  stage("no returns");
  const successes = calibration.filter(({ episode }) => episode.info.success);
  const found = [];
  const known = new Map<GateScore, { usual: Readings; courses: Readings }>();
  for (const { score, reading, ...rest } of detectors) {
    const read = known.get(score) ?? {
      usual: await readingsOf(score, successes),
      courses: await readingsOf(score, judged),
    };
    known.set(score, read);
    const episodes = watchedBy(read.courses[reading], judged, ends.steps);
    found.push({ ...rest, usual: read.usual[reading], episodes });
    stage(rest.name);
  }
  await ensemble.close();
  const ours = found[found.length - 1];
  const failed = judged.filter(({ episode }) => !episode.info.success).length;
  const counts = {
    success: rateOf(wilson(judged.length - failed, judged.length)),
    failures: failed,
    successes: judged.length - failed,
    known: ends.steps.filter((step) => step !== null && Number.isFinite(step)).length,
    calibration: successes.length,
    ownEpisodes: own.length,
    ownFailures: own.filter(({ episode }) => !episode.info.success).length,
  };
  return found.map((one) => ({
    kind: "detectors",
    task: cell.task,
    seed: cell.seed,
    detector: one.name,
    saw: one.saw,
    ...counts,
    labels: one.name === "classifier" ? beside.labels : 0,
    simulated: one.name === OURS ? beside.simulated : 0,
    ...judge(one.episodes, one.usual, ours.episodes),
  }));
}

function watchedBy(
  courses: readonly Float64Array[],
  judged: readonly Watched[],
  ends: readonly (number | null)[],
): WatchedEpisode[] {
  return judged.map(({ episode, seen }, i) => ({
    failed: !episode.info.success,
    length: episode.length,
    readings: courses[i],
    steps: seen.steps,
    irreversible: episode.info.success ? null : ends[i],
  }));
}

/** Only what was read while the expert could still have saved it; the first reading at least. */
export function inTimeOnly(episode: WatchedEpisode): WatchedEpisode {
  const { irreversible, readings, steps } = episode;
  if (typeof irreversible !== "number" || !steps) return episode;
  const count = Math.max(1, Array.from(steps).filter((step) => step < irreversible).length);
  return { ...episode, readings: Array.from(readings).slice(0, count), steps: Array.from(steps).slice(0, count) };
}

/** An alarm at equal false alarms, and what conformal thresholds promised and did. */
function judge(episodes: readonly WatchedEpisode[], usual: readonly Float64Array[], ours: readonly WatchedEpisode[]) {
  const [early, oursEarly] = [episodes.map(inTimeOnly), ours.map(inTimeOnly)];
  const equal = judgeDetector(episodes, thresholdAt(episodes, 0.05));
  const areaOf = (some: readonly WatchedEpisode[]) => {
    const { auroc, low, high } = separation(some);
    return { auroc, low, high };
  };
  return {
    auroc: areaOf(episodes),
    aurocInTime: areaOf(early),
    oursLess: apart(ours, episodes),
    oursLessInTime: apart(oursEarly, early),
    atEqual: {
      truePositives: rateOf(equal.truePositives),
      inTime: equal.inTime && rateOf(equal.inTime),
      leadSteps: equal.leadTime && { ...equal.leadTime },
      detectionTime: equal.detectionTime && { ...equal.detectionTime },
    },
    promised: ALPHAS.map((alpha) => {
      const found = judgeDetector(episodes, calibrate(usual, alpha));
      const { rate, low, high, n } = found.trueNegatives;
      return {
        alpha,
        falseAlarms: { rate: 1 - rate, low: 1 - high, high: 1 - low, n },
        truePositives: rateOf(found.truePositives),
        inTime: found.inTime && rateOf(found.inTime),
      };
    }),
  };
}

function apart(ours: readonly WatchedEpisode[], others: readonly WatchedEpisode[]) {
  const kinds = (some: readonly WatchedEpisode[]) => {
    const { failures, successes } = levels(some);
    return { positives: failures, negatives: successes };
  };
  const { difference, low, high } = aurocDifference(kinds(ours), kinds(others));
  return { difference, low, high };
}
