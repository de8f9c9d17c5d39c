/**
 * Contradiction: near-equal observations with clearly different actions, and how many modes the data has by it. Around
 * rows drawn at random lie the nearest rows of other episodes (neighbours.ts). A neighbourhood is near-equal where its
 * furthest row is nearer than 1.5 times what is usual. It splits where its actions lie in two heaps (modes.ts) whose means
 * differ by at least half a standard deviation of some action dimension. Then there are two cases. Where each row's nearest
 * row of the neighbourhood is mostly of its own heap, the observation tells which way it goes (a switch, or a side already
 * taken); where it is not, the same sight has two answers: a contradiction, whose average may be no answer at all.
 */
import { spanOf } from "../dataset.ts";
import { aboutAll, aboutEpisode, type Finding, percent, type Recorded, show } from "./finding.ts";
import { CLEARLY_TWO, cutInTwo } from "./modes.ts";
import { findNeighbours, type Neighbourhoods } from "./neighbours.ts";

export const MODALITIES = ["one", "sharp", "several", "unknown"] as const;
/**
 * - `one`: the observation fixes the action up to noise;
 * - `sharp`: actions jump between near-equal observations, but the observation tells where;
 * - `several`: the same sight has several answers;
 * - `unknown`: no two episodes come near enough to each other to tell.
 */
export type Modality = (typeof MODALITIES)[number];

export interface Multimodality {
  readonly modality: Modality;
  /** Rows looked at, drawn at random of `steps`; those of them with near-equal neighbours. */
  readonly queries: number;
  readonly steps: number;
  readonly examined: number;
  /** Neighbours of each, one per other episode or stretch of time. */
  readonly neighbours: number;
  readonly groups: Neighbourhoods["groups"];
  /** Actions that were compared: this many steps from each row on. */
  readonly chunk: number;
  /** Of the furthest neighbour: usual, and the most that counts as near; root mean square in standard deviations. */
  readonly distance: { readonly usual: number; readonly most: number };
  /** Of the neighbourhoods examined, those whose actions split; of these, those whose observation does not tell. */
  readonly split: number;
  readonly contradictory: number;
  /** Share of the variance of the actions that is left out of neighbourhoods: 1 where neighbours act alike. */
  readonly explained: number;
  readonly advice: string;
}

export interface ContradictionOptions {
  /** Actions compared from each row on, 1 for the single action. */
  readonly chunk?: number;
  readonly seed: number;
}

const MOST_QUERIES = 2000;
const FEWEST_QUERIES = 400;
/** Numbers of the dataset times queries: a few seconds at most. */
const BUDGET = 3e9;
const NEAR = 1.5;
/** What is nearer than a tenth of a standard deviation is near-equal, however much nearer is usual. */
const ALWAYS_NEAR = 0.1;
/** Usual neighbours this far apart have nothing to say of one another. */
const SPARSE = 0.4;
/** Least difference of the heaps' means, in standard deviations of an action dimension. */
const CLEAR = 0.5;
/** The observation tells the heap where this share of rows have their nearest in their own. By chance: a half. */
const TOLD = 0.75;
/** Single heaps are taken for two 1 in 100 times: more contradiction than this is no chance, and twice as much for splits. */
const SHARES = { contradictory: 0.01, split: 0.02 } as const;
/** Contradictions that are told one by one, at most one per episode. */
const EXAMPLES = 10;

const ADVICE: Readonly<Record<Modality, string>> = {
  one: "any head fits; l2, l1 and gaussian are the simplest",
  sharp: "l2, l1 and gaussian blur the jumps; gmm, autoregressive, diffusion or flow keep them",
  several: "gmm, autoregressive, diffusion or flow; l2, l1 and gaussian would act on the average of different answers",
  unknown: "cannot be told from so little that is alike: diffusion or flow fit either way",
};

interface Split {
  /** Of a heap each: the row that was asked, and the nearest row that answers differently. */
  readonly row: number;
  readonly other: number;
  readonly distance: number;
  readonly told: boolean;
  /** The action dimension with the greatest difference, in its standard deviations. */
  readonly column: number;
  readonly difference: number;
}

