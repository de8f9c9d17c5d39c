/** What verification looks at, and what it says. */
import type { Dataset } from "../dataset.ts";

/**
 * A dataset as it was recorded: its values may be anything, NaN included, and what the source knows beside the columns is
 * kept. Any Dataset is one.
 */
export interface Recorded extends Dataset {
  /** [E]: where each episode is kept, for messages; the source itself where left out. */
  readonly files?: readonly string[];
  /** [N]: s since the episode's beginning, or any other zero that the steps of an episode share. */
  readonly time?: Float64Array;
  /** [Da] each, inclusive; infinite where there is none. */
  readonly actionBounds?: { readonly low: readonly number[]; readonly high: readonly number[] };
  /** Episodes whose recording has no end, with the bytes of a torn last record that could not be read. */
  readonly interrupted?: readonly { readonly episode: number; readonly droppedBytes: number }[];
  /** Recordings that were interrupted before their first step; they are no episodes. */
  readonly empty?: readonly string[];
}

export const SEVERITIES = ["error", "warning", "info"] as const;
/** An error makes what is learned or measured wrong; a warning may; an info is worth knowing. */
export type Severity = (typeof SEVERITIES)[number];

/** In the order in which they are made. */
export const CHECKS = [
  "finite",
  "bounds",
  "saturation",
  "time",
  "constant",
  "duplicate-column",
  "leak",
  "interrupted",
  "short",
  "duplicate-episode",
  "idle",
  "delay",
  "contradiction",
] as const;
export type Check = (typeof CHECKS)[number];

export interface Finding {
  readonly check: Check;
  readonly severity: Severity;
  /** The file of the episode, or the dataset's path for what concerns all of it. */
  readonly file: string;
  /** From 0, in the order of the dataset; null for what concerns all episodes. */
  readonly episode: number | null;
  /** From 0 within the episode; null for what concerns all its steps. */
  readonly step: number | null;
  /** The column, `observation.NAME` or `action.NAME`; null where it is not about one. */
  readonly name: string | null;
  /** What was found, in the unit of the message; text for what JSON has no number for. */
  readonly value: number | string | null;
  readonly message: string;
}

/** Of one check at most so many are told one by one; the last says how many there are more. */
const MOST = 100;

/** The first of many findings of a check, the gravest before the others, and how many there were. */
export function limited(found: readonly Finding[]): readonly Finding[] {
  if (found.length <= MOST) return found;
  const rank = ({ severity }: Finding) => SEVERITIES.indexOf(severity);
  const ordered = [...found].sort((a, b) => rank(a) - rank(b));
  const { check, severity, file } = ordered[MOST];
  const more = found.length - MOST;
  const rest = { check, severity, file, episode: null, step: null, name: null, value: more };
  return [...ordered.slice(0, MOST), { ...rest, message: `${more} more of this kind` }];
}

/** Where the dataset or an episode is kept. */
export const fileOf = ({ files, provenance }: Recorded, episode: number | null): string =>
  (episode === null ? null : files?.[episode]) ?? provenance.source;

/** A finding about the whole dataset. */
export function aboutAll(
  data: Recorded,
  parts: Pick<Finding, "check" | "severity" | "message"> & Partial<Finding>,
): Finding {
  return { file: fileOf(data, null), episode: null, step: null, name: null, value: null, ...parts };
}

/** A finding about an episode or a step of it. */
export function aboutEpisode(
  data: Recorded,
  episode: number,
  parts: Pick<Finding, "check" | "severity" | "message"> & Partial<Finding>,
): Finding {
  return { file: fileOf(data, episode), episode, step: null, name: null, value: null, ...parts };
}

/** The columns of a dataset one by one. */
export function columnsOf(data: Recorded) {
  return (["observation", "action"] as const).flatMap((part) =>
    data[part].names.map((name, index) => ({
      part,
      index,
      name: `${part}.${name}`,
      unit: data[part].units[index] === "1" ? "" : ` ${data[part].units[index]}`,
      width: data[part].names.length,
      values: data[part].values,
    })),
  );
}

/** Numbers in messages: as few digits as say it. */
export const show = (value: number): string => String(Number(value.toPrecision(4)));
/** A share in percent. */
export const percent = (share: number): string => `${show(100 * share)} %`;
