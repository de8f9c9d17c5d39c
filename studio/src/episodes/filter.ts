/** Which episodes are shown. */

import type { EpisodeSummary } from "apprentice";
import { grouped } from "./grouped.ts";

export interface EpisodeFilter {
  /** A name; "" for all, "-" for those in which nobody took part. */
  readonly operator: string;
  readonly result: "all" | "success" | "failure" | "unknown";
  readonly control: "all" | "demonstrations" | "interventions" | "policy";
  /** A policy's version; "" for all. */
  readonly version: string;
  readonly deleted: "kept" | "deleted" | "all";
}

export const NO_FILTER: EpisodeFilter = { operator: "", result: "all", control: "all", version: "", deleted: "kept" };

export const NOBODY = "-";

/** How an episode came about: driven by a person alone, by a policy alone, or by both. */
export function controlOf({ strip }: Pick<EpisodeSummary, "strip">): "expert" | "policy" | "mixed" {
  const policy = strip.some(([controller]) => controller === "policy");
  const expert = strip.some(([controller]) => controller === "expert");
  if (policy && expert) return "mixed";
  return policy ? "policy" : "expert";
}

type Holds = (episode: EpisodeSummary) => boolean;

const RESULTS: Readonly<Record<EpisodeFilter["result"], Holds>> = {
  all: () => true,
  success: ({ success }) => success === true,
  failure: ({ success }) => success === false,
  unknown: ({ success }) => success === null,
};

const CONTROLS: Readonly<Record<EpisodeFilter["control"], Holds>> = {
  all: () => true,
  demonstrations: (episode) => controlOf(episode) === "expert",
  interventions: ({ interventions }) => interventions > 0,
  policy: (episode) => controlOf(episode) === "policy",
};

/** Those that the filter lets through, the newest first. */
export function filterEpisodes(episodes: readonly EpisodeSummary[], filter: EpisodeFilter): EpisodeSummary[] {
  const { operator, version, deleted } = filter;
  return episodes
    .filter(
      (episode) =>
        (deleted === "all" || episode.deleted === (deleted === "deleted")) &&
        (operator === "" || (episode.operator ?? NOBODY) === operator) &&
        (version === "" || episode.policyVersions.includes(version)) &&
        RESULTS[filter.result](episode) &&
        CONTROLS[filter.control](episode),
    )
    .toSorted((a, b) => b.started - a.started);
}

export const operatorsIn = (episodes: readonly EpisodeSummary[]): string[] =>
  [...new Set(episodes.map(({ operator }) => operator ?? NOBODY))].toSorted();

export const versionsIn = (episodes: readonly EpisodeSummary[]): string[] =>
  [...new Set(episodes.flatMap(({ policyVersions }) => policyVersions))].toSorted(byVersion);

/** "driving-10" after "driving-9". */
export const byVersion = (a: string, b: string): number => a.localeCompare(b, "en", { numeric: true });

/** Episodes that were forked from each, by id. */
export function forksOf(episodes: readonly EpisodeSummary[]): ReadonlyMap<string, readonly EpisodeSummary[]> {
  return grouped(
    episodes.filter(({ forked }) => forked !== null),
    ({ forked }) => forked?.episode ?? "",
  );
}
