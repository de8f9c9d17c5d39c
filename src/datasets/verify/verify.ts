/** All checks of a dataset, one file per kind; docs/dataset-verify.md says what each finds and how it decides. */
import { lengthOf } from "../dataset.ts";
import { findOutOfBounds, findSaturation } from "./bounds.ts";
import { findConstant, findDuplicateColumns, findLeaks } from "./columns.ts";
import { findContradictions, type Multimodality } from "./contradiction.ts";
import { findDelay } from "./delay.ts";
import { findDuplicateEpisodes, findInterrupted, findShort } from "./episodes.ts";
import { type Finding, limited, type Recorded, SEVERITIES, type Severity } from "./finding.ts";
import { findNonFinite } from "./finite.ts";
import { findIdle } from "./idle.ts";
import { findTimeJumps } from "./time.ts";

export interface Verification {
  readonly episodes: number;
  readonly steps: number;
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Severity, number>>;
  /** Null where it cannot be told: values that are not finite, or too few episodes. */
  readonly multimodality: Multimodality | null;
}

export interface VerifyOptions {
  /** Actions compared from each step on when contradictions are sought; 1, the single action, where left out. */
  readonly chunk?: number;
  /** Chooses the steps around which contradictions are sought. */
  readonly seed?: number;
}

const CHECKED_ALWAYS: readonly ((data: Recorded) => Finding[])[] = [
  findNonFinite,
  findOutOfBounds,
  findSaturation,
  findTimeJumps,
  findConstant,
  findDuplicateColumns,
  findLeaks,
  findInterrupted,
  findShort,
  findDuplicateEpisodes,
  findIdle,
];

/**
 * What is wrong with a dataset, and what is worth knowing of it. Values may be anything; delays and contradictions are
 * sought only where all are finite.
 */
export function verifyRecorded(data: Recorded, { chunk = 1, seed = 0 }: VerifyOptions = {}): Verification {
  const always = CHECKED_ALWAYS.map((check) => limited(check(data)));
  const finite = always[0].length === 0;
  const contradictions = finite ? findContradictions(data, { chunk, seed }) : { findings: [], multimodality: null };
  const findings = [...always.flat(), ...(finite ? findDelay(data) : []), ...contradictions.findings];
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return {
    episodes: data.episodeEnds.length,
    steps: lengthOf(data),
    findings,
    counts: Object.fromEntries(SEVERITIES.map((severity) => [severity, count(severity)])) as Record<Severity, number>,
    multimodality: contradictions.multimodality,
  };
}
