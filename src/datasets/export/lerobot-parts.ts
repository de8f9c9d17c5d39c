/** A dataset as LeRobot sees it: features, and where the rows of each episode lie. */
import type { Column, Dataset } from "../dataset.ts";
import { cut } from "./places.ts";

/** The features that every dataset has, each of one number: the column's type, and the one in info.json. */
export const USUAL = {
  timestamp: { column: "FLOAT", dtype: "float32" },
  frame_index: { column: "INT64", dtype: "int64" },
  episode_index: { column: "INT64", dtype: "int64" },
  index: { column: "INT64", dtype: "int64" },
  task_index: { column: "INT64", dtype: "int64" },
} as const;

/** A feature of numbers: some columns of the observation or of the action. */
export interface FeaturePart {
  readonly name: string;
  readonly from: Column;
  readonly columns: readonly number[];
}

/** An episode's rows, and the file that holds them. */
export interface EpisodeRows {
  readonly episode: number;
  readonly start: number;
  readonly end: number;
  readonly place: { readonly chunk: number; readonly file: number };
}

export interface Parts {
  readonly dataset: Dataset;
  readonly features: readonly FeaturePart[];
  readonly episodes: readonly EpisodeRows[];
}

/** [steps, columns], row-major. */
export function valuesOf({ from, columns }: FeaturePart, rows: Pick<EpisodeRows, "start" | "end">): Float32Array {
  return cut(from, rows, columns);
}

/** The usual features of an episode's rows; `controlRate` in Hz, time stamps in s. */
export function usualColumns(
  { episode, start, end }: EpisodeRows,
  controlRate: number,
): Record<keyof typeof USUAL, number[]> {
  const steps = Array.from({ length: end - start }, (_, step) => step);
  return {
    timestamp: steps.map((step) => Math.fround(step / controlRate)),
    frame_index: steps,
    episode_index: steps.map(() => episode),
    index: steps.map((step) => start + step),
    task_index: steps.map(() => 0),
  };
}
