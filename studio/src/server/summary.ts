/** What the server would tell of an episode, where there is none: from what is logged in this browser. */
import type { EpisodeDetail, EpisodeSummary } from "apprentice";
import { stripOf } from "../episodes/strip.ts";
import type { LocalEpisode } from "../log/read.ts";

/** `controlRate` in Hz. */
export function summaryOf({ stored, deleted }: LocalEpisode, controlRate: number): EpisodeSummary {
  const { id, seed, wallTime, steps, endInfo, success, info } = stored;
  const strip = stripOf(steps.map(({ controller }) => controller));
  const { forkedFrom, forkStep } = info;
  const parts = strip.filter(([controller]) => controller === "expert").length;
  return {
    id,
    seed,
    operator: steps.find(({ operator }) => operator !== null)?.operator ?? null,
    started: wallTime,
    steps: steps.length,
    seconds: steps.length / controlRate,
    success,
    deleted,
    interrupted: endInfo === null,
    strip,
    // Who drives from beginning to end takes nothing over.
    interventions: parts < strip.length ? parts : 0,
    policyVersions: [...new Set(steps.flatMap(({ policyVersion }) => policyVersion ?? []))],
    labels: steps.filter(({ label }) => label !== null).length,
    forked:
      typeof forkedFrom === "string" && typeof forkStep === "number" ? { episode: forkedFrom, step: forkStep } : null,
  };
}

export function detailOf(episode: LocalEpisode, controlRate: number): EpisodeDetail {
  const { info, steps } = episode.stored;
  const names = [...new Set(steps.flatMap(({ gate }) => Object.keys(gate)))];
  return {
    ...summaryOf(episode, controlRate),
    // What is unknown is left out, as JSON does.
    info: Object.fromEntries(
      Object.entries(info).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    actions: steps.map(({ action }) => Array.from(action)),
    proposed: steps.map(({ proposed }) => proposed && Array.from(proposed)),
    label: steps.map(({ label }) => label && Array.from(label)),
    controller: steps.map(({ controller }) => controller),
    reward: steps.map(({ reward }) => reward),
    gate: Object.fromEntries(
      names.map((name) => [name, steps.map(({ gate }) => (Object.hasOwn(gate, name) ? gate[name] : null))]),
    ),
  };
}
