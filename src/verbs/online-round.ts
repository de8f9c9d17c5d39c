/** One round's episodes: who drives what, beside whom, and each on disk as soon as it is over. */
import {
  betaOf,
  cholesky,
  disturbanceOf,
  expertStepsIn,
  historiesOf,
  lookAhead,
  mixturePlanner,
  plannedActions,
  smileWeights,
} from "../algorithms/index.ts";
import { InputError, type Key, randomKey } from "../base/index.ts";
import { datasetOf } from "../datasets/index.ts";
import type { Store } from "../datasets/node.ts";
import type { Policy } from "../policies/index.ts";
import { type Algorithm, type Gated, isGated, type OnlineRecipe } from "../recipes/index.ts";
import { type Gate, rollout, type Supervisor, supervise } from "../rollouts/index.ts";
import {
  answeringSupervisor,
  coinSupervisor,
  disturbedSupervisor,
  forkForesight,
  operatorModel,
  stallForesight,
  type Watching,
} from "../supervisors/index.ts";
import { expertOf, type Task } from "../tasks/index.ts";
import { type BatchActor, type Environment, type Episode, episodeSeeds, type World } from "../world/index.ts";
import {
  aheadId,
  episodeId,
  type GateFacts,
  isAhead,
  readGateFacts,
  storedEpisodes,
  writeGateFacts,
} from "./online-files.ts";
import { type PreparedGate, prepareGate, type Trials } from "./online-gate.ts";

/** Environments that advance together: also how many episodes a round is extended by while its budget lasts. */
const TOGETHER = 4;

export interface RoundRequest {
  readonly recipe: OnlineRecipe;
  readonly task: Task;
  readonly store: Store;
  readonly round: number;
  /** The planners of the rounds before, oldest first. */
  readonly planners: readonly BatchActor[];
  /** Of the round before, which the last planner has not learned from. */
  readonly previous: readonly Episode[];
  /** Recorded in all rounds before, and the policy of the last planner: what a gate learns from. */
  readonly recorded: readonly Episode[];
  readonly policy: () => Promise<Policy>;
  readonly trials: Trials;
  readonly threads: number;
  /** Folder of the run. */
  readonly out: string;
  readonly onProgress?: (episodes: number, total: number) => void;
  readonly signal?: AbortSignal;
}

export interface RecordedRound {
  readonly gate: GateFacts | null;
  readonly episodes: readonly Episode[];
  /** Drives that the expert imagined, as episodes; and how many steps they took. */
  readonly ahead: readonly Episode[];
}

/** How attention is counted: who clones or labels watches all the time, whom a gate calls only then. */
export const watchingOf = ({ algorithm }: OnlineRecipe): Watching => (isGated(algorithm) ? "gate" : "person");

/**
 * Records the episodes of a round that the store does not hold yet. The same after any kill. With a budget the round ends
 * with the group of episodes in which the expert has said or done so much.
 */
export async function recordRound(request: RoundRequest): Promise<RecordedRound> {
  const { recipe, store, round, onProgress, signal } = request;
  const stored = await storedEpisodes(store, round);
  const count = round === 0 ? recipe.demonstrations : recipe.episodes;
  const first = round === 0 ? 0 : recipe.demonstrations + (round - 1) * recipe.episodes;
  const seeds = episodeSeeds("demonstrations", recipe.seed, first + count).slice(first);
  const { drive, close } = driverOf(request);
  const episodes: Episode[] = [];
  try {
    for (let start = 0; start < count; start += TOGETHER) {
      signal?.throwIfAborted();
      const group = seeds.slice(start, start + TOGETHER).map((seed, i) => ({ seed, id: episodeId(round, start + i) }));
      const missing = group.filter(({ id }) => !stored.has(id));
      if (missing.length > 0) {
        await drive(
          missing.map(({ seed }) => seed),
          async (episode, i, ahead) => {
            const { id } = missing[i];
            for (const [step, imagined] of ahead) await keep(store, stored, aheadId(id, step), imagined);
            await keep(store, stored, id, episode);
          },
        );
      }
      for (const { id } of group) episodes.push(stored.get(id) as Episode);
      onProgress?.(Math.min(start + TOGETHER, count), count);
      if (round > 0 && recipe.budget > 0 && expertStepsIn(episodes) >= recipe.budget) break;
    }
  } finally {
    await close();
  }
  const ahead = [...stored].flatMap(([id, episode]) => (isAhead(id) ? [episode] : []));
  return { gate: await readGateFacts(request.out, round), episodes, ahead };
}

