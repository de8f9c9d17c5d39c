/** The last To observations of one episode, packed, oldest first: what a policy looks at. */
import { type Observation, type ObservationSpace, observationSize, packObservation } from "../world/index.ts";

export interface History {
  /** [To, Do], oldest first. */
  readonly values: Float32Array;
  /** The first observation of an episode fills the whole history. */
  start(observation: Observation): void;
  push(observation: Observation): void;
}

export function createHistory(space: ObservationSpace, observationHorizon: number): History {
  const size = observationSize(space);
  const values = new Float32Array(observationHorizon * size);
  return {
    values,
    start(observation) {
      for (let i = 0; i < observationHorizon; i++) packObservation(space, observation, values, i * size);
    },
    push(observation) {
      values.copyWithin(0, size);
      packObservation(space, observation, values, (observationHorizon - 1) * size);
    },
  };
}
