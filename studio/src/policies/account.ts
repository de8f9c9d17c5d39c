/** The supervisor's account, from what the server tells of episodes: the same numbers as `accountOf` of the core. */
import type { EpisodeSummary } from "apprentice";
import { controlOf } from "../episodes/filter.ts";
import { drivenSteps } from "../episodes/strip.ts";
import { total } from "../episodes/total.ts";

export interface SupervisorAccount {
  readonly episodes: number;
  readonly steps: number;
  /** Those that the expert drove, demonstrations included. */
  readonly expertSteps: number;
  readonly interventions: number;
  readonly labels: number;
  /** Minutes for which somebody had to look: a person decides when to take over, so all of each episode. */
  readonly attention: number;
  readonly successes: number;
  /** Of the episodes in which a policy took part; null where nobody intervened. */
  readonly successesPerIntervention: number | null;
}

/** Of the episodes that are not deleted and in which a person took part. */
export function accountOfEpisodes(episodes: readonly EpisodeSummary[]): SupervisorAccount {
  const own = episodes.filter(({ deleted, operator }) => !deleted && operator !== null);
  const interventions = total(own, ({ interventions }) => interventions);
  const supervised = own.filter((episode) => controlOf(episode) !== "expert");
  return {
    episodes: own.length,
    steps: total(own, ({ steps }) => steps),
    expertSteps: total(own, ({ strip }) => drivenSteps(strip).expert),
    interventions,
    labels: total(own, ({ labels }) => labels),
    attention: total(own, ({ seconds }) => seconds) / 60,
    successes: own.filter(({ success }) => success === true).length,
    successesPerIntervention:
      interventions === 0 ? null : supervised.filter(({ success }) => success === true).length / interventions,
  };
}
