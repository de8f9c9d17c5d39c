/** A rollout at a glance: moments of an episode side by side. */
import type { Environment, Episode, World } from "../../world/index.ts";
import { type Markup, markup } from "../markup.ts";
import { percent, words } from "../number.ts";
import type { Picture } from "../picture.ts";
import { chartsOf, drawMultiples } from "./multiples.ts";
import { asWorld, replay } from "./replay.ts";
import { type Stage, stageOf } from "./stage.ts";

/**
 * `count` moments of an episode, evenly spaced, the first and the last included, each with the way since the one before, from playing it again in a world that `makeEnvironment`
 * makes; where that is no World or has no drawing, or there is none, its actions and observations over time. Throws Error where the
 * world does not repeat what was recorded.
 */
export function rolloutStrip(episode: Episode, makeEnvironment: (() => Environment) | null, count = 6): Picture {
  const world = makeEnvironment ? asWorld(makeEnvironment()) : null;
  const stage = world ? stageOf(world) : null;
  const caption = sayEpisode(episode);
  if (!world || !stage) return { drawing: drawCurves(episode), caption, size: "full" };
  return { drawing: drawMoments(episode, world, stage, count), caption, size: stage.sizes.strip };
}

function drawMoments(episode: Episode, world: World, stage: Stage, count: number): Markup {
  const moments = momentsOf(episode.length, count);
  let travelled: (readonly [number, number])[] = [];
  const figures: Markup[] = [];
  const show = (step: number) => {
    travelled.push(stage.position());
    if (!moments.includes(step)) return;
    const time = `${(step / episode.spec.controlRate).toFixed(1)} s`;
    const svg = stage.draw({ travelled }, "moment", `${episode.spec.name} after ${time}`);
    figures.push(markup`<figure>${svg}<figcaption>${time}</figcaption></figure>`);
    travelled = travelled.slice(-1);
  };
  replay(world, episode, episode.length, show);
  show(episode.length);
  const { wide, narrow } = stage.columns;
  return markup`<div class="strip" style="--wide: ${wide}; --narrow: ${narrow}">${figures}</div>`;
}

/** Steps from 0 to `length`, at most `count` of them. */
function momentsOf(length: number, count: number): number[] {
  const last = Math.max(1, count - 1);
  return [...new Set(Array.from({ length: last + 1 }, (_, i) => Math.round((i * length) / last)))];
}

function drawCurves(episode: Episode): Markup {
  const { charts, rest } = chartsOf(episode);
  return markup`${drawMultiples(charts, "time (s)")}${rest > 0 && markup`<p class="rest">and ${rest} more numbers</p>`}`;
}

/** "Seed 100003: success after 9.3 s (93 steps), left." */
export function sayEpisode({ spec, seed, length, terminated, info }: Episode): string {
  const seconds = `${(length / spec.controlRate).toFixed(1)} s (${length} steps)`;
  const ended = info.success ? "success" : terminated ? "failure" : "no success";
  const flags = Object.keys(info).filter((name) => name !== "success" && info[name] === true);
  const details = [
    ...flags.map(words),
    ...(typeof info.coverage === "number" ? [`${percent(info.coverage, 0)} of the goal covered`] : []),
    ...(info.mode !== undefined ? [info.mode] : []),
  ];
  return `Seed ${seed}: ${ended} after ${seconds}${details.map((detail) => `, ${detail}`).join("")}.`;
}