/** Null where there is too little to compare. Values must be finite. */
export function findContradictions(
  data: Recorded,
  { chunk = 1, seed }: ContradictionOptions,
): { findings: Finding[]; multimodality: Multimodality | null } {
  const steps = data.episodeEnds[data.episodeEnds.length - 1];
  const most = Math.min(MOST_QUERIES, Math.max(FEWEST_QUERIES, Math.floor(BUDGET / data.observation.values.length)));
  const around = findNeighbours(data, { most, seed });
  const actions = chunksOf(data, chunk);
  if (!around || !actions) return { findings: [], multimodality: null };
  const { count, queries, distances, groups } = around;
  const furthest = Array.from(queries, (_, i) => distances[(i + 1) * count - 1]);
  const usual = [...furthest].sort((a, b) => a - b)[furthest.length >> 1];
  const nearest = Math.max(NEAR * usual, ALWAYS_NEAR);
  const near = Array.from(queries.keys()).filter((i) => furthest[i] <= nearest);
  const looked = near.map((i) => lookAt(around, i, actions));
  const splits = looked.flatMap(({ split }) => split ?? []);
  const contradictions = splits.filter(({ told }) => !told);
  const [split, contradictory] = [splits, contradictions].map(({ length }) => length / near.length);
  const within = looked.reduce((sum, { variance }) => sum + variance, 0) / near.length;
  const modality =
    usual > SPARSE
      ? "unknown"
      : contradictory >= SHARES.contradictory
        ? "several"
        : split >= SHARES.split
          ? "sharp"
          : "one";
  const multimodality: Multimodality = {
    ...{ modality, queries: queries.length, steps, examined: near.length, neighbours: count, groups, chunk },
    ...{ distance: { usual, most: nearest }, split, contradictory, explained: 1 - within, advice: ADVICE[modality] },
  };
  const examples = modality === "several" ? tellExamples(data, contradictions) : [];
  return { findings: [summarise(data, multimodality), ...examples], multimodality };
}

function summarise(
  data: Recorded,
  { modality, contradictory, split, examined, queries, steps, advice }: Multimodality,
) {
  const message =
    `${percent(contradictory)} of ${examined} neighbourhoods contradict themselves, in ${percent(split)} actions split ` +
    `(${queries} of ${steps} steps drawn): ${advice}`;
  const severity = modality === "several" ? "warning" : "info";
  return aboutAll(data, { check: "contradiction", severity, value: contradictory, message });
}

function tellExamples(data: Recorded, contradictions: readonly Split[]): Finding[] {
  const { action, episodeEnds } = data;
  const place = (row: number) => {
    const episode = episodeEnds.findIndex((end) => row < end);
    return { episode, step: row - spanOf(episodeEnds, episode).start };
  };
  const told = new Set<number>();
  const ordered = [...contradictions].sort((a, b) => b.difference - a.difference);
  return ordered.flatMap(({ row, other, column, distance }): Finding[] => {
    const [here, there] = [place(row), place(other)];
    if (told.size === EXAMPLES || told.has(here.episode)) return [];
    told.add(here.episode);
    const [value, otherValue] = [row, other].map((at) => action.values[at * action.names.length + column]);
    const unit = action.units[column] === "1" ? "" : ` ${action.units[column]}`;
    const message =
      `${show(value)}${unit}, where episode ${there.episode}, step ${there.step} sees nearly the same ` +
      `(${show(distance)} standard deviations away) and does ${show(otherValue)}${unit}`;
    const about = { check: "contradiction", severity: "warning", name: `action.${action.names[column]}` } as const;
    return [aboutEpisode(data, here.episode, { ...about, step: here.step, value, message })];
  });
}

/** The actions from a row on. */
interface Chunks {
  /** Da, the varying dimensions, and their places in the action. */
  readonly columns: readonly number[];
  readonly chunk: number;
  /** Writes [chunk, Da] in standard deviations at `offset`; the last action of the episode stands in beyond it. */
  write(row: number, out: Float64Array, offset: number): void;
}

