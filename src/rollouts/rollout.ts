/** The loop: observe, act, clamp, step, record. With an actor alone, or with many environments in lockstep and a planner. */
import { foldIn, type Key } from "../base/index.ts";
import {
  type Actor,
  actorKey,
  type BatchActor,
  checkHorizons,
  type Environment,
  type Episode,
} from "../world/index.ts";
import { createHistory, type History } from "./history.ts";
import { type Recording, startRecording } from "./recording.ts";

/** One episode of `actor` in `environment`, both reset with `seed`. Throws Error for an action that is not finite. */
export async function rollout(environment: Environment, actor: Actor, { seed }: { seed: number }): Promise<Episode> {
  const { spec } = environment;
  actor.reset(seed);
  const recording = startRecording({ spec, seed, actor, first: await environment.reset(seed) });
  while (!recording.ended) {
    const action = recording.admit(await actor.act(recording.observation));
    recording.add(action, 0, await environment.step(action));
  }
  return recording.episode();
}

/** One environment of a lockstep rollout. */
interface Lane {
  environment: Environment;
  recording: Recording;
  history: History;
  key: Key;
}

/**
 * One episode per seed, in the order of `seeds`: every environment advances together, so that `planner` is asked once per
 * chunk for all that are still running. Each executes the slice [To-1, To-1+Ta) of its chunk open loop, then plans again;
 * the first observation fills the history (ALGORITHMS.md 4.6). An episode is the same whatever runs beside it, as far as
 * the planner computes its rows alike in batches of different size. Throws Error for an action that is not finite and
 * RangeError for chunks of the wrong size.
 */
export async function rolloutMany(
  makeEnvironment: () => Environment,
  planner: BatchActor,
  seeds: readonly number[],
): Promise<Episode[]> {
  checkHorizons(planner.horizons);
  const lanes: Lane[] = [];
  for (const seed of seeds) lanes.push(await startLane(makeEnvironment(), planner, seed));
  let running = lanes;
  for (let steps = 0; running.length > 0; steps += planner.horizons.actionHorizon) {
    const chunks = await planChunks(planner, running, steps);
    for (const [row, lane] of running.entries()) await executeChunk(lane, planner, chunks[row]);
    running = running.filter(({ recording }) => !recording.ended);
  }
  return lanes.map(({ recording }) => recording.episode());
}

async function startLane(environment: Environment, planner: BatchActor, seed: number): Promise<Lane> {
  const { spec } = environment;
  const first = await environment.reset(seed);
  const history = createHistory(spec.observation, planner.horizons.observationHorizon);
  history.start(first.observation);
  const recording = startRecording({ spec, seed, actor: planner, first });
  return { environment, recording, history, key: actorKey(seed) };
}

/** The chunks [Tp, Da] of the lanes, in their order, from one question to the planner. */
async function planChunks(planner: BatchActor, lanes: readonly Lane[], steps: number): Promise<Float32Array[]> {
  const width = lanes[0].history.values.length;
  const histories = new Float32Array(lanes.length * width);
  lanes.forEach(({ history }, row) => {
    histories.set(history.values, row * width);
  });
  const keys = lanes.map(({ key }) => foldIn(key, steps));
  const planned = await planner.plan(histories, keys);
  const chunk = planner.horizons.predictionHorizon * lanes[0].environment.spec.action.names.length;
  if (planned.length !== lanes.length * chunk) {
    throw new RangeError(
      `${planner.name}: planned ${planned.length} numbers, expected ${lanes.length} episodes x ${chunk} (steps x action)`,
    );
  }
  return lanes.map((_, row) => planned.subarray(row * chunk, (row + 1) * chunk));
}

async function executeChunk({ environment, recording, history }: Lane, planner: BatchActor, chunk: Float32Array) {
  const { observationHorizon, actionHorizon } = planner.horizons;
  const size = environment.spec.action.names.length;
  for (let place = 0; place < actionHorizon && !recording.ended; place++) {
    const first = (observationHorizon - 1 + place) * size;
    const action = recording.admit(chunk.subarray(first, first + size));
    recording.add(action, place, await environment.step(action));
    history.push(recording.observation);
  }
}
