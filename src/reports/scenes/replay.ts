/** A recorded episode played again in its world, and what was seen at a step of it. */
import {
  type Environment,
  type Episode,
  type Observation,
  observationAt,
  observationSize,
  packObservation,
  type World,
} from "../../world/index.ts";

/** The environment as the world that it is; null where it is none. */
export function asWorld(environment: Environment): World | null {
  return "snapshot" in environment && "restore" in environment ? (environment as World) : null;
}

/**
 * Resets `world` with the episode's seed and carries out its first `steps` actions; `onStep` is called before each. Returns the observation after them. Throws
 * Error where the world shows something else than was recorded: it is then another world, or not deterministic.
 */
export function replay(world: World, episode: Episode, steps: number, onStep?: (step: number) => void): Observation {
  let { observation } = world.reset(episode.seed);
  const size = world.spec.action.names.length;
  for (let step = 0; step < steps; step++) {
    for (const [array, values] of Object.entries(observation)) {
      const row = episode.observation[array]?.subarray(step * values.length, (step + 1) * values.length);
      if (row && values.every((value, i) => Object.is(value, row[i]) || value === row[i])) continue;
      throw new Error(
        `replay of ${episode.spec.name}, seed ${episode.seed}: "${array}" differs from the recording at step ${step}`,
      );
    }
    onStep?.(step);
    observation = world.step(episode.action.subarray(step * size, (step + 1) * size)).observation;
  }
  return observation;
}

/** The To observations [To, Do] that end with step `step`, oldest first; the first observation stands for those before it. */
export function historyAt(episode: Episode, step: number, observationHorizon: number): Float32Array {
  const space = episode.spec.observation;
  const size = observationSize(space);
  const history = new Float32Array(observationHorizon * size);
  for (let place = 0; place < observationHorizon; place++) {
    const row = Math.max(0, step - (observationHorizon - 1) + place);
    packObservation(space, observationAt(episode, row), history, place * size);
  }
  return history;
}
