/** The gate of a round: models beside the policy, trained anew on what was recorded so far, and thresholds found anew. */
import {
  aggregate,
  allOf,
  cloneEnsemble,
  diffusionLossScore,
  ensembleDagger,
  ensembleDiscrepancy,
  foreseenIn,
  historiesOf,
  lazyDagger,
  lazyTolerance,
  type OpenScore,
  openSampler,
  plannedActions,
  plansOf,
  pointOfNoReturn,
  randomQueries,
  readingsOf,
  recoverability,
  safeDagger,
  stac,
  thriftyNovelty,
  thriftyRisk,
  together,
  trainClassifier,
  trainRecoverability,
  trainRisk,
  type Watched,
  watch,
} from "../algorithms/index.ts";
import { foldIn, InputError, pickRows, quantile, randomKey, wilson } from "../base/index.ts";
import { type Dataset, datasetOf } from "../datasets/index.ts";
import { calibrate } from "../evaluation/index.ts";
import { openEnsemble, type Policy, policyRecipe } from "../policies/index.ts";
import { type Gated, type OnlineRecipe, onlineOptimizer } from "../recipes/index.ts";
import type { Gate, GateScore, Readings } from "../rollouts/index.ts";
import { nodeRuntime } from "../runtime/node.ts";
import { expertOf, type Task } from "../tasks/index.ts";
import { type BatchActor, type Episode, episodeSeeds, type World } from "../world/index.ts";
import type { GateFacts } from "./online-files.ts";

/** What was seen of the policies alone, by round: the same for a run that goes on, and not recorded for it. */
export type Trials = Map<number, Trial>;

interface Trial {
  readonly watched: readonly Watched[];
  /** Of those to learn from: the steps from which the expert could not have saved them, and what finding out took. */
  ends: { readonly steps: readonly (number | null)[]; readonly simulated: number } | null;
}

export interface GateRequest {
  readonly recipe: OnlineRecipe;
  readonly algorithm: Gated;
  readonly task: Task;
  readonly round: number;
  /** The planners of the rounds before, oldest first; the last one is watched, and this is its policy. */
  readonly planners: readonly BatchActor[];
  readonly policy: Policy;
  /** Recorded so far. */
  readonly episodes: readonly Episode[];
  readonly trials: Trials;
  readonly threads: number;
  readonly signal?: AbortSignal;
}

export interface PreparedGate {
  readonly gate: Gate;
  readonly facts: GateFacts;
  close(): Promise<void>;
}

/** Where the seeds of trials begin among those of demonstrations, and how many belong to a round. */
const TRIALS = { first: 400_000, each: 1000 } as const;
/** Of a run's seed: how the expert's hand shakes in forks. */
const FORKS = 23;

export async function prepareGate(request: GateRequest): Promise<PreparedGate> {
  const { recipe, round, trials } = request;
  const { gate } = recipe;
  for (let one = 1; one <= round; one++) {
    if (!trials.has(one)) trials.set(one, { watched: await watchAlone(request, one), ends: null });
  }
  const latest = trials.get(round)?.watched ?? [];
  const opened = await openScore(request);
  const fresh = plansOf(latest.filter((_, i) => !isLearned(i)));
  const found = await thresholdsOf(opened, fresh, recipe);
  const { thresholds, release, ...known } = found;
  const rule = { thresholds, ...(release && { release }), patience: gate.patience, dwell: gate.dwell };
  return {
    gate: { score: opened.score, rule },
    facts: {
      thresholds,
      release,
      ...known,
      alone: wilson(latest.filter(({ episode }) => episode.info.success).length, latest.length),
      simulated: opened.simulated,
    },
    close: opened.close,
  };
}

/** The policy of the round before alone, in episodes of its own. */
function watchAlone({ task, recipe, planners, signal }: GateRequest, round: number): Promise<Watched[]> {
  const { seed, gate } = recipe;
  if (gate.trials > TRIALS.each) {
    throw new InputError(`gate.trials: found ${gate.trials}, expected at most ${TRIALS.each}`);
  }
  const first = TRIALS.first + TRIALS.each * round;
  const seeds = episodeSeeds("demonstrations", seed, first + gate.trials).slice(first);
  return watch({ makeEnvironment: task.makeEnvironment, planner: planners[round - 1], seeds, reads: "step", signal });
}

interface OpenedScore {
  readonly score: GateScore;
  /** Readings whose thresholds are found, and those of which they are given; what ends an alarm. */
  readonly asks: readonly string[];
  readonly given: Readings;
  readonly release: ((usual: (reading: string) => number) => Readings) | null;
  readonly simulated: number;
  close(): Promise<void>;
}

