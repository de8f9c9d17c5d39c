/** Near-equal observations of other episodes: exact nearest neighbours of randomly drawn rows. */
import { randomKey, randomStream } from "../../base/index.ts";
import { type Dataset, lengthOf, spanOf } from "../dataset.ts";

/** Rows that were asked, and for each its nearest rows elsewhere. */
export interface Neighbourhoods {
  /** K. */
  readonly count: number;
  /** [Q] rows, drawn at random, ascending. */
  readonly queries: Int32Array;
  /** [Q, K] rows, nearest first, no two of them of one group. */
  readonly rows: Int32Array;
  /** [Q, K]: root mean square over the varying columns, each in its standard deviations. */
  readonly distances: Float32Array;
  /** What neighbours are taken one each from; stretches of time where there are few episodes. */
  readonly groups: "episodes" | "stretches";
  /** [N, size]: the varying columns in their standard deviations. */
  readonly points: Float32Array;
  readonly size: number;
}

/** One per other episode, so that they are independent of one another. */
const NEIGHBOURS = 16;
/** Below this a heap and two heaps look alike (modes.ts). */
const FEWEST_NEIGHBOURS = 7;
/** Fewer episodes than this are cut into stretches, which stand in for episodes. */
const FEWEST_EPISODES = 24;
/** Seconds of a stretch. Those beside a row's own hold no neighbours of it. */
const STRETCH = 5;

type Data = Pick<Dataset, "observation" | "episodeEnds" | "controlRate">;

/**
 * The neighbourhoods of at most `most` rows. Null where there are too few episodes or stretches to compare, or no column
 * varies. Values must be finite.
 */
export function findNeighbours(data: Data, { most, seed }: { most: number; seed: number }): Neighbourhoods | null {
  const length = lengthOf(data);
  const { ends, groups } = groupRows(data);
  const count = Math.min(NEIGHBOURS, Math.floor((ends.length - 1) / 2));
  const { points, size } = standardise(data, length);
  if (count < FEWEST_NEIGHBOURS || size === 0) return null;
  const queries = randomStream(randomKey(seed)).permutation(length).slice(0, most).sort();
  const rows = new Int32Array(queries.length * count);
  const distances = new Float32Array(queries.length * count);
  const search = searcher({ points, size, ends, apart: groups === "stretches" ? 2 : 1 });
  for (let i = 0, own = 0; i < queries.length; i++) {
    while (queries[i] >= ends[own]) own++;
    search(queries[i], own, count).forEach(({ row, distance }, j) => {
      rows[i * count + j] = row;
      distances[i * count + j] = distance / Math.sqrt(size);
    });
  }
  return { count, queries, rows, distances, groups, points, size };
}

/** The row after the last one of each episode, or of each stretch. */
function groupRows({ episodeEnds, controlRate }: Data): { ends: Int32Array; groups: Neighbourhoods["groups"] } {
  if (episodeEnds.length >= FEWEST_EPISODES) return { ends: episodeEnds, groups: "episodes" };
  const steps = Math.max(1, Math.round(STRETCH * controlRate));
  const ends: number[] = [];
  for (let episode = 0; episode < episodeEnds.length; episode++) {
    const { start, end } = spanOf(episodeEnds, episode);
    for (let row = start + steps; row < end; row += steps) ends.push(row);
    ends.push(end);
  }
  return { ends: Int32Array.from(ends), groups: "stretches" };
}

/** A column whose deviation is below this part of its mean counts as constant. */
const CONSTANT = 1e-6;

function standardise({ observation: { names, values } }: Data, length: number): { points: Float32Array; size: number } {
  const width = names.length;
  const scales = names.map((_, column) => {
    let sum = 0;
    for (let row = 0; row < length; row++) sum += values[row * width + column];
    const mean = sum / length;
    let squares = 0;
    for (let row = 0; row < length; row++) squares += (values[row * width + column] - mean) ** 2;
    const deviation = Math.sqrt(squares / length);
    return { column, mean, scale: deviation <= CONSTANT * Math.abs(mean) ? 0 : 1 / deviation };
  });
  const varying = scales.filter(({ scale }) => scale > 0);
  const points = new Float32Array(length * varying.length);
  for (let row = 0, next = 0; row < length; row++) {
    for (const { column, mean, scale } of varying) points[next++] = (values[row * width + column] - mean) * scale;
  }
  return { points, size: varying.length };
}

interface Space {
  points: Float32Array;
  size: number;
  ends: Int32Array;
  /** How far in number another group must be. */
  apart: number;
}

interface Found {
  row: number;
  distance: number;
}

/** How many times the best distance is far enough to stop adding, and to pass over the rows that follow. */
const ENOUGH = 2;

/**
 * Searches group by group. What lies in time between two rows is no further from the first than the way from step to step
 * is long, so that after a far row all rows are passed over that cannot be near: exact, and most rows are never looked at.
 */
function searcher({ points, size, ends, apart }: Space) {
  const way = new Float64Array(points.length / size);
  for (let row = 1; row < way.length; row++)
    way[row] = way[row - 1] + distanceOf(points, size, row - 1, row, Number.POSITIVE_INFINITY);
  return (query: number, own: number, count: number): Found[] => {
    const nearest: Found[] = [];
    for (let group = 0, start = 0; group < ends.length; start = ends[group++]) {
      if (Math.abs(group - own) < apart) continue;
      let best = nearest.length < count ? Number.POSITIVE_INFINITY : nearest[count - 1].distance;
      let bestRow = -1;
      for (let row = start; row < ends[group]; ) {
        const distance = distanceOf(points, size, query, row, ENOUGH * best);
        if (distance < best) {
          best = distance;
          bestRow = row;
        }
        const reached = way[row] + distance - best;
        row++;
        while (row < ends[group] && way[row] < reached) row++;
      }
      if (bestRow >= 0) insert(nearest, { row: bestRow, distance: best }, count);
    }
    return nearest;
  };
}

/** Columns that are added up before asking whether that is enough. */
const LOOK = 16;

/** The distance of two rows; where it is over `enough`, some number over that and up to it. */
function distanceOf(points: Float32Array, size: number, a: number, b: number, enough: number): number {
  const most = enough * enough;
  let square = 0;
  for (let column = 0, i = a * size, j = b * size; column < size && square <= most; ) {
    for (const end = Math.min(size, column + LOOK); column < end; column++) {
      const difference = points[i++] - points[j++];
      square += difference * difference;
    }
  }
  return Math.sqrt(square);
}

/** Keeps the `count` nearest in order. */
function insert(nearest: Found[], found: Found, count: number): void {
  let place = nearest.length;
  while (place > 0 && nearest[place - 1].distance > found.distance) place--;
  nearest.splice(place, 0, found);
  if (nearest.length > count) nearest.pop();
}
