/** What becomes of episodes in the course of time: how wrong the actions are, and how far from the demonstrations they lead. */
import { type Mean, meanOfValues, quantile, type Rate, wilson } from "../../base/index.ts";
import { type Dataset, fitNormaliser, lengthOf } from "../../datasets/index.ts";
import { type Box, type Episode, observationAt, observationSize, packObservation } from "../../world/index.ts";

/** Distances from the demonstrations to observations [N, Do]: of each the root mean square over its standardised numbers. */
export type Distances = (observations: Float32Array) => Float32Array;

/** Rows of the demonstrations from one that is compared with to the next: 0.2 s of driving. */
const SPARSE = 4;

/** To the nearest of every fourth row, all columns in standard deviations of the demonstrations. */
export function distancesFrom({ observation, episodeEnds }: Dataset): Distances {
  const size = observation.names.length;
  const rows = Int32Array.from({ length: lengthOf({ episodeEnds }) }, (_, row) => row);
  const { scale, offset } = fitNormaliser(observation, rows, "standard");
  const standardised = (values: Float32Array) => values.map((value, i) => value * scale[i % size] + offset[i % size]);
  const points = standardised(
    Float32Array.from(
      { length: Math.ceil(rows.length / SPARSE) * size },
      (_, i) => observation.values[Math.floor(i / size) * SPARSE * size + (i % size)],
    ),
  );
  return (observations) => {
    const asked = standardised(observations);
    return Float32Array.from({ length: asked.length / size }, (_, row) => nearest(points, asked, row * size, size));
  };
}

function nearest(points: Float32Array, asked: Float32Array, place: number, size: number): number {
  let least = Number.POSITIVE_INFINITY;
  for (let point = 0; point < points.length; point += size) {
    let squares = 0;
    for (let i = 0; i < size && squares < least; i++) squares += (asked[place + i] - points[point + i]) ** 2;
    least = Math.min(least, squares);
  }
  return Math.sqrt(least / size);
}

/** The observations of an episode, [L, Do], or of every so many of its steps. */
export function observationsOf(episode: Episode, every = 1): Float32Array {
  const { spec, length } = episode;
  const size = observationSize(spec.observation);
  const packed = new Float32Array(Math.ceil(length / every) * size);
  for (let step = 0; step < length; step += every) {
    packObservation(spec.observation, observationAt(episode, step), packed, (step / every) * size);
  }
  return packed;
}

/** [L]: how far actions lie from others, each dimension in units of half its range, on average over the dimensions. */
export function actionErrors({ names, low, high }: Box, actions: Float32Array, wanted: Float32Array): Float32Array {
  const size = names.length;
  return Float32Array.from({ length: actions.length / size }, (_, step) => {
    let sum = 0;
    for (let i = 0; i < size; i++) {
      sum += Math.abs(actions[step * size + i] - wanted[step * size + i]) / ((high[i] - low[i]) / 2);
    }
    return sum / size;
  });
}

/** Of one episode. */
export interface Track {
  readonly success: boolean;
  /** [L] action errors, and distances of every `every`-th step. */
  readonly errors: Float32Array;
  readonly distances: Float32Array;
  readonly every: number;
}

/** One second of many episodes. */
export interface Second {
  readonly second: number;
  /** Of all: those that are still on their way when it begins, and those that have failed when it is over. */
  readonly running: Rate;
  readonly failed: Rate;
  /** Of those that are on their way; null where none is. */
  readonly error: Mean | null;
  readonly distance: Mean | null;
  /** Of those that have not arrived: failed, or further from the demonstrations than `far`. */
  readonly off: Rate | null;
}

/** The course of episodes by the second, at `rate` steps per second. */
export function courseOf(
  tracks: readonly Track[],
  { rate, seconds, far }: { rate: number; seconds: number; far: number },
): Second[] {
  return Array.from({ length: seconds }, (_, second) => {
    const from = second * rate;
    const until = from + rate;
    const running = tracks.filter(({ errors }) => errors.length > from);
    const failed = tracks.filter(({ success, errors }) => !success && errors.length < until);
    const places = running.map(({ distances, every }) =>
      distances.subarray(Math.ceil(from / every), Math.ceil(until / every)),
    );
    const onWay = running.filter(({ success, errors }) => success || errors.length >= until);
    const isFar = ({ distances, every }: Track) =>
      distances.subarray(Math.ceil(from / every), Math.ceil(until / every)).some((distance) => distance > far);
    const counted = failed.length + onWay.length;
    return {
      second,
      running: wilson(running.length, tracks.length),
      failed: wilson(failed.length, tracks.length),
      error: meanOf(running.map(({ errors }) => errors.subarray(from, until))),
      distance: meanOf(places.filter(({ length }) => length > 0)),
      off: counted > 0 ? wilson(failed.length + onWay.filter(isFar).length, counted) : null,
    };
  });
}

/** The mean over episodes of each one's mean. */
function meanOf(parts: readonly Float32Array[]): Mean | null {
  return parts.length > 0 ? meanOfValues(parts.map(average)) : null;
}

export const average = (values: Float32Array): number => values.reduce((sum, value) => sum + value, 0) / values.length;

/** The distance that 99 of 100 of the expert's own states, of episodes that were not learned from, keep within. */
export function farOf(tracks: readonly Track[]): number {
  return quantile(
    tracks.flatMap(({ distances }) => [...distances]),
    0.99,
  );
}