const opened = (
  score: GateScore & Partial<OpenScore>,
  asks: readonly string[],
  { given = {}, release = null, simulated = 0, close = async () => {} }: Partial<OpenedScore> = {},
): OpenedScore => ({
  score,
  asks,
  given,
  release,
  simulated,
  async close() {
    await score.close?.();
    await close();
  },
});

async function openScore(request: GateRequest): Promise<OpenedScore> {
  const { algorithm, recipe, policy, task, threads } = request;
  const runtime = nodeRuntime({ threads });
  const agreed = lazyTolerance(policy.spec.action.names.length);
  switch (algorithm) {
    case "random":
      return opened(randomQueries(), ["chance"]);
    case "stac": {
      const sampler = await openSampler(runtime, policy, { samples: recipe.gate.samples });
      return opened(stac(sampler, { window: recipe.gate.window }), ["inconsistency"]);
    }
    case "diff-dagger":
      return opened(await diffusionLossScore(runtime, policy, { levels: Math.min(LEVELS, levelsOf(policy)) }), [
        "loss",
      ]);
    case "safe-dagger":
      return opened(await safeDagger(runtime, await classifierOf(request)), ["unsafe"]);
    case "lazy-dagger": {
      const score = await lazyDagger(runtime, await classifierOf(request));
      return opened(score, ["unsafe"], { release: () => ({ discrepancy: agreed }) });
    }
    case "ensemble-dagger": {
      const ensemble = await ensembleOf(request);
      const close = () => ensemble.close();
      return opened(ensembleDagger(ensemble), ["doubt"], { given: { discrepancy: agreed }, close });
    }
    case "thrifty-dagger": {
      const ensemble = await ensembleOf(request);
      const risk = await thriftyRisk(runtime, await riskOf(request));
      const score = together("thrifty-dagger", [thriftyNovelty(ensemble), risk, ensembleDiscrepancy(ensemble)]);
      const release = (usual: (reading: string) => number) => ({ risk: usual("risk"), discrepancy: agreed });
      return opened(score, ["novelty", "risk"], { release, close: () => ensemble.close() });
    }
    case "recoverability": {
      const { watched, ends } = learnedFrom(request, task);
      const training = trainingOf(request);
      const steps = ends.flatMap((own) => own.steps);
      const model = await trainRecoverability(policy.spec, foreseenIn(watched, steps), training);
      return opened(await recoverability(runtime, model), ["lost"], { simulated: ends[ends.length - 1].simulated });
    }
  }
}

/** Noise levels at which a plan is judged. */
const LEVELS = 25;
const levelsOf = ({ spec: { recipe } }: Policy) => (recipe.head.kind === "diffusion" ? recipe.head.steps : LEVELS);

/** Every other trial is learned from; thresholds are found on the others, which no model has seen. */
const isLearned = (index: number): boolean => index % 2 === 0;
const toLearnFrom = ({ watched }: Trial): Watched[] => watched.filter((_, i) => isLearned(i));

/** Of all rounds, the trials that are learned from; and when the expert could not have saved them. */
function learnedFrom(request: GateRequest, task: Task) {
  const rounds = [...request.trials].sort(([a], [b]) => a - b);
  const ends = rounds.map(([round, trial]) => {
    trial.ends ??= endsOf(request, task, round, toLearnFrom(trial));
    return trial.ends;
  });
  return { watched: rounds.flatMap(([, trial]) => toLearnFrom(trial)), ends };
}

function endsOf({ recipe }: GateRequest, task: Task, round: number, watched: readonly Watched[]) {
  const world = task.makeEnvironment();
  if (!("snapshot" in world)) throw new InputError(`task "${task.name}": cannot be forked, expected a World`);
  const expert = expertOf(task, recipe.expert)(world);
  const key = foldIn(foldIn(randomKey(recipe.seed), FORKS), round);
  let simulated = 0;
  const steps = watched.map(({ episode }, i) => {
    if (episode.info.success) return Number.POSITIVE_INFINITY;
    if (!episode.terminated) return null;
    const found = pointOfNoReturn(episode, { world: world as World, expert, key: foldIn(key, i) });
    simulated += found.simulated;
    return found.step;
  });
  return { steps, simulated };
}

const trainingOf = ({ recipe, round, threads }: GateRequest) => ({
  runtime: nodeRuntime({ threads }),
  seed: recipe.seed + round,
  updates: recipe.gate.updates,
  hidden: [128, 128],
});

