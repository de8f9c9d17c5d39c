/** The last To observations of one episode, packed, oldest first: what a policy looks at. */
import { type Observation, type ObservationSpace, observationSize } from "../world/index.ts";

export interface History {
  /** [To, Do], oldest first. */
  readonly values: Float32Array;
  /** The first observation of an episode fills the whole history. */
  start(observation: Observation): void;
  push(observation: Observation): void;
}

function createHistory(space: ObservationSpace, observationHorizon: number): History {
  const size = observationSize(space);
  const values = new Float32Array(observationHorizon * size);
  const newest = (observationHorizon - 1) * size;
  const pack = packing(space);
  return {
    values,
    start(observation) {
      for (let i = 0; i < observationHorizon; i++) pack(observation, values, i * size);
    },
    push(observation) {
      values.copyWithin(0, size);
      pack(observation, values, newest);
    },
  };
}

/** The history after `observations`, of which there is at least one, oldest first: as if the episode had begun with them. */
export function historyOf(
  space: ObservationSpace,
  observationHorizon: number,
  observations: readonly Observation[],
): History {
  const history = createHistory(space, observationHorizon);
  const [oldest, ...newer] = observations.slice(-observationHorizon);
  history.start(oldest);
  for (const observation of newer) history.push(observation);
  return history;
}

/** `packObservation` for one space: it is called in every step of every environment, so the space is read once. */
function packing(space: ObservationSpace): (observation: Observation, out: Float32Array, offset: number) => void {
  const arrays = Object.entries(space).map(([array, { names }]) => ({ array, size: names.length }));
  return (observation, out, offset) => {
    for (const { array, size } of arrays) {
      const values = observation[array];
      if (values?.length !== size) {
        throw new RangeError(`observation "${array}": found ${values?.length} numbers, expected ${size}`);
      }
      out.set(values, offset);
      offset += size;
    }
  };
}
