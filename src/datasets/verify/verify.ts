/** All checks of a dataset, one file per kind; docs/dataset-verify.md says what each finds and how it decides. */
import { lengthOf } from "../dataset.ts";
import { findOutOfBounds, findSaturation } from "./bounds.ts";
import { findConstant, findDuplicateColumns, findLeaks } from "./columns.ts";
import { findContradictions, type Multimodality } from "./contradiction.ts";
import { findDelay } from "./delay.ts";
import { findDuplicateEpisodes, findInterrupted, findShort } from "./episodes.ts";
import { CHECKS, type Check, type Finding, limited, type Recorded, type Severity } from "./finding.ts";
import { findNonFinite } from "./finite.ts";
import { findIdle } from "./idle.ts";
import { findTimeJumps } from "./time.ts";

export interface Verification {
  readonly episodes: number;
  readonly steps: number;
  readonly findings: readonly Finding[];
  readonly counts: Readonly<Record<Severity, number>>;
  /** Null where it cannot be told (values that are not finite, too few episodes) or was not asked. */
  readonly multimodality: Multimodality | null;
}

export interface VerifyOptions {
  /** Actions compared from each step on when contradictions are sought; 1, the single action, where left out. */
  readonly chunk?: number;
  /** Chooses the steps around which contradictions are sought. */
  readonly seed?: number;
  /** Only these checks; all where left out. */
  readonly only?: readonly Check[];
}

type PlainCheck = Exclude<Check, "contradiction">;

const FINDERS: Readonly<Record<PlainCheck, (data: Recorded) => Finding[]>> = {
  finite: findNonFinite,
  bounds: findOutOfBounds,
  saturation: findSaturation,
  time: findTimeJumps,
  constant: findConstant,
  "duplicate-column": findDuplicateColumns,
  leak: findLeaks,
  interrupted: findInterrupted,
  short: findShort,
  "duplicate-episode": findDuplicateEpisodes,
  idle: findIdle,
  delay: findDelay,
};

/**
 * What is wrong with a dataset, and what is worth knowing of it. Values may be anything; delays and contradictions are
 * sought only where all are finite.
 */
export function verifyRecorded(
  data: Recorded,
  { chunk = 1, seed = 0, only = CHECKS }: VerifyOptions = {},
): Verification {
  const finite = findNonFinite(data).length === 0;
  const wanted = CHECKS.filter((check) => only.includes(check) && (finite || !NEEDS_FINITE.includes(check)));
  let multimodality: Multimodality | null = null;
  const findings = wanted.flatMap((check) => {
    if (check !== "contradiction") return limited(FINDERS[check](data));
    const found = findContradictions(data, { chunk, seed });
    multimodality = found.multimodality;
    return found.findings;
  });
  const count = (severity: Severity) => findings.filter((finding) => finding.severity === severity).length;
  return {
    episodes: data.episodeEnds.length,
    steps: lengthOf(data),
    findings,
    counts: { error: count("error"), warning: count("warning"), info: count("info") },
    multimodality,
  };
}

const NEEDS_FINITE: readonly Check[] = ["delay", "contradiction"];
