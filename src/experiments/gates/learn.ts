/** What the detectors are about: one policy that is not learned any further, its episodes, and models beside it. */
import {
  allOf,
  boundedSpec,
  cloneBehaviour,
  cloneEnsemble,
  foreseenIn,
  historiesOf,
  pointOfNoReturn,
  trainClassifier,
  trainDistillation,
  trainRecoverability,
  trainRisk,
  type Watched,
  watch,
} from "../../algorithms/index.ts";
import { foldIn, joined, randomKey } from "../../base/index.ts";
import { type Dataset, datasetOf } from "../../datasets/index.ts";
import { adamw, powerEma } from "../../optim/index.ts";
import { exportPolicy, openPolicy, type Policy, policyRecipe } from "../../policies/index.ts";
import { rollout } from "../../rollouts/index.ts";
import type { Runtime } from "../../runtime/index.ts";
import { coinSupervisor } from "../../supervisors/index.ts";
import { expertOf, findTask } from "../../tasks/index.ts";
import { type Environment, type Episode, episodeSeeds, type World } from "../../world/index.ts";
import { type DetectorsCell, EXPERT, HORIZONS, UPDATES } from "./settings.ts";

const updatesOf = (part: keyof typeof UPDATES, { thoroughness }: DetectorsCell): number =>
  Math.max(1, Math.round(UPDATES[part] * thoroughness));

const optimizerOf = (updates: number) =>
  adamw({
    schedule: { kind: "cosine", rate: 1e-3, warmup: Math.min(100, updates - 1), total: updates },
    weightDecay: 1e-6,
    ema: powerEma,
  });

/** Where the seeds of episodes of one purpose begin among those of demonstrations. */
const FIRST = { own: 100_000, calibration: 200_000 } as const;

export async function demonstrate({ task, seed, demonstrations }: DetectorsCell): Promise<Dataset> {
  const { makeEnvironment, experts } = findTask(task);
  const world = makeEnvironment();
  const expert = experts[EXPERT](world);
  const episodes: Episode[] = [];
  for (const own of episodeSeeds("demonstrations", seed, demonstrations)) {
    episodes.push(await rollout(world, expert, { seed: own }));
  }
  return datasetOf(episodes, { format: "rollouts", source: `scripted ${EXPERT}`, notes: [] });
}

export function learnPolicy(cell: DetectorsCell, dataset: Dataset, runtime: Runtime): Promise<Policy> {
  const recipe = policyRecipe("diffusion");
  const bounds = findTask(cell.task).makeEnvironment().spec.action;
  const updates = updatesOf("policy", cell);
  return cloneBehaviour({
    ...shared(cell, dataset, runtime),
    policy: recipe,
    spec: boundedSpec({ dataset, policy: recipe, horizons: HORIZONS, observation: "standard", bounds }),
    optimizer: optimizerOf(updates),
    updates,
  });
}

export function learnEnsemble(cell: DetectorsCell, dataset: Dataset, policy: Policy, runtime: Runtime) {
  const recipe = policyRecipe("l2", { hidden: [128, 128] });
  const updates = updatesOf("ensemble", cell);
  return cloneEnsemble({
    ...shared(cell, dataset, runtime),
    policy: recipe,
    spec: { ...policy.spec, recipe },
    optimizer: optimizerOf(updates),
    updates,
  });
}

const shared = ({ seed }: DetectorsCell, dataset: Dataset, runtime: Runtime) => ({
  dataset,
  split: allOf(dataset),
  horizons: HORIZONS,
  batchSize: 256,
  seed,
  runtime,
});

export interface OwnEpisodes {
  /** With the expert's label of every step: auxiliary models learn from them. */
  readonly own: readonly Watched[];
  /** Thresholds come from the successes among these. */
  readonly calibration: readonly Watched[];
  readonly judged: readonly Watched[];
}

