/** Small recordings for the tests of algorithms. */
import { randomKey, randomStream } from "../../src/base/index.ts";
import { createDataset, type Dataset } from "../../src/datasets/index.ts";

export interface RecordingRequest {
  lengths: readonly number[];
  observationSize: number;
  actionSize: number;
  /** The action [Da] at an observation [Do] of an episode. */
  act: (observation: readonly number[], episode: number) => readonly number[];
  resolution?: readonly number[];
}

/** Episodes with uniform observations in [-2, 2] and the actions of `act`. */
export function record({ lengths, observationSize, actionSize, act, resolution }: RecordingRequest, seed = 1): Dataset {
  const stream = randomStream(randomKey(seed));
  const rows = lengths.flatMap((length, episode) => Array.from({ length }, () => episode));
  const seen = rows.map(() => Array.from({ length: observationSize }, () => 4 * stream.uniform() - 2));
  const names = (kind: string, size: number) => Array.from({ length: size }, (_, i) => `${kind}.${i}`);
  let end = 0;
  return createDataset({
    task: "recorded",
    observation: {
      names: names("seen", observationSize),
      units: Array(observationSize).fill("m"),
      values: Float32Array.from(seen.flat()),
    },
    action: {
      names: names("act", actionSize),
      units: Array(actionSize).fill("N"),
      values: Float32Array.from(seen.flatMap((observation, row) => act(observation, rows[row]))),
      ...(resolution && { resolution }),
    },
    episodeEnds: Int32Array.from(lengths, (length) => {
      end += length;
      return end;
    }),
    controlRate: 10,
    provenance: { format: "test", source: "test", actors: ["expert"], notes: [] },
  });
}
