/** The loop: observe, act, clamp, step, record. With an actor alone, or with many environments in lockstep and a planner. */
import { foldIn, type Key } from "../base/index.ts";
import {
  type Actor,
  actorKey,
  type BatchActor,
  checkHorizons,
  type Environment,
  type Episode,
  type StepResult,
} from "../world/index.ts";
import { createExecutor, type Execution, type Executor } from "./execution.ts";
import { createHistory, type History } from "./history.ts";
import { type Beginning, type Outcome, type Recording, recordEpisode, recordOutcome } from "./recording.ts";

/** One episode of `actor` in `environment`, both reset with `seed`. Throws Error for an action that is not finite. */
export function rollout(environment: Environment, actor: Actor, { seed }: { seed: number }): Promise<Episode> {
  return rolloutAlone(environment, actor, seed, recordEpisode);
}

/** The same, of which nothing is kept but how it went. */
export function rolloutForOutcome(
  environment: Environment,
  actor: Actor,
  { seed }: { seed: number },
): Promise<Outcome> {
  return rolloutAlone(environment, actor, seed, recordOutcome);
}

async function rolloutAlone<Kept>(
  environment: Environment,
  actor: Actor,
  seed: number,
  record: (beginning: Beginning) => Recording<Kept>,
): Promise<Kept> {
  const { spec } = environment;
  actor.reset(seed);
  const recording = record({ spec, seed, actor, first: await environment.reset(seed) });
  while (!recording.ended) {
    const proposed = actor.act(recording.observation);
    const action = recording.admit(isLater(proposed) ? await proposed : proposed);
    const result = environment.step(action);
    recording.add(action, 0, isLater(result) ? await result : result);
  }
  return recording.kept();
}

export interface LockstepOptions {
  /** Default: receding horizon. */
  readonly execution?: Execution;
  /** How many environments advance together, and the largest batch that the planner sees. Default: all. */
  readonly together?: number;
  /** After each episode: how many have ended. */
  readonly onProgress?: (ended: number, total: number) => void;
}

/**
 * One episode per seed, in the order of `seeds`: up to `together` environments advance together, so that `planner` is asked
 * once for all that are running; where an episode ends, the next seed takes its place. Each executes the slice
 * [To-1, To-1+Ta) of its chunk open loop, then plans again, or as `execution` says; the first observation fills the history
 * (ALGORITHMS.md 4.6). An episode is the same whatever runs beside it, as far as the planner computes its rows alike
 * wherever they are. Throws Error for an action that is not finite and RangeError for chunks of the wrong size.
 */
export function rolloutMany(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: LockstepOptions = {},
): Promise<Episode[]> {
  return inLockstep(makeEnvironment, planner, seeds, options, recordEpisode);
}

/** The same, of which nothing is kept but how each episode went: for evaluations, in little memory. */
export function rolloutManyForOutcomes(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  options: LockstepOptions = {},
): Promise<Outcome[]> {
  return inLockstep(makeEnvironment, planner, seeds, options, recordOutcome);
}

/** One environment of a lockstep rollout, in one of its episodes. */
interface Lane<Kept> {
  /** Of the seed. */
  index: number;
  environment: Environment;
  recording: Recording<Kept>;
  history: History;
  executor: Executor;
  key: Key;
}

async function inLockstep<Kept>(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
  { execution = { kind: "receding" }, together = seeds.length, onProgress }: LockstepOptions,
  record: (beginning: Beginning) => Recording<Kept>,
): Promise<Kept[]> {
  const { horizons } = planner;
  checkHorizons(horizons);
  if (seeds.length > 0 && !(Number.isInteger(together) && together >= 1)) {
    throw new RangeError(`together: found ${together}, expected an integer >= 1`);
  }
  const results: Kept[] = new Array(seeds.length);
  let [next, ended] = [0, 0];
  const startLane = async (environment: Environment): Promise<Lane<Kept>> => {
    const { spec } = environment;
    const index = next++;
    const seed = seeds[index];
    const first = await environment.reset(seed);
    const history = createHistory(spec.observation, horizons.observationHorizon);
    history.start(first.observation);
    const executor = createExecutor(execution, horizons, spec.action.names.length);
    const recording = record({ spec, seed, actor: planner, first });
    return { index, environment, recording, history, executor, key: actorKey(seed) };
  };

  let lanes: Lane<Kept>[] = [];
  while (next < Math.min(together, seeds.length)) lanes.push(await startLane(makeEnvironment()));
  while (lanes.length > 0) {
    await advance(lanes, planner);
    const running: Lane<Kept>[] = [];
    for (const lane of lanes) {
      if (!lane.recording.ended) {
        running.push(lane);
        continue;
      }
      results[lane.index] = lane.recording.kept();
      onProgress?.(++ended, seeds.length);
      if (next < seeds.length) running.push(await startLane(lane.environment));
    }
    lanes = running;
  }
  return results;
}

/** One question to the planner, and what it answers executed. Environments that answer later advance at the same time. */
async function advance(lanes: readonly Lane<unknown>[], planner: BatchActor): Promise<void> {
  const chunks = await planChunks(planner, lanes);
  const waiting: Promise<void>[] = [];
  for (let row = 0; row < lanes.length; row++) {
    const { actions, offset } = lanes[row].executor.take(chunks[row]);
    const pending = execute(lanes[row], actions, offset, 0);
    if (pending) waiting.push(pending);
  }
  if (waiting.length > 0) await Promise.all(waiting);
}

/** The chunks [Tp, Da] of the lanes, in their order, from one question to the planner. */
async function planChunks(planner: BatchActor, lanes: readonly Lane<unknown>[]): Promise<Float32Array[]> {
  const width = lanes[0].history.values.length;
  const histories = new Float32Array(lanes.length * width);
  lanes.forEach(({ history }, row) => {
    histories.set(history.values, row * width);
  });
  const keys = lanes.map(({ key, recording }) => foldIn(key, recording.length));
  const planned = await planner.plan(histories, keys);
  const chunk = planner.horizons.predictionHorizon * lanes[0].environment.spec.action.names.length;
  if (planned.length !== lanes.length * chunk) {
    throw new RangeError(
      `${planner.name}: planned ${planned.length} numbers, expected ${lanes.length} episodes x ${chunk} (steps x action)`,
    );
  }
  return lanes.map((_, row) => planned.subarray(row * chunk, (row + 1) * chunk));
}

/** Executes the actions at `offset` from `place` on, up to the stride or the episode's end; at once where the world does. */
function execute(lane: Lane<unknown>, actions: Float32Array, offset: number, place: number): Promise<void> | undefined {
  const { environment, recording, executor } = lane;
  const size = environment.spec.action.names.length;
  for (; place < executor.stride && !recording.ended; place++) {
    const action = recording.admit(actions, offset + place * size);
    const result = environment.step(action);
    if (isLater(result)) return goOnLater(lane, result, { action, actions, offset, place });
    recording.add(action, place, result);
    lane.history.push(result.observation);
  }
  return undefined;
}

async function goOnLater(
  lane: Lane<unknown>,
  later: Promise<StepResult>,
  { action, actions, offset, place }: { action: Float32Array; actions: Float32Array; offset: number; place: number },
): Promise<void> {
  const result = await later;
  lane.recording.add(action, place, result);
  lane.history.push(result.observation);
  await execute(lane, actions, offset, place + 1);
}

/** Waiting for what is there already would cost every step of a simulated world a turn of the queue. */
function isLater<T extends object>(value: T | Promise<T>): value is Promise<T> {
  return "then" in value;
}
