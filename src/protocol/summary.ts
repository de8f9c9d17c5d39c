/** What is told of an episode: by the server, and by a page that has none and reads its own log. */
import type { StoredEpisode } from "../datasets/index.ts";
import type { Controller } from "../world/index.ts";
import type { EpisodeDetail, EpisodeSummary, Strip } from "./answers.ts";

/** Of an episode with the marks and labels that it has; `controlRate` in Hz. */
export function episodeSummary(
  { id, seed, wallTime, steps, endInfo, success, info }: StoredEpisode,
  { controlRate, deleted }: { controlRate: number; deleted: boolean },
): EpisodeSummary {
  const strip = stripOf(steps.map(({ controller }) => controller));
  const { forkedFrom, forkStep } = info;
  const isFork = typeof forkedFrom === "string" && typeof forkStep === "number";
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
    interventions: interventionsOf(strip),
    policyVersions: [...new Set(steps.flatMap(({ policyVersion }) => policyVersion ?? []))],
    labels: steps.filter(({ label }) => label !== null).length,
    forked: isFork ? { episode: forkedFrom, step: forkStep } : null,
  };
}

/** The strip of a column of controllers. */
export function stripOf(controllers: readonly Controller[]): Strip {
  const strip: [Controller, number][] = [];
  for (const controller of controllers) {
    const last = strip.at(-1);
    if (last?.[0] === controller) last[1] += 1;
    else strip.push([controller, 1]);
  }
  return strip;
}

/** As `accountOf` counts them: who drives from beginning to end takes nothing over. */
const interventionsOf = (strip: Strip): number =>
  strip.some(([controller]) => controller === "policy")
    ? strip.filter(([controller]) => controller === "expert").length
    : 0;

/** An episode with its steps, as the page plays it. */
export function episodeDetail(summary: EpisodeSummary, { info, steps }: StoredEpisode): EpisodeDetail {
  const names = new Set(steps.flatMap(({ gate }) => Object.keys(gate)));
  return {
    ...summary,
    // What is unknown is left out, as JSON does.
    info: Object.fromEntries(
      Object.entries(info).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
    ),
    actions: steps.map(({ action }) => Array.from(action)),
    proposed: steps.map(({ proposed }) => proposed && Array.from(proposed)),
    label: steps.map(({ label }) => label && Array.from(label)),
    controller: steps.map(({ controller }) => controller),
    reward: steps.map(({ reward }) => reward),
    gate: Object.fromEntries(Array.from(names, (name) => [name, steps.map(({ gate }) => readingOf(gate, name))])),
  };
}

const readingOf = (gate: Readonly<Record<string, number>>, name: string): number | null =>
  Object.hasOwn(gate, name) ? gate[name] : null;