async function keep(store: Store, stored: Map<string, Episode>, id: string, episode: Episode): Promise<void> {
  if (stored.has(id)) return;
  await store.writeEpisode(episode, { id });
  stored.set(id, episode);
}

type Ahead = ReadonlyMap<number, Episode>;
type OnEpisode = (episode: Episode, index: number, ahead: Ahead) => Promise<void>;
/** Records one episode per seed. */
type Driver = (seeds: readonly number[], onEpisode: OnEpisode) => Promise<unknown>;

const NONE: Ahead = new Map();

interface Drive {
  readonly drive: Driver;
  close(): Promise<void>;
}

function driverOf(request: RoundRequest): Drive {
  const { recipe, round } = request;
  if (round > 0 && isGated(recipe.algorithm)) return askedByGate(request, recipe.algorithm);
  return { drive: ungated(request, recipe.algorithm), close: async () => {} };
}

function ungated(request: RoundRequest, algorithm: Algorithm): Driver {
  const { recipe, task, round } = request;
  if (round === 0 || algorithm === "clone" || isGated(algorithm)) return demonstrating(task, recipe.expert);
  const every = recipe.learning.horizons.actionHorizon;
  const planner = request.planners[request.planners.length - 1];
  const expertIn = expertOf(task, recipe.expert);
  const { labelEvery } = recipe;
  const coinOf = (beta: number) => (environment: Environment) =>
    coinSupervisor(expertIn(environment), { beta, every, labelEvery });
  switch (algorithm) {
    case "dagger": {
      const coin = coinOf(betaOf(recipe.beta, round + 1));
      if (recipe.chunkLabels === "one-step") return supervised(request, planner, coin);
      return lookingAhead(request, planner, coin);
    }
    case "smile": {
      const { expert, policies } = smileWeights(recipe.alpha, round);
      const mixture = mixturePlanner(request.planners, policies);
      return supervised(request, mixture, coinOf(expert));
    }
    case "dart":
      return disturbing(request, planner);
    case "hg-dagger":
      return supervised(request, planner, (environment) => operatorIn(recipe, task, environment));
  }
}

function demonstrating(task: Task, expert: string): Driver {
  const environment = task.makeEnvironment();
  const actor = expertOf(task, expert)(environment);
  return async (seeds, onEpisode) => {
    for (const [i, seed] of seeds.entries()) await onEpisode(await rollout(environment, actor, { seed }), i, NONE);
  };
}

function supervised(
  { task, round }: RoundRequest,
  planner: BatchActor,
  makeSupervisor: (environment: Environment) => Supervisor,
  gate?: Gate,
): Driver {
  return (seeds, onEpisode) =>
    supervise(task.makeEnvironment, planner, seeds, {
      makeSupervisor,
      gate,
      policyVersion: `round-${round - 1}`,
      onEpisode: (episode, i) => onEpisode(episode, i, NONE),
    });
}

/** The gate is made when the first episode needs it: a round that was recorded before needs none. */
function askedByGate(request: RoundRequest, algorithm: Gated): Drive {
  const { recipe, task, round, planners, recorded: episodes, out } = request;
  const planner = planners[planners.length - 1];
  const expertIn = expertOf(task, recipe.expert);
  let prepared: PreparedGate | null = null;
  return {
    async drive(seeds, onEpisode) {
      if (!prepared) {
        prepared = await prepareGate({ ...request, algorithm, policy: await request.policy(), episodes });
        await writeGateFacts(out, round, prepared.facts);
      }
      const makeSupervisor = (environment: Environment) => answeringSupervisor(expertIn(environment));
      return supervised(request, planner, makeSupervisor, prepared.gate)(seeds, onEpisode);
    },
    close: async () => prepared?.close(),
  };
}