export async function watchPolicy(
  cell: DetectorsCell,
  policy: Policy,
  runtime: Runtime,
  signal: AbortSignal,
): Promise<OwnEpisodes> {
  const { makeEnvironment, experts } = findTask(cell.task);
  const planner = await openPolicy(runtime, exportPolicy(policy, { batch: 64 }));
  const seedsFrom = (first: number, count: number) =>
    episodeSeeds("demonstrations", cell.seed, first + count).slice(first);
  const makeSupervisor = (environment: Environment) =>
    coinSupervisor(experts[EXPERT](environment), { beta: 0, every: 1 });
  const look = { makeEnvironment, planner, signal };
  try {
    return {
      own: await watch({ ...look, seeds: seedsFrom(FIRST.own, cell.own), reads: "step", makeSupervisor }),
      calibration: await watch({ ...look, seeds: seedsFrom(FIRST.calibration, cell.calibration), reads: "plan" }),
      judged: await watch({ ...look, seeds: episodeSeeds("evaluation", cell.seed, cell.judged), reads: "plan" }),
    };
  } finally {
    await planner.close();
  }
}

/** Of each episode: the step from which the expert fails in 8 of 10 forks; Infinity for a success, null where the clock ended it. */
export function noReturns(
  { task, seed }: DetectorsCell,
  watched: readonly Watched[],
): { steps: (number | null)[]; simulated: number } {
  const world = findTask(task).makeEnvironment() as World;
  const expert = expertOf(findTask(task), EXPERT)(world);
  let simulated = 0;
  const steps = watched.map(({ episode }, i) => {
    if (episode.info.success) return Number.POSITIVE_INFINITY;
    if (!episode.terminated) return null;
    const found = pointOfNoReturn(episode, { world, expert, key: foldIn(foldIn(randomKey(seed), NO_RETURN), i) });
    simulated += found.simulated;
    return found.step;
  });
  return { steps, simulated };
}

const NO_RETURN = 17;

/** Every model beside the policy; what each of them saw is told in `cell.ts`. */
export async function learnBeside(
  cell: DetectorsCell,
  policy: Policy,
  data: { dataset: Dataset; own: readonly Watched[] },
  runtime: Runtime,
) {
  const { spec } = policy;
  const { seed } = cell;
  const { dataset, own } = data;
  const episodes = own.map(({ episode }) => episode);
  const recorded = datasetOf(episodes, { format: "rollouts", source: "the policy", notes: [] });
  const histories = historiesOf(recorded, HORIZONS.observationHorizon);
  const proposed = flatOf(episodes, ({ proposed }) => proposed);
  const labels = flatOf(episodes, ({ label }) => label);
  const training = (part: keyof typeof UPDATES) => ({ runtime, seed, updates: updatesOf(part, cell) });
  const classifier = await trainClassifier(spec, { histories, proposed, labels }, training("classifier"));
  const experience = {
    histories,
    actions: recorded.action.values,
    policyActions: proposed,
    episodeEnds: recorded.episodeEnds,
    endings: episodes.map(endingOf),
  };
  const risk = await trainRisk(spec, experience, { ...training("risk"), batchSize: 128, hidden: [128, 128] });
  const shown = historiesOf(dataset, HORIZONS.observationHorizon);
  const distillation = await trainDistillation(spec, shown, training("distillation"));
  const { steps, simulated } = noReturns(cell, own);
  const recovering = await trainRecoverability(spec, foreseenIn(own, steps), training("own"));
  // what the same networks are worth without a simulator: the failure itself is foreseen
  const ends = episodes.map((episode) => (episode.info.success ? Number.POSITIVE_INFINITY : endOf(episode)));
  const hazard = await trainRecoverability(spec, foreseenIn(own, ends), training("own"));
  return {
    classifier,
    risk,
    distillation,
    recovering,
    hazard,
    simulated,
    shown,
    labels: recorded.episodeEnds[episodes.length - 1],
  };
}

const endOf = ({ terminated, length }: Episode): number | null => (terminated ? length : null);

const endingOf = ({ info, terminated }: Episode) => (info.success ? "success" : terminated ? "failure" : "open");

const flatOf = (episodes: readonly Episode[], pick: (episode: Episode) => Float32Array | undefined): Float32Array =>
  joined(
    Float32Array,
    episodes.map((episode) => pick(episode) ?? new Float32Array(0)),
  );
