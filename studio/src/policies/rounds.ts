/** What driving under each version of the policy was like: its share of the control, and how often a person stepped in. */
import type { EpisodeSummary } from "apprentice";
import { byVersion } from "../episodes/filter.ts";
import { grouped } from "../episodes/grouped.ts";
import { drivenSteps } from "../episodes/strip.ts";
import { total } from "../episodes/total.ts";

export interface VersionDriving {
  readonly version: string;
  readonly episodes: number;
  /** Minutes of the world's time, whoever drove. */
  readonly minutes: number;
  /** Share of the steps that the policy drove. */
  readonly autonomy: number;
  readonly interventions: number;
  readonly interventionsPerMinute: number;
  /** Of the episodes that came to an end and are known to have succeeded or failed. */
  readonly successes: number;
  readonly judged: number;
}

export interface Driving {
  /** In the order of the versions. */
  readonly versions: readonly VersionDriving[];
  /** Episodes in which the version was swapped midway: their strips do not say who of them drove. */
  readonly several: number;
}

/** Of the episodes that are not deleted. Demonstrations, in which no policy took part, are none of a version's. */
export function drivingByVersion(episodes: readonly EpisodeSummary[]): Driving {
  const kept = episodes.filter(
    ({ deleted, steps, policyVersions }) => !deleted && steps > 0 && policyVersions.length > 0,
  );
  const of = grouped(
    kept.filter(({ policyVersions }) => policyVersions.length === 1),
    ({ policyVersions }) => policyVersions[0],
  );
  const versions = [...of]
    .map(([version, own]) => {
      const [minutes, interventions] = [
        total(own, ({ seconds }) => seconds) / 60,
        total(own, ({ interventions }) => interventions),
      ];
      return {
        version,
        episodes: own.length,
        minutes,
        autonomy: total(own, ({ strip }) => drivenSteps(strip).policy) / total(own, ({ steps }) => steps),
        interventions,
        interventionsPerMinute: minutes > 0 ? interventions / minutes : 0,
        successes: own.filter(({ success }) => success === true).length,
        judged: own.filter(({ success }) => success !== null).length,
      };
    })
    .toSorted((a, b) => byVersion(a.version, b.version));
  return { versions, several: kept.filter(({ policyVersions }) => policyVersions.length > 1).length };
}