async function ensembleOf(request: GateRequest) {
  const { recipe, policy, threads } = request;
  const { dataset, supervision } = aggregate(request.episodes, request.recipe);
  const { runtime, seed, updates } = trainingOf(request);
  const own = policyRecipe("l2", { hidden: [128, 128] });
  const { clipNorm, ...optimizer } = onlineOptimizer({ ...recipe, learning: { ...recipe.learning, updates } });
  const ensemble = await cloneEnsemble({
    dataset,
    supervision,
    split: allOf(dataset),
    policy: own,
    spec: { ...policy.spec, recipe: own },
    horizons: policy.spec.horizons,
    optimizer,
    batchSize: recipe.learning.batchSize,
    padding: recipe.learning.padding,
    members: recipe.gate.members,
    updates,
    seed,
    runtime,
  });
  return openEnsemble(nodeRuntime({ threads }), ensemble);
}

/** What the policy would do now in every row of the data, [N, Da]. */
async function proposalsOf({ planners, recipe, policy }: GateRequest, histories: Float32Array, count: number) {
  const planner = planners[planners.length - 1];
  const keys = Array.from({ length: count }, (_, row) => foldIn(randomKey(recipe.seed), row));
  const chunks = await planner.plan(histories, keys);
  return plannedActions({ chunks, places: new Int32Array(count) }, policy.spec);
}

const rowsIn = ({ episodeEnds }: Dataset) => episodeEnds[episodeEnds.length - 1];

/** From the rows that the expert labelled or drove. */
async function classifierOf(request: GateRequest) {
  const { policy } = request;
  const { dataset, supervision } = aggregate(request.episodes, request.recipe);
  const all = historiesOf(dataset, policy.spec.horizons.observationHorizon);
  const rows = [...supervision.weights.keys()].filter((row) => supervision.weights[row] > 0);
  const histories = pickRows(all, all.length / rowsIn(dataset), rows);
  const labels = pickRows(dataset.action.values, policy.spec.action.names.length, rows);
  const proposed = await proposalsOf(request, histories, rows.length);
  return trainClassifier(policy.spec, { histories, proposed, labels }, trainingOf(request));
}

/** From all that was recorded, and the trials that may be learned from. */
async function riskOf(request: GateRequest) {
  const { policy, episodes, trials } = request;
  const alone = [...trials.values()].flatMap(toLearnFrom);
  const all = [...episodes, ...alone.map(({ episode }) => episode)];
  const dataset = datasetOf(all, { format: "episodes", source: "rounds", notes: [] });
  const histories = historiesOf(dataset, policy.spec.horizons.observationHorizon);
  const policyActions = await proposalsOf(request, histories, rowsIn(dataset));
  const endings = all.map(({ info, terminated }) => (info.success ? "success" : terminated ? "failure" : "open"));
  const experience = {
    histories,
    actions: dataset.action.values,
    policyActions,
    episodeEnds: dataset.episodeEnds,
    endings,
  };
  return trainRisk(policy.spec, experience, trainingOf(request));
}

/**
 * Conformal on the successes; where they are too few for that, and by choice, the quantile of all readings that leaves a
 * share alpha above it.
 */
async function thresholdsOf(
  { score, asks, given, release }: OpenedScore,
  fresh: readonly Watched[],
  { gate }: OnlineRecipe,
): Promise<Pick<GateFacts, "thresholds" | "release" | "rule" | "successes">> {
  const { alpha, patience } = gate;
  const courses = await readingsOf(score, fresh);
  const successes = [...fresh.keys()].filter((i) => fresh[i].episode.info.success);
  const all = (reading: string) => courses[reading].flatMap((course) => [...course]);
  const conformal = (reading: string) => {
    const usual = successes.map((i) => courses[reading][i]);
    return calibrate(usual, alpha, patience);
  };
  const wanted = Object.fromEntries(asks.map((reading) => [reading, conformal(reading)]));
  const rule = gate.rule === "conformal" && Object.values(wanted).every(Number.isFinite) ? "conformal" : "budget";
  const found =
    rule === "conformal"
      ? wanted
      : Object.fromEntries(asks.map((reading) => [reading, quantile(all(reading), 1 - alpha)]));
  const thresholds = { ...found, ...given };
  const median = (reading: string) =>
    Math.min(quantile(all(reading), 0.5), thresholds[reading] ?? Number.POSITIVE_INFINITY);
  return { thresholds, release: release?.(median) ?? null, rule, successes: successes.length };
}