function chunksOf({ action, episodeEnds }: Recorded, chunk: number): Chunks | null {
  const { values, names } = action;
  const width = names.length;
  const steps = values.length / width;
  const deviations = names.map((_, column) => {
    let [sum, squares] = [0, 0];
    for (let row = 0; row < steps; row++) sum += values[row * width + column];
    for (let row = 0; row < steps; row++) squares += (values[row * width + column] - sum / steps) ** 2;
    return Math.sqrt(squares / steps);
  });
  const columns = Array.from(names.keys()).filter((column) => deviations[column] > 0);
  if (columns.length === 0) return null;
  const lastRow = new Int32Array(steps);
  for (let episode = 0; episode < episodeEnds.length; episode++) {
    const { start, end } = spanOf(episodeEnds, episode);
    lastRow.fill(end - 1, start, end);
  }
  return {
    columns,
    chunk,
    write(row, out, offset) {
      for (let ahead = 0; ahead < chunk; ahead++) {
        const at = Math.min(row + ahead, lastRow[row]) * width;
        for (const column of columns) out[offset++] = values[at + column] / deviations[column];
      }
    },
  };
}

/** How a neighbourhood's actions lie: their variance (1 is that of all actions), and the split where there is one. */
function lookAt(around: Neighbourhoods, query: number, actions: Chunks): { variance: number; split: Split | null } {
  const { count, queries, rows, distances } = around;
  const members = [queries[query], ...rows.subarray(query * count, (query + 1) * count)];
  const size = actions.chunk * actions.columns.length;
  const points = new Float64Array(members.length * size);
  members.forEach((row, i) => {
    actions.write(row, points, i * size);
  });
  const variance = varianceOf(points, size);
  const { left, part } = cutInTwo(points, members.length);
  if (left > (CLEARLY_TWO[members.length] ?? 0)) return { variance, split: null };
  const { column, difference } = greatestDifference(points, part, actions);
  if (difference < CLEAR) return { variance, split: null };
  const first = part.findIndex((one) => one !== part[0]);
  return {
    variance,
    split: {
      ...{ row: members[0], other: members[first], distance: distances[query * count + first - 1] },
      ...{ told: nearestAgree(around, members, part) >= TOLD, column: actions.columns[column], difference },
    },
  };
}

/** The mean variance of the `size` numbers over the points, with m - 1. */
function varianceOf(points: Float64Array, size: number): number {
  const count = points.length / size;
  let sum = 0;
  for (let column = 0; column < size; column++) {
    let mean = 0;
    for (let i = column; i < points.length; i += size) mean += points[i] / count;
    for (let i = column; i < points.length; i += size) sum += (points[i] - mean) ** 2 / (count - 1);
  }
  return sum / size;
}

/** Between the means of the two heaps: the action dimension with the greatest root mean square over the chunk. */
function greatestDifference(points: Float64Array, part: Uint8Array, { columns, chunk }: Chunks) {
  const size = chunk * columns.length;
  const means = [0, 1].map((heap) => {
    const of = Array.from(part.keys()).filter((i) => part[i] === heap);
    return Float64Array.from(
      { length: size },
      (_, j) => of.reduce((sum, i) => sum + points[i * size + j], 0) / of.length,
    );
  });
  const squares = columns.map((_, column) => {
    let sum = 0;
    for (let j = column; j < size; j += columns.length) sum += (means[0][j] - means[1][j]) ** 2;
    return sum / chunk;
  });
  const column = squares.indexOf(Math.max(...squares));
  return { column, difference: Math.sqrt(squares[column]) };
}

/** The share of the members whose nearest member is of their own heap. */
function nearestAgree({ points, size }: Neighbourhoods, members: readonly number[], part: Uint8Array): number {
  const square = (a: number, b: number) => {
    let sum = 0;
    for (let column = 0; column < size; column++) sum += (points[a * size + column] - points[b * size + column]) ** 2;
    return sum;
  };
  const agreeing = members.filter((member, i) => {
    let [best, nearest] = [Number.POSITIVE_INFINITY, i];
    members.forEach((other, j) => {
      if (j === i) return;
      const distance = square(member, other);
      if (distance < best) [best, nearest] = [distance, j];
    });
    return part[nearest] === part[i];
  });
  return agreeing.length / members.length;
}