/** One environment after another, the expert driving on in a fork wherever the policy planned. */
function lookingAhead(
  request: RoundRequest,
  planner: BatchActor,
  makeSupervisor: (environment: Environment) => Supervisor,
): Driver {
  const { task, recipe } = request;
  const fork = asWorld(task.makeEnvironment(), task);
  const expert = expertOf(task, recipe.expert)(fork);
  const { observationHorizon, predictionHorizon } = recipe.learning.horizons;
  if (observationHorizon > 1) {
    throw new InputError(
      `chunkLabels: look-ahead begins with what is seen now: found an observation horizon of ${observationHorizon}, expected 1`,
    );
  }
  return async (seeds, onEpisode) => {
    for (const [i, seed] of seeds.entries()) {
      const ahead = new Map<number, Episode>();
      const makeLooking = (environment: Environment): Supervisor => {
        const world = asWorld(environment, task);
        const own = makeSupervisor(environment);
        return {
          ...own,
          answer(moment, asked) {
            const { step, observation, phase, planned } = moment;
            if (phase !== "expert" && planned) {
              expert.reset(seed);
              fork.reset(seed);
              ahead.set(step, lookAhead(world, observation, { fork, expert, steps: predictionHorizon, seed }));
            }
            return own.answer(moment, asked);
          },
        };
      };
      await supervised(request, planner, makeLooking)([seed], (episode) => onEpisode(episode, i, ahead));
    }
  };
}

/** DART: as disturbed as the policy was wrong on the episodes of the round before, which it had not learned from. */
function disturbing(request: RoundRequest, planner: BatchActor): Driver {
  const { task, recipe, round, previous } = request;
  const size = task.makeEnvironment().spec.action.names.length;
  const expertIn = expertOf(task, recipe.expert);
  return async (seeds, onEpisode) => {
    const residuals = round > 1 ? await residualsOf(previous, planner) : [];
    const steps = previous.reduce((sum, { length }) => sum + length, 0) / Math.max(1, previous.length);
    const total = recipe.disturbance > 0 ? { error: recipe.disturbance, steps } : undefined;
    const factor = cholesky(disturbanceOf(residuals, size, total));
    const makeSupervisor = (environment: Environment) => disturbedSupervisor(expertIn(environment), factor);
    await supervised(request, planner, makeSupervisor)(seeds, onEpisode);
  };
}

/** Episodes whose residuals say how wrong the policy is (DART's). */
const RECENT = 5;

/** Label less plan, [T, Da], of the latest episodes. */
async function residualsOf(episodes: readonly Episode[], planner: BatchActor): Promise<Float32Array[]> {
  const { horizons } = planner;
  const key: Key = randomKey(0);
  const residuals: Float32Array[] = [];
  for (const episode of episodes.slice(-RECENT)) {
    const { spec, length, action, label } = episode;
    const dataset = datasetOf([episode], { format: "episodes", source: "rounds", notes: [] });
    const keys = Array.from({ length }, () => key);
    const chunks = await planner.plan(historiesOf(dataset, horizons.observationHorizon), keys);
    const planned = plannedActions({ chunks, places: new Int32Array(length) }, { horizons, action: spec.action });
    residuals.push((label ?? action).map((wanted, i) => wanted - planned[i]));
  }
  return residuals;
}

function operatorIn({ expert, operator, foresight }: OnlineRecipe, task: Task, environment: Environment): Supervisor {
  const expertIn = expertOf(task, expert);
  if (foresight.kind === "stall") return operatorModel(expertIn(environment), stallForesight(foresight), operator);
  const world = asWorld(environment, task);
  const fork = asWorld(task.makeEnvironment(), task);
  const foreseen = forkForesight(world, { ...foresight, fork, expert: expertIn(fork) });
  return operatorModel(expertIn(environment), foreseen, operator);
}

/** Throws InputError for an environment that cannot be forked. */
function asWorld(environment: Environment, task: Task): World {
  if ("snapshot" in environment && "restore" in environment) return environment as World;
  throw new InputError(`task "${task.name}": cannot be forked, expected a World with snapshot and restore`);
}
